import type { Command } from "../command.js";

/** What a command line without a command name means. */
export const defaultCommand = "request";

/** Every command there is. A new command is a row here and the file its `load` names. */
export const commands: readonly Command[] = [
  {
    name: defaultCommand,
    summary: "send a request, once or many times, and report what the connections did",
    usage: "trunkline [request] <url> [options]",
    positionals: ["url"],
    options: [
      {
        name: "method",
        short: "X",
        value: "method",
        help: "the request's method (GET, or POST when there is a body)",
      },
      {
        name: "header",
        short: "H",
        value: "name: value",
        repeat: true,
        help: "a header field; may be repeated",
      },
      {
        name: "data",
        short: "d",
        value: "data",
        repeat: true,
        help: "the body, sent as a form unless -H says otherwise; @file reads a file, @- standard input; repeat to join with &",
      },
      { name: "form", value: "name=value", repeat: true, help: "a form field, encoded; may be repeated" },
      {
        name: "json-body",
        value: "json",
        help: "a JSON body, checked before it is sent; @file reads a file, @- standard input",
      },
      {
        name: "output",
        short: "o",
        value: "file",
        help: "write the body to a file; - writes it to standard output, even if binary",
      },
      { name: "include", short: "i", help: "print the response head before the body" },
      { name: "head", short: "I", help: "send HEAD and print the response head" },
      {
        name: "verbose",
        short: "v",
        help: "print both heads and the connection used (standard error)",
      },
      {
        name: "user",
        short: "u",
        value: "user:password",
        help: "HTTP Basic credentials for the URL's origin",
      },
      { name: "insecure", short: "k", help: "accept any certificate; the server's identity is not checked" },
      { name: "location", short: "L", help: "follow redirects (the default)" },
      {
        name: "silent",
        short: "s",
        help: "print no progress and no note about the status; errors are still printed",
      },
      { name: "show-error", short: "S", help: "print errors (the default)" },
      { name: "fail", short: "f", help: "print no body and exit with 1 if the status is 400 or higher" },
      {
        name: "requests",
        short: "n",
        value: "total",
        help: "send this many requests and print a summary instead of the body",
      },
      { name: "concurrency", short: "c", value: "count", help: "keep this many requests in flight" },
      {
        name: "max-time",
        short: "m",
        value: "seconds",
        help: "fail a request that takes longer, its body included; no limit by default",
      },
      {
        name: "proxy",
        value: "url",
        help: "use this proxy (http, https, socks5, socks5h); none connects directly; default: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY",
      },
      {
        name: "http1.1",
        help: "use only HTTP/1.1; without this, HTTP/2 is used over https if the server supports it",
      },
      {
        name: "http2-prior-knowledge",
        help: "use HTTP/2 over http: without asking first, as gRPC servers without TLS expect",
      },
      {
        name: "explain",
        help: "explain each connection: why it was opened, what it did and why it ended (standard error)",
      },
    ],
    notes: [
      "A request has failed if it got no complete response; any status, even 404 or 503, is a response.",
      "With --json: { url, status, requests, failed, latency: { p50, p90, p99, max }, report }, times in milliseconds.",
    ],
    load: async () => (await import("./request.js")).request,
  },
  {
    name: "demo",
    summary:
      "measure whether a new client per task closes its connections; uses built-in servers, needs nothing",
    usage: "trunkline demo [options]",
    positionals: [],
    options: [],
    notes: [
      "Takes well under a minute. If Go is installed, its client is measured too.",
      "With --json: { scenarios: [{ name, client, concurrency, requests, connections, milliseconds, reasons }], go, answer }.",
    ],
    load: async () => (await import("../demo/index.js")).demo,
  },
  {
    name: "observe",
    summary:
      "watch a client in any language from the server's side: its connections, whether it reuses them, and if not, why",
    usage: "trunkline observe [--target <origin>] [options] [-- <command...>]",
    positionals: [],
    takesProgram: true,
    options: [
      {
        name: "target",
        value: "origin",
        help: "the server to put the observer in front of; without it, the observer is an HTTP proxy",
      },
      {
        name: "listen",
        value: "host:port",
        help: "the address to listen on (default: 127.0.0.1 and a free port)",
      },
      {
        name: "keep-host",
        help: "keep Host as the client sends it; otherwise the observer's own address is replaced by the target's",
      },
      {
        name: "fail-if",
        value: "expr",
        repeat: true,
        help: "exit with 3 if this is true: reuse<95%, connections>10, failed>0, finding:body-unread; may be repeated",
      },
    ],
    notes: [
      "The program after -- gets the observer's address in TRUNKLINE_TARGET and wherever its arguments contain {url}; its exit code is passed on. Without a program, it observes until Ctrl-C.",
      "Without --target it is a proxy, which the program finds in HTTP_PROXY and HTTPS_PROXY. A client may treat connections to a proxy differently, and most, including Go's, go directly to localhost; inside TLS only connections are visible.",
      "With an https target, the client speaks http to the observer, which adds TLS.",
      "With --json: { program, exitCode, report }.",
    ],
    load: async () => (await import("./observe.js")).observe,
  },
  {
    name: "doctor",
    summary: "run any Node.js program and report what its HTTP clients do with their connections",
    usage: "trunkline doctor [options] -- <command…>, or --attach <pid>, or --read",
    positionals: [],
    takesProgram: true,
    options: [
      { name: "report", value: "file.html", help: "also write the report as a single HTML file" },
      { name: "every", value: "time", help: "print a report of everything seen so far, every 30s, 5m or 1h" },
      {
        name: "attach",
        value: "pid",
        help: "watch a running Node.js process until Ctrl-C or until it exits",
      },
      {
        name: "read",
        help: "report on a service that was started with the preload alone; add --folder if it writes elsewhere",
      },
      {
        name: "folder",
        value: "path",
        help: "the folder that --read reads (default: trunkline-doctor in the temporary folder)",
      },
      {
        name: "fail-if",
        value: "condition",
        repeat: true,
        help: "exit with 3 if this is true: reuse<95%, connections>N, failed>0 or finding:KIND; may be repeated",
      },
    ],
    notes: [
      "Sees the global fetch, undici, and everything built on node:http (axios, got, node-fetch, superagent, needle and SDKs), including child processes and workers, on Node 20 and newer.",
      "kill -USR2 <pid of the doctor> prints a report at once; the program does not get the signal.",
      "The program runs as usual: its output, input and exit code are unchanged. The report goes to standard error.",
      "With --json: { program, exitCode, report }; the program's standard output then goes to standard error.",
    ],
    load: async () => (await import("./doctor.js")).doctor,
  },
  {
    name: "probe",
    summary: "find out how a server treats connections, and which client settings suit it",
    usage: "trunkline probe <origin> [options]",
    positionals: ["origin"],
    options: [
      {
        name: "max-wait",
        value: "seconds",
        help: "wait at most this long to see when idle connections end (default: 80); 0 skips it",
      },
    ],
    notes: [
      "Makes about fifteen connections to one address, with one or two requests on each, and waits on all of them at once; a path after the origin is the path it requests.",
      "With --json: { origin, addresses, phases, status, http, http2, tls, keepAlive, idle, settings, cost }, times in milliseconds.",
    ],
    load: async () => (await import("./probe.js")).probeCommand,
  },
  {
    name: "reason",
    summary: "explain a dial or close reason: its meaning, usual cause and remedy",
    usage: "trunkline reason <name>",
    positionals: ["name"],
    options: [],
    notes: [
      "trunkline reason list prints every name.",
      "With --json: a list of { name, of, meaning, cause, remedy }.",
    ],
    load: async () => (await import("./explain-name.js")).reason,
  },
  {
    name: "finding",
    summary: "explain a finding: its meaning, certainty and remedy",
    usage: "trunkline finding <name>",
    positionals: ["name"],
    options: [],
    notes: [
      "trunkline finding list prints every name.",
      "With --json: a list of { name, of, meaning, cause, remedy, certainty }.",
    ],
    load: async () => (await import("./explain-name.js")).finding,
  },
  {
    name: "why",
    summary: "explain why a recorded request got its connection, or what happened to a connection",
    usage: "trunkline why <recording> <request|connection>",
    positionals: ["recording", "request or connection"],
    options: [],
    notes: [
      "r92 is request 92, c17 is connection 17; transport.recordTo(file) writes a recording, and - reads one from standard input.",
      "With --json: { id, text, exchanges, decisions } or { id, text, connections }.",
    ],
    load: async () => (await import("./recordings.js")).why,
  },
  {
    name: "replay",
    summary: "replay a recording with other settings: how many dials there would have been",
    usage: "trunkline replay <recording> --set <key=value>...",
    positionals: ["recording"],
    options: [
      {
        name: "set",
        value: "key=value",
        repeat: true,
        help: "a pool setting, as in TransportOptions, such as maxIdleConnectionsPerOrigin=20, http2=false or maxStreams=20; may be repeated",
      },
    ],
    notes: [
      "With --json: { settings, requests, actualDials, modelledDials, predictedDials, queued, queuedMs, refused, assumedHttp2, partial }.",
    ],
    load: async () => (await import("./recordings.js")).replay,
  },
];
