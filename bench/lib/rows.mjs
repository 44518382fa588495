// What is measured, against whom, and what the result has to be. Each target is a ratio to another client of the same
// run (`to`), or an absolute limit where there is no such client (`atMost` alone).

/** What each client is called in the tables, and what worker.mjs knows it by. */
export const clients = {
  "raw sockets": "raw",
  trunkline: "trunkline",
  "trunkline, recorder off": "trunkline:recorder-off",
  "trunkline, client.get": "trunkline:client-get",
  "trunkline, cookies": "trunkline:cookies",
  "trunkline, no policy": "trunkline:no-policy",
  "undici request": "undici:request",
  "undici stream": "undici:stream",
  "undici dispatch": "undici:dispatch",
  "undici fetch": "undici:fetch",
  "global fetch": "fetch",
  "node:http agent": "http",
  got: "got",
  axios: "axios",
  "Go net/http": "go",
  "trunkline, prior knowledge": "trunkline:prior-knowledge",
  "trunkline, HTTP/1.1": "trunkline:http1",
  "undici over h2": "undici:h2",
  "node:http2": "http2",
  "raw HTTP/2": "raw-http2",
};

const cpu = { key: "cpuMicrosPerRequest", name: "CPU", unit: "µs per request" };
const rate = { key: "rps", name: "rate", unit: "requests/s" };
const p99 = { key: "p99", name: "p99", unit: "ms" };
const cpuPerGigabyte = { key: "cpuMillisPerGigabyte", name: "CPU", unit: "ms per GB" };
const memory = { key: "rssKilobytesEach", name: "memory", unit: "KB each" };
const time = { key: "milliseconds", name: "time", unit: "ms" };

const everyone = Object.keys(clients).filter((name) => !/^trunkline,|http1|over h2|HTTP\/|http2$/.test(name));
const bodyClients = [
  "raw sockets",
  "trunkline",
  "undici request",
  "undici fetch",
  "global fetch",
  "node:http agent",
  "Go net/http",
];
const loop = (operation, concurrency) => ({ kind: "closedLoop", operation, concurrency });
const transfer = (operation) => ({ kind: "transfers", operation, concurrency: 1 });

/** A row of HTTP/2 on one of the servers of {@link startHttp2Servers}; the peers speak HTTP/2 too. */
const http2Row = (server, name, title, task, targets, more = {}) => ({
  name,
  title: `HTTP/2, ${server}: ${title}`,
  http2: server,
  task,
  clients: [
    "raw HTTP/2",
    server.endsWith("h2c") ? "trunkline, prior knowledge" : "trunkline",
    "node:http2",
    "undici over h2",
    "Go net/http",
    ...(more.clients ?? []),
  ],
  floor: "raw HTTP/2",
  own: server.endsWith("h2c") ? "trunkline, prior knowledge" : "trunkline",
  metric: more.metric ?? cpu,
  targets: targets.map((target) => ({ from: 22, ...target })),
});

/**
 * `rounds` is how often each client runs; the rounds of the clients are interleaved. `before22` replaces `atMost` on
 * Node 20, where the peer is undici 7; `from` is the oldest Node a target holds for.
 */
export const rows = [
  {
    name: "text50",
    title: "`client.get(url)` and `text()`, 50 at once",
    task: loop("text", 50),
    clients: everyone,
    metric: cpu,
    targets: [
      { to: "raw sockets", atMost: 1.6 },
      { to: "undici request", atMost: 0.4, before22: 0.5 },
    ],
  },
  {
    name: "text1",
    title: "the same, 1 at a time",
    task: loop("text", 1),
    clients: [
      "raw sockets",
      "trunkline",
      "undici request",
      "undici dispatch",
      "node:http agent",
      "Go net/http",
    ],
    metric: rate,
    targets: [{ to: "undici request", atLeast: 1.2 }],
  },
  {
    name: "text1000",
    title: "the same, 1,000 at once",
    task: loop("text", 1000),
    clients: [
      "raw sockets",
      "trunkline",
      "undici request",
      "undici dispatch",
      "node:http agent",
      "Go net/http",
    ],
    metric: cpu,
    targets: [{ to: "undici request", atMost: 0.35 }],
  },
  {
    name: "rate20k",
    title: "the same at 20,000 a second, whatever the answers do",
    task: { kind: "openLoop", operation: "text", concurrency: 50, rate: 20_000 },
    clients: ["trunkline", "undici request", "undici dispatch"],
    metric: p99,
    targets: [{ to: "undici request", atMost: 1 }],
  },
  {
    name: "fetch-json",
    title: "`fetch(url)` and `json()`, 50 at once",
    task: loop("json", 50),
    clients: [
      "raw sockets",
      "trunkline",
      "trunkline, client.get",
      "undici fetch",
      "global fetch",
      "got",
      "axios",
      "Go net/http",
    ],
    metric: cpu,
    targets: [
      { to: "global fetch", atMost: 0.1 },
      { to: "trunkline, client.get", atMost: 1.25 },
    ],
  },
  {
    name: "post",
    title: "`client.post(url, { json })` of 1 KiB, 50 at once",
    task: loop("post", 50),
    clients: everyone.filter((name) => !/stream|dispatch/.test(name)),
    metric: cpu,
    targets: [{ to: "undici request", atMost: 0.45, before22: 0.65 }],
  },
  {
    name: "tls50",
    title: "`client.get(url)` and `text()` over TLS, 50 at once",
    secure: true,
    task: loop("text", 50),
    clients: [
      "raw sockets",
      "trunkline",
      "undici request",
      "undici dispatch",
      "node:http agent",
      "Go net/http",
    ],
    metric: cpu,
    targets: [{ to: "undici request", atMost: 0.6 }],
  },
  {
    name: "page",
    title: "a realistic call: TLS, 20 response headers of which 3 are read, 4 KiB of JSON parsed, 50 at once",
    secure: true,
    task: loop("page", 50),
    clients: everyone.filter((name) => !/stream|dispatch/.test(name)),
    metric: cpu,
    targets: [{ to: "undici request", atMost: 0.55 }],
  },
  {
    name: "stream",
    title: "a response of 64 MiB, read as a stream (`response.body`)",
    task: transfer("stream"),
    clients: bodyClients,
    metric: cpuPerGigabyte,
    targets: [
      { to: "undici request", atMost: 0.55 },
      { to: "global fetch", atMost: 0.5 },
    ],
  },
  {
    name: "byob",
    title: "a response of 64 MiB, read into one buffer of 256 KiB (a BYOB reader on `response.body`)",
    task: transfer("byob"),
    clients: ["raw sockets", "trunkline"],
    metric: cpuPerGigabyte,
    targets: [{ to: "raw sockets", atMost: 1.4 }],
  },
  {
    name: "save",
    title: "a response of 64 MiB, saved to a file (`response.saveTo`)",
    task: transfer("save"),
    clients: ["raw sockets", "trunkline"],
    metric: cpuPerGigabyte,
    targets: [{ to: "raw sockets", atMost: 1.4 }],
  },
  ...[
    ["new-request", "`new Request(url, { method, headers, body })`", "newRequest"],
    ["new-headers", "`new Headers({ … })` of four and `get` of one", "newHeaders"],
    ["response-json", "`Response.json({ … })`", "responseJson"],
  ].map(([name, title, operation]) => ({
    name,
    title: `${title}, beside the platform's`,
    task: { kind: "calls", operation },
    clients: ["trunkline", "global fetch"],
    metric: { ...cpu, unit: "µs each" },
    targets: [{ to: "global fetch", atMost: 1 }],
  })),
  {
    name: "bytes",
    title: "a response of 64 MiB, `bytes()`",
    task: transfer("bytes"),
    clients: bodyClients,
    metric: cpuPerGigabyte,
    targets: [{ to: "undici request", atMost: 0.75 }],
  },
  {
    name: "upload",
    title: "an upload of 64 MiB from an async iterable",
    task: transfer("upload"),
    clients: bodyClients,
    metric: cpuPerGigabyte,
    targets: [{ to: "undici request", atMost: 0.6 }],
  },
  {
    name: "idle",
    title: "memory of 5,000 idle connections",
    task: { kind: "idleMemory", operation: "text", concurrency: 5000 },
    clients: ["raw sockets", "trunkline", "undici request", "node:http agent", "Go net/http"],
    rounds: 3,
    metric: memory,
    targets: [{ atMost: 12, from: 26 }],
  },
  {
    name: "import",
    title: "`import` of the package in a fresh process",
    task: { kind: "importTime" },
    clients: ["trunkline", "undici request", "got", "axios"],
    rounds: 15,
    quickRounds: 5,
    metric: time,
    targets: [{ atMost: 20 }, { to: "undici request", atMost: 0.3 }],
  },
  {
    name: "start",
    title: "process start to the first body",
    task: { kind: "firstBody" },
    clients: ["trunkline", "undici request", "global fetch", "got", "axios"],
    rounds: 15,
    quickRounds: 5,
    metric: time,
    targets: [
      { to: "undici request", atMost: 1 },
      { to: "got", atMost: 1 },
      { to: "axios", atMost: 1 },
    ],
  },
  {
    name: "recorder",
    title: "the recorder on, against off: `text()`, 50 at once",
    task: loop("text", 50),
    clients: ["trunkline", "trunkline, recorder off"],
    metric: cpu,
    rounds: 15,
    targets: [{ to: "trunkline, recorder off", atMost: 1.03 }],
  },
  {
    name: "policy",
    title:
      "a client with cookies, redirects and decoding that are not needed, against one without: `text()`, 50 at once",
    task: loop("text", 50),
    clients: ["trunkline, cookies", "trunkline, no policy"],
    own: "trunkline, cookies",
    metric: cpu,
    rounds: 15,
    targets: [{ to: "trunkline, no policy", atMost: 1.05 }],
  },
  http2Row("nghttpd-tls", "h2-text50", "`client.get(url)` and `text()`, 50 at once", loop("text", 50), [
    { to: "node:http2", atMost: 0.2 },
    { to: "undici over h2", atMost: 0.15 },
    { to: "Go net/http", atMost: 0.35 },
  ]),
  http2Row("go-tls", "h2-go50", "the same", loop("text", 50), [
    { to: "node:http2", atMost: 0.55 },
    { to: "undici over h2", atMost: 0.4 },
    { to: "Go net/http", atMost: 0.85 },
  ]),
  http2Row(
    "go-tls",
    "h2-text1",
    "the same, 1 at a time",
    loop("text", 1),
    [{ to: "trunkline, HTTP/1.1", atMost: 1.1 }],
    {
      clients: ["trunkline, HTTP/1.1"],
    },
  ),
  http2Row("go-tls", "h2-text500", "the same, 500 at once", loop("text", 500), [
    { to: "undici over h2", atMost: 0.4 },
  ]),
  http2Row("go-tls", "h2-post", "`client.post(url, { json })` of 1 KiB, 50 at once", loop("post", 50), [
    { to: "undici over h2", atMost: 0.4 },
  ]),
  http2Row(
    "go-tls",
    "h2-page",
    "a realistic call: 20 response headers of which 3 are read, 4 KiB of JSON parsed, 50 at once",
    loop("page", 50),
    [{ to: "undici over h2", atMost: 0.5 }],
  ),
  http2Row(
    "go-h2c",
    "h2c-stream",
    "a response of 64 MiB, read as a stream",
    transfer("stream"),
    [
      { to: "undici over h2", atMost: 0.45 },
      { to: "node:http2", atMost: 0.9 },
    ],
    { metric: cpuPerGigabyte },
  ),
  http2Row(
    "go-tls",
    "h2-stream",
    "a response of 64 MiB, read as a stream",
    transfer("stream"),
    [
      { to: "undici over h2", atMost: 0.5 },
      { to: "node:http2", atMost: 0.9 },
    ],
    { metric: cpuPerGigabyte },
  ),
  http2Row(
    "go-tls",
    "h2-upload",
    "an upload of 64 MiB from an async iterable",
    transfer("upload"),
    [{ to: "undici over h2", atMost: 0.6 }],
    { metric: cpuPerGigabyte },
  ),
];
