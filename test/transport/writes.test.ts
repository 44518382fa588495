import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { type Init, Request } from "../../src/index.js";
import { clientOf, World } from "./support.js";

/** Counts the writes that reach the wire, and passes them on. */
class Counting extends Duplex {
  readonly writes: Buffer[] = [];
  readonly #socket: Socket;

  constructor(host: string, port: number) {
    super();
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.on("data", (chunk: Buffer) => this.push(chunk));
    this.#socket.on("end", () => this.push(null));
    this.#socket.on("error", (error) => this.destroy(error));
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.writes.push(chunk);
    this.#socket.write(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    const all = Buffer.concat(chunks.map(({ chunk }) => Buffer.from(chunk)));
    this.writes.push(all);
    this.#socket.write(all, done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}

const ROWS: readonly (readonly [string, string, Init | undefined])[] = [
  ["GET", "GET", undefined],
  ["GET with headers", "GET", { headers: { "X-A": "1", Accept: "text/plain" } }],
  ["HEAD", "HEAD", undefined],
  ["DELETE", "DELETE", undefined],
  ["POST without a body", "POST", undefined],
  ["POST of text", "POST", { body: "hello" }],
  ["POST of text beyond ASCII", "POST", { body: "héllo → 𝄞" }],
  ["POST of 1 KiB of JSON", "POST", { json: { text: "a".repeat(1000) } }],
  ["POST of a form", "POST", { form: { data: "x" } }],
  ["POST of bytes", "POST", { body: Buffer.alloc(1024, 1) }],
  ["PUT of 16 KiB", "PUT", { body: Buffer.alloc(16 * 1024, 1) }],
];

for (const [name, method, init] of ROWS) {
  test(`one write: ${name} leaves in exactly one socket write, and arrives in one read`, async () => {
    await using world = await World.start();
    let streams = 0;
    let counting: Counting | undefined;
    const transport = world.transport({
      dial: async ({ host, port }) => {
        streams += 1;
        counting = new Counting(host, port);
        return counting;
      },
    });
    world.server.script(async (connection) => {
      for await (const _ of connection.eachRequest())
        await connection.reply("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    const client = clientOf(transport);
    for (let i = 0; i < 3; i += 1) await client.fetch(world.server.url(), { ...init, method });
    assert.equal(streams, 1);
    assert.equal(counting?.writes.length, 3);
    const request = (await world.server.connection(1)) as { requests: number };
    assert.equal(request.requests, 3);
  });
}

test("one write: over a real socket a GET and a small POST each arrive in one read of the server", async () => {
  const reads: number[] = [];
  await using world = await World.start();
  world.server.script(async (connection) => {
    connection.socket.on("data", (chunk: Buffer) => reads.push(chunk.length));
    for await (const _ of connection.eachRequest()) await connection.replyOk("ok");
  });
  const client = clientOf(world.transport());
  for (let i = 0; i < 5; i += 1) {
    await client.get(world.server.url()).text();
    await client.post(world.server.url(), { json: { n: i } }).text();
  }
  assert.equal(reads.length, 10);
});

test("writes: the head of a streamed body leaves before its first byte is there", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  let length = 0;
  world.server.script(async (connection) => {
    const head = await connection.readHead();
    gate.open(); // only now may the body come
    length = (await connection.readBody(head)).body.length;
    await connection.replyOk("ok");
  });
  async function* source(): AsyncGenerator<Uint8Array> {
    await gate.promise;
    yield Buffer.from("late");
  }
  assert.equal(await clientOf(world.transport()).post(world.server.url(), { body: source() }).text(), "ok");
  assert.equal(length, 4);
});

test("writes: each piece of a slow stream leaves when it is there", async () => {
  await using world = await World.start();
  const pieces = ["one", "two", "three"];
  const arrived = pieces.map(() => world.server.gate());
  world.server.script(async (connection) => {
    await connection.readHead();
    for (const [index, piece] of pieces.entries()) {
      await connection.expect(`${piece.length.toString(16)}\r\n${piece}\r\n`);
      arrived[index]?.open();
    }
    await connection.expect("0\r\n\r\n");
    await connection.replyOk("ok");
    await connection.stall();
  });
  async function* source(): AsyncGenerator<Uint8Array> {
    for (const [index, piece] of pieces.entries()) {
      yield Buffer.from(piece);
      await arrived[index]?.promise;
    }
  }
  assert.equal(await clientOf(world.transport()).post(world.server.url(), { body: source() }).text(), "ok");
});

test("writes: order and case of header fields are kept, and the Request's own headers are not touched", async () => {
  await using world = await World.start();
  let headers: readonly string[] = [];
  world.server.script(async (connection) => {
    for await (const request of connection.eachRequest()) {
      ({ headers } = request);
      await connection.replyOk("ok");
    }
  });
  const request = new Request(world.server.url(), {
    method: "POST",
    body: "x",
    headers: [
      ["X-Zebra", "1"],
      ["x-apple", "2"],
      ["X-ZEBRA", "3"],
    ],
  });
  const before = [...request.headers];
  const client = clientOf(world.transport());
  for (let i = 0; i < 2; i += 1) await (await client.do(request)).text();
  const given = headers.filter((_, index) => /^x-/i.test(headers[index - (index % 2)] as string));
  assert.deepEqual(given, ["X-Zebra", "1", "x-apple", "2", "X-ZEBRA", "3"]);
  assert.deepEqual([...request.headers], before);
  assert.equal(headers.filter((name) => name.toLowerCase() === "host").length, 1);
  assert.equal(headers.filter((name) => name.toLowerCase() === "content-length").length, 1);
});

test("the founding code: one connection for any number of calls, one content-type, and the data", async () => {
  const { Client } = await import("../../src/index.js");
  await using world = await World.start();
  const seen: (readonly [string | undefined, string])[] = [];
  world.server.script(async (connection) => {
    for await (const request of connection.eachRequest()) {
      seen.push([request.header("content-type"), request.body.toString()]);
      await connection.replyOk("ok");
    }
  });
  const transport = world.transport();
  const url = world.server.url();
  for (let i = 0; i < 20; i += 1) {
    const client = new Client({ transport, timeout: 5 * 1000 }); // one per task, on purpose
    const values = new URLSearchParams();
    values.append("data", `value ${i}`);
    const request = new Request(url, { method: "POST", body: values.toString() });
    request.headers.set("content-type", "application/x-www-form-urlencoded");
    const response = await client.do(request);
    assert.equal(await response.text(), "ok");
  }
  await new Client({ transport }).post(url, { form: { data: "short form" } }).text();
  assert.equal(world.server.connections, 1);
  assert.deepEqual(seen[3], ["application/x-www-form-urlencoded", "data=value+3"]);
  assert.deepEqual(seen.at(-1), ["application/x-www-form-urlencoded", "data=short+form"]);
  assert.ok(seen.every(([type]) => type === "application/x-www-form-urlencoded"));
});
