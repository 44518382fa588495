import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { type Init, NetworkError, Request } from "../../src/index.js";
import type { WireConnection, WireServer } from "../../src/testing/index.js";
import { clientOf, rejection, turn, until, World } from "../transport/support.js";

// Ported by meaning: the client's parts of request_test.go and requestwrite_test.go. docs/go-tests.md has the table.

type Way = "direct" | "proxy";

/** Takes one request, and every byte of it into what it gives back. */
function recorder(server: WireServer): () => string {
  let raw = "";
  server.script(async (connection) => {
    const head = await connection.readHead();
    raw += head.raw.toString("latin1");
    raw += (await connection.readBody(head)).raw.toString("latin1");
    await connection.replyOk("ok");
    await connection.stall();
  });
  return () => raw;
}

/** What goes over the wire for a request: to the named host itself, which the server plays, or to a proxy. */
async function wire(url: string, init: Init = {}, way: Way = "direct"): Promise<string> {
  await using world = await World.start();
  const sent = recorder(world.server);
  const dial = async () => connect({ host: "127.0.0.1", port: world.server.port });
  const transport = world.transport(way === "proxy" ? { proxy: world.server.url() } : { proxy: false, dial });
  const response = await clientOf(transport).fetch(url, { decompress: false, ...init });
  await response.close();
  return sent();
}

/** Why a request fails, and that nothing is dialed for it where that is asked. */
async function refusal(url: string, init: Init, dialed: boolean): Promise<Error & Record<string, unknown>> {
  await using world = await World.start();
  recorder(world.server);
  const dial = async () => connect({ host: "127.0.0.1", port: world.server.port });
  const transport = world.transport({ proxy: false, dial });
  const error = await rejection(clientOf(transport).fetch(url, init));
  assert.equal(transport.connections().length, dialed ? 1 : 0, error.message);
  return error;
}

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("x");
  throw new Error("Custom reader error");
}

const field = (raw: string, name: string): string | undefined =>
  new RegExp(`^${name}: ?(.*?)\r$`, "im").exec(raw)?.[1];

const URL_ = "http://www.host.test/search";
const AGENT = "User-Agent: trunkline\r\n";
const ACCEPT = "Accept: */*\r\n";
const TEXT = "content-type: text/plain;charset=UTF-8\r\n";
const HOST = "Host: www.host.test\r\n";

interface WireRow {
  readonly what: string;
  readonly url?: string;
  /** Made for each way: a stream is sent once. */
  readonly init: () => Init;
  /** What comes after the request target. */
  readonly sent: string;
  readonly target?: string;
  /** By a proxy, where that is not the URL. */
  readonly forwarded?: string | null;
}

const WRITTEN: readonly WireRow[] = [
  {
    what: "own fields keep their order and case, and stand in for the defaults",
    init: () => ({
      headers: { "User-Agent": "Fake", ALL: "caps", accept: "text/html", "X-b": "2", "X-a": "1" },
    }),
    sent: `${HOST}User-Agent: Fake\r\nALL: caps\r\naccept: text/html\r\nX-b: 2\r\nX-a: 1\r\n\r\n`,
  },
  {
    what: "of two User-Agent fields the first is sent",
    init: () => ({
      headers: [
        ["User-Agent", "one"],
        ["X-A", "1"],
        ["user-agent", "two"],
        ["user-agent", "three"],
      ],
    }),
    sent: `${HOST}User-Agent: one\r\nX-A: 1\r\n${ACCEPT}\r\n`,
  },
  {
    what: "an empty User-Agent before another one sends none",
    init: () => ({
      headers: [
        ["User-Agent", ""],
        ["user-agent", "two"],
      ],
    }),
    sent: `${HOST}${ACCEPT}\r\n`,
  },
  {
    what: "a body of unknown length goes in chunks, with any method",
    init: () => ({ method: "DELETE", body: chunks("abcdef") }),
    sent: `${HOST}${AGENT}${ACCEPT}Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n`,
  },
  {
    what: "one byte of unknown length is a chunk",
    init: () => ({ method: "POST", body: chunks("x") }),
    sent: `${HOST}${AGENT}${ACCEPT}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`,
  },
  {
    what: "a stream that turns out to be empty is the last chunk alone",
    init: () => ({ method: "PUT", body: chunks() }),
    sent: `${HOST}${AGENT}${ACCEPT}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  },
  {
    what: "Connection: close is said once, beside the length",
    init: () => ({ method: "POST", body: "abcdef", headers: { Connection: "close" } }),
    sent: `${HOST}${AGENT}Connection: close\r\n${TEXT}${ACCEPT}Content-Length: 6\r\n\r\nabcdef`,
  },
  {
    what: "a length that the caller knows takes the place of chunks",
    init: () => ({ method: "POST", body: chunks("abc", "def"), headers: { "Content-Length": "6" } }),
    sent: `${HOST}${AGENT}Content-Length: 6\r\n${ACCEPT}\r\nabcdef`,
  },
  {
    what: "an empty body has the length 0",
    init: () => ({ method: "POST", body: "" }),
    sent: `${HOST}${AGENT}${TEXT}${ACCEPT}Content-Length: 0\r\n\r\n`,
  },
  ...["POST", "PUT", "PATCH"].map((method) => ({
    what: `${method} without a body says so`,
    init: () => ({ method }),
    sent: `${HOST}${AGENT}${ACCEPT}Content-Length: 0\r\n\r\n`,
  })),
  {
    what: "DELETE without a body says nothing of one",
    init: () => ({ method: "DELETE" }),
    sent: `${HOST}${AGENT}${ACCEPT}\r\n`,
  },
  {
    what: "trailers come after the last chunk",
    init: () => ({ method: "POST", body: chunks("a"), trailers: { "X-Sum": "1" } }),
    sent: `${HOST}${AGENT}${ACCEPT}Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n`,
  },
  {
    what: "an empty Host is sent as it is",
    init: () => ({ headers: { Host: "" } }),
    sent: `${AGENT}Host: \r\n${ACCEPT}\r\n`,
  },
  {
    what: "an own Host does not change where the request goes",
    init: () => ({ headers: { Host: "other.test" } }),
    sent: `${AGENT}Host: other.test\r\n${ACCEPT}\r\n`,
  },
  {
    what: "two slashes begin a path, no host",
    url: "http://www.host.test//y.google.com/%2F/%2f/",
    target: "//y.google.com/%2F/%2f/",
    init: () => ({}),
    sent: `${HOST}${AGENT}${ACCEPT}\r\n`,
  },
  {
    what: "control characters and line breaks in a URL are encoded or gone",
    url: "http://www.host.test/a\r\nb?q=\x01\x7f z",
    target: "/ab?q=%01%7F%20z",
    forwarded: "http://www.host.test/ab?q=%01%7F%20z",
    init: () => ({}),
    sent: `${HOST}${AGENT}${ACCEPT}\r\n`,
  },
  {
    what: "CONNECT has the authority for a target",
    target: "www.host.test:80",
    forwarded: null,
    init: () => ({ method: "CONNECT" }),
    sent: `${HOST}${AGENT}${ACCEPT}\r\n`,
  },
];

for (const { what, url = URL_, init, sent, target = "/search", forwarded = url } of WRITTEN) {
  test(`Go TestRequestWrite, TestRequestWriteBufferedWriter: ${what}`, async () => {
    const method = init().method ?? "GET";
    assert.equal(await wire(url, init()), `${method} ${target} HTTP/1.1\r\n${sent}`);
    if (forwarded === null) return;
    assert.equal(await wire(url, init(), "proxy"), `${method} ${forwarded} HTTP/1.1\r\n${sent}`);
  });
}

for (const [what, init, message, dialed] of [
  [
    "a length beyond the body",
    { body: chunks("abc"), headers: { "Content-Length": "10" } },
    /is 10 but.* 3 bytes/,
    true,
  ],
  [
    "a length short of the body",
    { body: chunks("abcdef"), headers: { "Content-Length": "2" } },
    /is 2 but.* 6 bytes/,
    true,
  ],
  ["a length without a body", { headers: { "Content-Length": "10" } }, /10 bytes, but the body has 0/, false],
  ["a source that fails", { body: failing() }, /Custom reader error/, true],
  [
    "a source that fails short of its length",
    { body: failing(), headers: { "Content-Length": "6" } },
    /Custom reader error/,
    true,
  ],
  [
    "a framing of the caller's",
    { body: "x", headers: { "Transfer-Encoding": "chunked" } },
    /Transfer-Encoding/,
    false,
  ],
] as readonly (readonly [string, Init, RegExp, boolean])[]) {
  test(`Go TestRequestWrite: ${what} is an error that says so`, async () => {
    assert.match((await refusal(URL_, { method: "POST", ...init }, dialed)).message, message);
  });
}

for (const [url, host] of [
  ["http://www.example.test/", "www.example.test"],
  ["http://WWW.example.test", "www.example.test"],
  ["http://www.example.test:8080/", "www.example.test:8080"],
  ["http://www.example.test:/", "www.example.test"],
  ["http://www.example.test:80/", "www.example.test"],
  ["http://192.168.0.1/", "192.168.0.1"],
  ["http://192.168.0.1:8080/", "192.168.0.1:8080"],
  ["http://192.168.0.1:/", "192.168.0.1"],
  ["http://[fe80::1]/", "[fe80::1]"],
  ["http://[fe80::1]:8080/", "[fe80::1]:8080"],
  ["http://[fe80::1]:/", "[fe80::1]"],
] as const) {
  test(`Go TestNewRequestHost: ${url} has the Host ${host}`, async () => {
    assert.equal(field(await wire(url), "Host"), host);
  });
}

test("Go TestNewRequestHost: an IPv6 zone is refused, as in every WHATWG URL", async () => {
  for (const url of ["http://[fe80::1%25en0]/", "http://[fe80::1%en0]:8080/"])
    assert.match((await refusal(url, {}, false)).message, /not a valid URL/);
});

test("Go TestRequestInvalidMethod: what is not a token is refused, what is one goes out in its case", async () => {
  for (const method of ["bad method", "G\tET", "GET\r\n", "", "GET/", "mét"])
    assert.match((await refusal(URL_, { method }, false)).message, /is not a token/);
  for (const method of ["foo", "PROPFIND", "M-SEARCH"])
    assert.match(await wire(URL_, { method }), new RegExp(`^${method} /search `));
});

for (const [what, body, length] of [
  ["bytes", new Uint8Array(3), "3"],
  ["a view", new DataView(new ArrayBuffer(8), 2, 4), "4"],
  ["an ArrayBuffer", new ArrayBuffer(5), "5"],
  ["a string, in UTF-8", "äöü", "6"],
  ["a Blob", new Blob(["abc"]), "3"],
  ["an empty Blob", new Blob([]), "0"],
  ["empty bytes", new Uint8Array(0), "0"],
  ["parameters", new URLSearchParams("a=b"), "3"],
  ["a web stream", new Blob(["abc"]).stream(), undefined],
  ["an async iterable", chunks("abc"), undefined],
] as readonly (readonly [string, NonNullable<Init["body"]>, string | undefined])[]) {
  test(`Go TestNewRequestContentLength, TestDetectInMemoryReaders: ${what} ${length === undefined ? "goes in chunks" : `has the length ${length}`}`, async () => {
    const raw = await wire(URL_, { method: "POST", body });
    assert.equal(field(raw, "Content-Length"), length);
    assert.equal(field(raw, "Transfer-Encoding"), length === undefined ? "chunked" : undefined);
  });
}

test("Go TestNewRequestGetBody: a body that the first server read in part is sent whole to the next", async () => {
  const text = "0123456789".repeat(100_000);
  for (const body of [text, Buffer.from(text), new Blob([text])]) {
    await using world = await World.start();
    const next = await world.another();
    const got: string[] = [];
    world.server.script(async (connection) => {
      await connection.readHead();
      await connection.expect("0123456789");
      await connection.reply(
        `HTTP/1.1 307 Temporary Redirect\r\nLocation: ${next.url("/")}\r\nContent-Length: 0\r\n\r\n`,
      );
      await connection.stall();
    });
    next.script(async (connection) => {
      got.push((await connection.readRequest()).body.toString());
      await connection.replyOk("ok");
    });
    assert.equal(await clientOf(world.transport()).post(world.server.url(), { body }).text(), "ok");
    assert.equal(got.length, 1);
    assert.ok(got[0] === text);
  }
});

test("Go TestRequestRedirect: the answer is that of the last place, and says where that was", async () => {
  await using world = await World.start();
  const targets: string[] = [];
  world.server.script(async (connection) => {
    for await (const { target } of connection.eachRequest()) {
      targets.push(target);
      if (target === "/foo/") await connection.replyOk("foo");
      else await connection.reply("HTTP/1.1 301 Moved\r\nLocation: /foo/\r\nContent-Length: 0\r\n\r\n");
    }
  });
  const response = await clientOf(world.transport()).get(world.server.url("/foo"));
  assert.equal(await response.text(), "foo");
  assert.equal(new URL(response.url).pathname, "/foo/");
  assert.deepEqual(targets, ["/foo", "/foo/"]);
});

for (const [name, headers, message] of [
  ["TestRequestBadHostHeader", { Host: "foo\r\nX-Evil: evil" }, /Host/],
  ["TestRequestBadHostHeader", { Host: "foo/after" }, /Host/],
  ["TestRequestBadHostHeader", { Host: "foo after" }, /Host/],
  ["TestRequestBadUserAgent", { "User-Agent": "evil\r\nX-Evil: evil" }, /User-Agent/],
] as const) {
  test(`Go ${name}: ${JSON.stringify(headers)} is refused before anything is dialed`, async () => {
    const error = await refusal(URL_, { headers }, false);
    assert.ok(error instanceof TypeError);
    assert.match(error.message, message);
  });
}

test("Go TestRequestCloneTransferEncoding: a clone is framed as the original, and each has the whole body", async () => {
  for (const [make, framing] of [
    [() => new Blob(["abcdef"]).stream(), "chunked"],
    [() => "abcdef", undefined],
  ] as const) {
    const original = new Request(URL_, { method: "POST", body: make(), duplex: "half" });
    const clone = original.clone();
    await turn();
    assert.equal(original.bodyUsed, false);
    for (const request of [clone, original]) {
      await using world = await World.start();
      const sent = recorder(world.server);
      const dial = async () => connect({ host: "127.0.0.1", port: world.server.port });
      await (await world.transport({ proxy: false, dial }).roundTrip(request)).text();
      assert.equal(field(sent(), "Transfer-Encoding"), framing);
      assert.match(sent(), /abcdef/);
    }
    const read = new Request(URL_, { method: "POST", body: make(), duplex: "half" });
    assert.deepEqual([await read.clone().text(), await read.text()], ["abcdef", "abcdef"]);
  }
});

test("Go TestRequestWriteTransport: GET takes no body, and a source that blocks holds up neither head nor answer", async () => {
  assert.match((await refusal(URL_, { method: "GET", body: "x" }, false)).message, /body with GET/);
  await using world = await World.start();
  world.server.script(async (connection) => {
    const head = await connection.readHead();
    assert.equal(head.header("transfer-encoding"), "chunked");
    await connection.replyOk("early");
    await connection.stall();
  });
  const body = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => undefined) });
  assert.equal(await clientOf(world.transport()).post(world.server.url(), { body }).text(), "early");
});

/** A source without end, where `texts` are not the end of it, that tells when it was ended. */
function source(endless: boolean): { body: AsyncGenerator<Uint8Array>; ended: () => number } {
  let ended = 0;
  async function* made(): AsyncGenerator<Uint8Array> {
    try {
      do {
        yield Buffer.from("my body");
        await turn();
      } while (endless);
    } finally {
      ended += 1;
    }
  }
  return { body: made(), ended: () => ended };
}

test("Go TestRequestWriteClosesBody: the source is ended once, and its chunks are what it gave", async () => {
  const { body, ended } = source(false);
  const raw = await wire(URL_, { method: "POST", body });
  assert.ok(raw.endsWith("\r\n\r\n7\r\nmy body\r\n0\r\n\r\n"), raw);
  assert.equal(ended(), 1);
});

for (const [what, endless, upTo] of [
  ["before the head", true, async () => undefined],
  ["after the head", true, async (connection) => connection.readHead()],
  [
    "after a chunk",
    true,
    async (connection) => {
      await connection.readHead();
      await connection.expect("7\r\nmy body\r\n");
    },
  ],
  ["after the last chunk", false, async (connection) => connection.readRequest()],
] as readonly (readonly [string, boolean, (connection: WireConnection) => Promise<unknown>])[]) {
  test(`Go TestRequestWriteError: a connection that breaks ${what} fails the call and ends the source`, async () => {
    await using world = await World.start();
    world.server.script(async (connection) => {
      await upTo(connection);
      await connection.reset();
    });
    const { body, ended } = source(endless);
    const error = await rejection(clientOf(world.transport()).post(world.server.url(), { body }));
    assert.ok(error instanceof NetworkError, String(error));
    // A source that was not begun has nothing to end.
    if (what !== "before the head") await until(() => ended() === 1, "the end of the source");
    assert.equal(world.server.connections, 1);
  });
}
