import assert from "node:assert/strict";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import type { Response, TransportOptions } from "../../src/index.js";
import { createAuthority, type WireServerOptions } from "../../src/testing/index.js";
import { chunked, patterned, SIZES, untilClose, withLength } from "./body-kinds.js";
import { clientOf, fetched, rejection, turn, turns, until, World } from "./support.js";

const MIB = 1024 * 1024;

/** Every way to take a body. */
const READERS: Readonly<Record<string, (response: Response) => Promise<Uint8Array>>> = {
  bytes: (response) => response.bytes(),
  arrayBuffer: async (response) => new Uint8Array(await response.arrayBuffer()),
  blob: async (response) => new Uint8Array(await (await response.blob()).arrayBuffer()),
  "for await": async (response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of response) chunks.push(chunk);
    return Buffer.concat(chunks);
  },
  "for await that transfers each chunk away": async (response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of response) {
      const { buffer, byteOffset, byteLength } = chunk;
      const moved = structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
      chunks.push(new Uint8Array(moved, byteOffset, byteLength));
    }
    return Buffer.concat(chunks);
  },
  "body stream": async (response) => {
    const chunks: Uint8Array[] = [];
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
    return Buffer.concat(chunks);
  },
  "BYOB reads": async (response) => {
    const chunks: Uint8Array[] = [];
    const reader = (response.body as ReadableStream<Uint8Array>).getReader({ mode: "byob" });
    for (;;) {
      const next = await reader.read(new Uint8Array(10_000));
      if (next.done) break;
      chunks.push(next.value);
    }
    return Buffer.concat(chunks);
  },
  "a clone of two": async (response) => {
    const copy = response.clone();
    const [mine, theirs] = await Promise.all([response.bytes(), copy.bytes()]);
    assert.ok(Buffer.from(mine).equals(theirs));
    return mine;
  },
};

class Piped extends Duplex {
  readonly #inner: import("node:net").Socket;

  constructor(host: string, port: number) {
    super();
    this.#inner = connect({ host, port });
    this.#inner.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) this.#inner.pause();
    });
    this.#inner.on("end", () => this.push(null));
    this.#inner.on("error", (error) => this.destroy(error));
  }

  override _read(): void {
    this.#inner.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#inner.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#inner.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#inner.destroy();
    done(error);
  }
}

const authority = createAuthority();
const certificate = authority.issue({ names: ["127.0.0.1"] });

const WIRES: Readonly<Record<string, { server: WireServerOptions; transport: TransportOptions }>> = {
  "plain TCP": { server: {}, transport: {} },
  TLS: {
    server: { tls: { key: certificate.key, cert: certificate.cert } },
    transport: { tls: { ca: authority.cert } },
  },
  "a custom dial": {
    server: {},
    transport: { dial: async ({ host, port }) => new Piped(host, port) },
  },
};

const FRAMINGS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  "Content-Length": withLength,
  "chunks of 1,000": (body) => chunked(body, 1000),
  "chunks of 100,000": (body) => chunked(body, 100_000),
  "until close": untilClose,
};

for (const [wire, options] of Object.entries(WIRES)) {
  test(`bodies over ${wire}: every size, framing and reader gives the bytes that were sent`, async () => {
    for (const [framing, encode] of Object.entries(FRAMINGS)) {
      await using world = await World.start(options.server);
      world.server.script(async (connection) => {
        for await (const request of connection.eachRequest()) {
          await connection.reply(encode(patterned(Number(request.target.slice(1)))));
          if (framing === "until close") return connection.end();
        }
      });
      const transport = world.transport(options.transport);
      for (const size of SIZES) {
        // A small chunk costs turns: the large sizes say nothing new about them.
        if (framing === "chunks of 1,000" && size > 2 * MIB) continue;
        const sent = patterned(size);
        for (const [how, read] of Object.entries(READERS)) {
          const response = await clientOf(transport).get(world.server.url(`/${size}`));
          const got = await read(response);
          assert.equal(got.length, size, `${how} of ${size} bytes, ${framing}`);
          assert.ok(sent.equals(got), `${how} of ${size} bytes, ${framing}`);
        }
      }
      if (framing !== "until close") assert.equal(world.server.connections, 1);
    }
  });
}

test("bodies: 64 MiB as bytes, and streamed, over plain TCP and TLS", async () => {
  for (const wire of ["plain TCP", "TLS"] as const) {
    const options = WIRES[wire] as { server: WireServerOptions; transport: TransportOptions };
    const body = patterned(64 * MIB);
    await using world = await World.start({
      ...options.server,
      script: async (connection) => {
        for await (const _ of connection.eachRequest()) await connection.reply(withLength(body));
      },
    });
    const client = clientOf(world.transport(options.transport));
    assert.ok(body.equals(await client.get(world.server.url()).bytes()));
    let at = 0;
    for await (const chunk of await client.get(world.server.url())) {
      assert.ok(body.subarray(at, at + chunk.length).equals(chunk));
      at += chunk.length;
    }
    assert.equal(at, body.length);
    assert.equal(world.server.connections, 1);
  }
});

test("text and json: UTF-8 split anywhere, a byte order mark dropped", async () => {
  const value = { text: "añb→𝄞 ".repeat(30_000) };
  const body = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(JSON.stringify(value))]);
  await using world = await World.start({
    script: async (connection) => {
      for await (const _ of connection.eachRequest())
        await connection.drip(chunked(body, 7001), { size: 9973 });
    },
  });
  const client = clientOf(world.transport());
  assert.equal(await client.get(world.server.url()).text(), JSON.stringify(value));
  assert.deepEqual(await client.get(world.server.url()).json(), value);
});

test("back-pressure: a reader that stops stops the server, and memory stays bounded", async () => {
  const total = 256 * MIB;
  await using world = await World.start();
  let written = 0;
  world.server.script(async (connection) => {
    await connection.readRequest();
    await connection.reply(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
    const block = Buffer.alloc(MIB, "a");
    while (written < total && connection.socket.writable) {
      await connection.reply(block).catch(() => undefined);
      written += MIB;
    }
  });
  const transport = world.transport();
  const response = await clientOf(transport).get(world.server.url());
  const iterator = response[Symbol.asyncIterator]();
  await iterator.next();
  let before = -1;
  while (before !== written) {
    before = written;
    await turns(20);
  }
  // The rest is in the kernel's buffers of both ends.
  assert.ok(written < 32 * MIB, `${written} bytes were written`);
  assert.ok((transport.connections()[0]?.bytesRead ?? 0) < MIB);
  await iterator.return?.();
});

test("back-pressure: an upload waits for the server to read", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  let received = 0;
  world.server.script(async (connection) => {
    const head = await connection.readHead();
    connection.pause();
    await gate.promise;
    connection.resume();
    received = (await connection.readBody(head)).body.length;
    await connection.replyOk("ok");
  });
  let pulled = 0;
  const total = 64;
  async function* source(): AsyncGenerator<Uint8Array> {
    for (; pulled < total; pulled += 1) yield Buffer.alloc(MIB, pulled);
  }
  const call = clientOf(world.transport()).put(world.server.url(), { body: source() }).text();
  let before = -1;
  while (before !== pulled) {
    before = pulled;
    await turns(20);
  }
  assert.ok(pulled < 32, `${pulled} MiB were pulled`);
  gate.open();
  assert.equal(await call, "ok");
  assert.equal(received, total * MIB);
});

test("back-pressure: holds back a source that pauses after each small chunk, too", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  world.server.script(async (connection) => {
    const head = await connection.readHead();
    connection.pause();
    await gate.promise;
    connection.resume();
    await connection.replyOk(String((await connection.readBody(head)).body.length));
  });
  let pulled = 0;
  const total = 1024;
  async function* source(): AsyncGenerator<Uint8Array> {
    for (; pulled < total; pulled += 1) {
      yield Buffer.alloc(MIB / 16, pulled);
      await turn();
    }
  }
  const call = clientOf(world.transport()).put(world.server.url(), { body: source() }).text();
  let before = -1;
  while (before !== pulled) {
    before = pulled;
    await turns(20);
  }
  assert.ok(pulled < 512, `${pulled / 16} MiB were pulled`);
  gate.open();
  assert.equal(await call, String((total * MIB) / 16));
});

test("uploads: an empty piece of a stream does not end the body", async () => {
  await using world = await World.start();
  world.server.script(async (connection) => {
    for await (const request of connection.eachRequest()) await connection.replyOk(request.body);
  });
  async function* source(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(0);
    yield Buffer.from("a");
    yield new Uint8Array(0);
    yield Buffer.from("b");
  }
  const client = clientOf(world.transport());
  assert.equal(await client.post(world.server.url(), { body: source() }).text(), "ab");
  assert.equal(
    await client.post(world.server.url(), { body: source(), headers: { "content-length": "2" } }).text(),
    "ab",
  );
});

test("uploads: each kind of source arrives whole, with the framing that suits it", async () => {
  const sent = patterned(200_000);
  const stream = (): ReadableStream<Uint8Array> =>
    new ReadableStream({
      start(controller) {
        for (let at = 0; at < sent.length; at += 7777) controller.enqueue(sent.subarray(at, at + 7777));
        controller.close();
      },
    });
  async function* iterate(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < sent.length; at += 9999) yield sent.subarray(at, at + 9999);
  }
  const { Readable } = await import("node:stream");
  const kinds: readonly (readonly [string, () => unknown, string])[] = [
    ["bytes", () => sent, "content-length"],
    ["ArrayBuffer", () => new Uint8Array(sent).buffer, "content-length"],
    ["Blob", () => new Blob([sent]), "content-length"],
    ["ReadableStream", stream, "transfer-encoding"],
    ["async iterable", iterate, "transfer-encoding"],
    ["Node stream", () => Readable.from(iterate()), "transfer-encoding"],
  ];
  await using world = await World.start();
  const seen: string[] = [];
  world.server.script(async (connection) => {
    for await (const request of connection.eachRequest()) {
      seen.push(request.header("transfer-encoding") === undefined ? "content-length" : "transfer-encoding");
      await connection.reply(withLength(request.body));
    }
  });
  const client = clientOf(world.transport());
  for (const [kind, body, framing] of kinds) {
    const echoed = await client.post(world.server.url(), { body: body() as Uint8Array }).bytes();
    assert.ok(sent.equals(echoed), kind);
    assert.equal(seen.at(-1), framing, kind);
  }
  assert.equal(world.server.connections, 1);
});

test("uploads: trailers go out after a chunked body, from an object or a function", async () => {
  await using world = await World.start();
  const seen: (readonly string[])[] = [];
  world.server.script(async (connection) => {
    for await (const request of connection.eachRequest()) {
      seen.push(request.trailers);
      await connection.replyOk("ok");
    }
  });
  const client = clientOf(world.transport());
  await client.post(world.server.url(), { body: "x", trailers: { "X-Sum": "1" } }).text();
  await client.post(world.server.url(), { body: "y", trailers: async () => ({ "X-Late": "2" }) }).text();
  assert.deepEqual(seen, [
    ["X-Sum", "1"],
    ["X-Late", "2"],
  ]);
});

test("Response.trailers: of a chunked body, of one without any, of one of known length, and of no body", async () => {
  await using world = await World.start();
  world.server.script(async (connection) => {
    for await (const request of connection.eachRequest()) {
      if (request.target === "/chunked") await connection.reply(chunked(patterned(20), 7));
      else if (request.target === "/large")
        await connection.drip(withLength(patterned(100_000)), { size: 50_000 });
      else if (request.target === "/none") await connection.reply("HTTP/1.1 204 No Content\r\n\r\n");
      else await connection.replyOk("ok");
    }
  });
  const client = clientOf(world.transport());
  const response = await client.get(world.server.url("/chunked"));
  const early = response.trailers;
  await response.text();
  assert.equal((await early).get("x-sum"), "yes");
  assert.equal((await response.trailers).get("x-sum"), "yes");
  for (const path of ["/", "/large", "/none"]) {
    const plain = await client.get(world.server.url(path));
    const before = plain.trailers;
    await plain.bytes();
    assert.deepEqual([...(await before)], [], path);
    assert.deepEqual([...(await plain.trailers)], [], path);
  }
});

test("Response.trailers: reject with the body's failure, and an unobserved failure is silent", async () => {
  await using world = await World.start({
    script: [
      "readRequest",
      { reply: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" },
      "end",
    ],
  });
  const client = clientOf(world.transport());
  const response = await client.get(world.server.url());
  const error = await rejection(response.text());
  assert.equal(await rejection(response.trailers), error);
});

test("engine: HEAD, 204 and 304 have no body, whatever their fields say, and HEAD and 304 keep their connection", async () => {
  await using world = await World.start();
  world.server.script(async (connection) => {
    for await (const request of connection.eachRequest()) {
      if (request.method === "HEAD") {
        await connection.reply(
          `HTTP/1.1 200 OK\r\n${request.target === "/chunked" ? "Transfer-Encoding: chunked" : "Content-Length: 123"}\r\n\r\n`,
        );
      } else {
        await connection.reply(`HTTP/1.1 ${request.target.slice(1)} X\r\nTransfer-Encoding: chunked\r\n\r\n`);
      }
    }
  });
  const client = clientOf(world.transport());
  for (const path of ["/length", "/chunked"]) {
    const response = await client.head(world.server.url(path));
    assert.equal(response.body, null);
    assert.equal(await response.text(), "");
    if (path === "/length") assert.equal(response.headers.get("content-length"), "123");
  }
  for (const status of [304, 204]) {
    const response = await client.get(world.server.url(`/${status}`));
    assert.equal(response.status, status);
    assert.equal(response.body, null);
  }
  // A 204 that announces a body may be followed by it: that connection, and no other, is not kept.
  assert.equal(world.server.connections, 1);
  await client.get(world.server.url("/204"));
  assert.equal(world.server.connections, 2);
});

test("engine: 1xx responses are skipped, reported in order, and bounded", async () => {
  await using world = await World.start();
  world.server.onConnection(1, [
    {
      repeat: [
        "readRequest",
        {
          reply:
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 123 Odd\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        },
      ],
    },
  ]);
  world.server.onConnection(2, async (connection) => {
    await connection.readRequest();
    while (connection.socket.writable)
      await connection.reply("HTTP/1.1 102 Processing\r\n\r\n").catch(() => undefined);
  });
  const transport = world.transport();
  const client = clientOf(transport);
  const seen: [number, string | null][] = [];
  const response = await client.get(world.server.url(), {
    onInformational: (status, headers) => seen.push([status, headers.get("link")]),
  });
  assert.equal(await response.text(), "ok");
  assert.deepEqual(seen, [
    [100, null],
    [103, "<a>"],
    [123, null],
  ]);
  assert.equal(await client.get(world.server.url()).text(), "ok");
  transport.closeIdle();
  const error = await rejection(client.get(world.server.url()));
  assert.match(String(error["code"]), /ERR_TRUNKLINE/);
  assert.match(error.message, /1xx|informational/i);
});

test("engine: an HTTP/1.0 server with keep-alive is kept, one without is not", async () => {
  await using world = await World.start();
  world.server.onConnection(1, [
    "readRequest",
    { reply: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok" },
    "readRequest",
    { reply: "HTTP/1.0 200 OK\r\n\r\nto the end" },
    "end",
  ]);
  const transport = world.transport();
  assert.equal(await fetched(transport, world.server.url()), "ok");
  assert.equal(await fetched(transport, world.server.url()), "to the end");
  assert.equal(world.server.connections, 1);
});

test("engine: a response that comes byte by byte is the same response", async () => {
  await using world = await World.start({
    script: async (connection) => {
      for await (const _ of connection.eachRequest()) await connection.drip(chunked(patterned(50), 9));
    },
  });
  const client = clientOf(world.transport());
  for (let i = 0; i < 2; i += 1) {
    const response = await client.get(world.server.url());
    assert.ok(patterned(50).equals(await response.bytes()));
    assert.equal((await response.trailers).get("x-sum"), "yes");
  }
  assert.equal(world.server.connections, 1);
});

test("engine: a broken chunk in the same packet as the head gives the response, whose body then fails", async () => {
  await using world = await World.start({
    script: [
      "readRequest",
      { reply: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" },
      "stall",
    ],
  });
  const response = await clientOf(world.transport()).get(world.server.url());
  assert.equal(response.status, 200);
  const error = await rejection(response.text());
  assert.equal(error["phase"], "body");
});

test("Response: text() that is closed meanwhile rejects rather than end short", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  world.server.script(async (connection) => {
    await connection.readRequest();
    await connection.reply("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
    await gate.promise;
    await connection.reply("def");
    await connection.stall();
  });
  const response = await clientOf(world.transport()).get(world.server.url());
  const text = rejection(response.text());
  const closing = response.close();
  gate.open();
  assert.match((await text).message, /closed before its end/);
  await closing;
});

test("Response: an early answer is read to its end while the upload still runs", async () => {
  await using world = await World.start();
  const answer = patterned(3 * MIB);
  world.server.script(async (connection) => {
    await connection.readHead();
    await connection.reply(withLength(answer));
    await connection.stall();
  });
  let stop = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    while (!stop) {
      yield Buffer.alloc(1000);
      await turn();
    }
  }
  const transport = world.transport();
  const response = await clientOf(transport).post(world.server.url(), { body: endless() });
  assert.ok(answer.equals(await response.bytes()));
  await until(() => transport.snapshot().totals.closed === 1, "the close");
  stop = true;
});
