import assert from "node:assert/strict";
import { test } from "node:test";
import { type Init, Request, type TransportOptions } from "../../src/index.js";
import { clientOf, fetched, rejection, World } from "./support.js";

// What cannot be sent: a TypeError (or RangeError) that names the offending thing, before anything is dialed.

interface BadRequest {
  readonly name: string;
  readonly url?: string;
  readonly init?: () => Init;
  readonly message: RegExp;
}

async function* stream(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

const BAD_REQUESTS: readonly BadRequest[] = [
  { name: "no URL", url: "", message: /URL/ },
  {
    name: "a host and port without a scheme",
    url: "10.0.0.1:8080/x",
    message: /did you mean "?http:\/\/10\.0\.0\.1:8080\/x/,
  },
  {
    name: "localhost without a scheme",
    url: "localhost:8080",
    message: /did you mean "?http:\/\/localhost:8080/,
  },
  { name: "another scheme", url: "ftp://host/x", message: /ftp/ },
  { name: "no host", url: "http://", message: /http:\/\// },
  { name: "a port that is no number", url: "http://dummy.test:123foo/", message: /123foo/ },
  { name: "a port out of range", url: "http://dummy.test:70000/", message: /70000/ },
  { name: "a method with a space", init: () => ({ method: "GE T" }), message: /"GE T"/ },
  { name: "an empty method", init: () => ({ method: "" }), message: /method/ },
  { name: "a method with CR LF", init: () => ({ method: "GET\r\nX: y" }), message: /method/ },
  { name: "a header name with a space", init: () => ({ headers: { "X Y": "1" } }), message: /"X …"/ },
  { name: "an empty header name", init: () => ({ headers: { "": "1" } }), message: /header/i },
  { name: "a header name with a colon", init: () => ({ headers: { "X:Y": "1" } }), message: /"X:…"/ },
  { name: "a header value with CR LF", init: () => ({ headers: { "X-A": "1\r\nX-B: 2" } }), message: /x-a/i },
  { name: "a header value with LF", init: () => ({ headers: { "X-A": "1\n2" } }), message: /x-a/i },
  { name: "a header value with NUL", init: () => ({ headers: { "X-A": "1\0" } }), message: /x-a/i },
  { name: "a header value beyond latin1", init: () => ({ headers: { "X-A": "→" } }), message: /x-a/i },
  {
    name: "a hand-set Transfer-Encoding",
    init: () => ({ method: "POST", body: "x", headers: { "Transfer-Encoding": "chunked" } }),
    message: /transfer-encoding/i,
  },
  {
    name: "a Content-Length that is not the body's",
    init: () => ({ method: "POST", body: "four", headers: { "Content-Length": "5" } }),
    message: /content-length/i,
  },
  {
    name: "a second Content-Length",
    init: () => ({
      method: "POST",
      body: stream("four"),
      headers: [
        ["Content-Length", "4"],
        ["Content-Length", "5"],
      ],
    }),
    message: /content-length/i,
  },
  {
    name: "a Content-Length that is no number",
    init: () => ({ method: "POST", body: stream("x"), headers: { "Content-Length": "ten" } }),
    message: /content-length/i,
  },
  {
    name: "a Content-Length without a body",
    init: () => ({ headers: { "Content-Length": "5" } }),
    message: /content-length/i,
  },
  { name: "a body with GET", init: () => ({ method: "GET", body: "x" }), message: /body with GET/ },
  { name: "a body with TRACE", init: () => ({ method: "TRACE", body: "x" }), message: /body with TRACE/ },
  {
    name: "trailers without a body",
    init: () => ({ method: "POST", trailers: { "X-A": "1" } }),
    message: /trailers without a body/,
  },
  { name: "body and json", init: () => ({ method: "POST", body: "x", json: 1 }), message: /more than one/ },
  { name: "json that is none", init: () => ({ method: "POST", json: 1n }), message: /json/i },
  {
    name: "a trailer name with CR LF",
    init: () => ({ method: "POST", body: "x", trailers: { "X\r\nY": "1" } }),
    message: /trailer|header/i,
  },
  { name: "a timeout below zero", init: () => ({ timeout: -1 }), message: /timeout/ },
  { name: "a timeout that is no number", init: () => ({ timeout: Number.NaN }), message: /timeout/ },
];

for (const { name, url, init, message } of BAD_REQUESTS) {
  test(`bad request: ${name} is refused before anything is dialed`, async () => {
    await using world = await World.start();
    const transport = world.transport();
    const error = await rejection(clientOf(transport).fetch(url ?? world.server.url(), init?.()));
    assert.ok(error instanceof TypeError || error instanceof RangeError, `${error.name}: ${error.message}`);
    assert.notEqual(error.name, "NetworkError");
    assert.match(error.message, message);
    assert.equal(transport.connections().length, 0);
    assert.equal(await fetched(transport, world.server.url()), "ok");
  });
}

test("bad request: the body of a request that cannot be sent is cancelled once", async () => {
  await using world = await World.start();
  let cancelled = 0;
  const body = new ReadableStream<Uint8Array>({
    cancel: () => {
      cancelled += 1;
    },
  });
  await rejection(
    clientOf(world.transport()).post(world.server.url(), { body, headers: { "Transfer-Encoding": "x" } }),
  );
  assert.equal(cancelled, 1);
});

test("bad request: a URL cannot smuggle lines into the head", async () => {
  await using world = await World.start();
  let target = "";
  world.server.script(async (connection) => {
    target = (await connection.readRequest()).target;
    await connection.replyOk("ok");
  });
  await fetched(world.transport(), `${world.server.url("/a\r\nX-Injected: yes\t?q=a b")}`);
  assert.doesNotMatch(target, /[\r\n\t ]/);
});

test("bad request: a Host with CR LF is refused, another Host is sent as given and only once", async () => {
  await using world = await World.start();
  let raw = "";
  world.server.script(async (connection) => {
    raw = (await connection.readRequest()).raw.toString();
    await connection.replyOk("ok");
  });
  const client = clientOf(world.transport());
  await rejection(client.get(world.server.url(), { headers: { Host: "a\r\nX: y" } }));
  await client.get(world.server.url(), { headers: { Host: "virtual.test" } }).text();
  assert.deepEqual(raw.match(/^host: .*$/gim), ["Host: virtual.test"]);
});

test("Connection: close is understood and obeyed, and sent once", async () => {
  await using world = await World.start();
  let raw = "";
  world.server.script(async (connection) => {
    raw = (await connection.readRequest()).raw.toString();
    await connection.replyOk("ok");
    await connection.stall();
  });
  for (const keepAlive of [true, false]) {
    const transport = world.transport({ keepAlive });
    const request = new Request(world.server.url(), { headers: { connection: "close" } });
    await (await clientOf(transport).do(request)).text();
    assert.deepEqual(
      raw.match(/^connection: .*$/gim)?.map((line) => line.toLowerCase()),
      ["connection: close"],
    );
    assert.equal(transport.snapshot().totals.idle, 0);
  }
});

for (const [name, body, declared] of [
  ["longer", "12345", 3],
  ["shorter", "12", 3],
] as const) {
  test(`upload: a stream that is ${name} than its Content-Length is an error, and never a desync`, async () => {
    await using world = await World.start({
      script: async (connection) => {
        await connection.readHead();
        await connection.stall();
      },
    });
    const transport = world.transport();
    const error = await rejection(
      clientOf(transport).post(world.server.url(), {
        body: stream(body),
        headers: { "content-length": String(declared) },
      }),
    );
    assert.equal(error["code"], "ERR_TRUNKLINE_BODY_LENGTH");
    assert.match(error.message, /Content-Length is 3 but the body has (at least 5|2) bytes/);
    const connection = await world.server.connection(1);
    assert.ok(connection.unread.length <= declared);
    assert.equal(transport.connections()[0]?.closed?.reason, "request-body-failed");
  });
}

test("upload: a source that throws, or gives something other than bytes, rejects with that and closes the connection", async () => {
  for (const [chunk, message] of [
    [42, /number/],
    [{}, /object|Object/],
  ] as const) {
    await using world = await World.start({
      script: async (connection) => {
        await connection.readHead();
        await connection.stall();
      },
    });
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("fine");
      yield chunk as unknown as Uint8Array;
    }
    const error = await rejection(clientOf(world.transport()).post(world.server.url(), { body: source() }));
    assert.equal(error["code"], "ERR_TRUNKLINE_REQUEST_BODY");
    assert.match(error.message, message);
  }
});

test("TransportOptions: an unknown or impossible option is refused with what was probably meant", async () => {
  await using world = await World.start();
  const make = (options: Record<string, unknown>): Promise<unknown> =>
    (async () => world.transport(options as TransportOptions))();
  assert.match(
    (await rejection(make({ maxSockets: 1 }))).message,
    /maxSockets.*did you mean maxConnectionsPerOrigin/,
  );
  assert.match((await rejection(make({ idletimeout: 1 }))).message, /did you mean idleTimeout/);
  for (const bad of [-1, Number.NaN, "5", 1.5]) {
    const error = await rejection(make({ maxConnections: bad }));
    assert.ok(error instanceof RangeError);
    assert.match(error.message, /maxConnections/);
  }
});
