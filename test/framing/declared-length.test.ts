import assert from "node:assert/strict";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Client, Init } from "../../src/index.js";
import { clientOf, rejection, turn, turns, until, World } from "../transport/support.js";
import { ListeningServer } from "./listening-server.js";

// A length that the caller declares for a stream: what is sent obeys it, and the stream is heard to its end or closed.

/** Transports, and a server that answers whole requests and keeps what came. */
async function listening(): Promise<{ world: World; server: ListeningServer } & AsyncDisposable> {
  const world = await World.start();
  const server = await ListeningServer.start();
  return {
    world,
    server,
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** What came, once the connections that carried it are closed. */
async function whatCame(server: ListeningServer, connections: number): Promise<string> {
  await until(() => server.accepted >= connections && server.open === 0, "the end of the connection");
  return server.carried();
}

const declared = (body: NonNullable<Init["body"]>, length: number): Init => ({
  body,
  headers: { "content-length": String(length) },
});

test("a declared length of 0: a file that is empty is read and closed, one that has grown fails unsent", async () => {
  await using both = await listening();
  const { world, server } = both;
  const client = clientOf(world.transport());
  const folder = mkdtempSync(join(tmpdir(), "trunkline-"));
  try {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const empty = createReadStream(file);
    assert.equal(await client.put(server.url, declared(empty, 0)).text(), "ok");
    await until(() => empty.closed, "the end of the file");
    writeFileSync(file, "written since");
    const grown = createReadStream(file);
    const error = await rejection(client.put(server.url, declared(grown, 0)));
    assert.equal(error["code"], "ERR_TRUNKLINE_BODY_LENGTH");
    assert.match(error.message, /Content-Length is 0 but the body has at least 13 bytes/);
    assert.equal(error["bytesWritten"], 0);
    await until(() => grown.closed, "the end of the file");
    assert.doesNotMatch(server.carried(), /written since/);
    assert.equal(server.carried().split("PUT ").length, 2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

for (const [what, pieces, length] of [
  ["of 0", [], 0],
  ["of 5", ["12345"], 5],
] as const) {
  test(`a declared length ${what}: a stream that does not end has 200 ms, then the request is complete and the stream closed`, async () => {
    await using both = await listening();
    const { world, server } = both;
    let cancelled = 0;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(Buffer.from(piece));
      },
      cancel() {
        cancelled += 1;
      },
    });
    const transport = world.stepped();
    const call = clientOf(transport).put(server.url, declared(body, length)).text();
    await until(() => transport.snapshot().totals.active === 1, "the request");
    world.clock.advance(199);
    await turns(5);
    assert.doesNotMatch(server.carried(), length === 0 ? /PUT/ : /12345/);
    world.clock.advance(1);
    assert.equal(await call, "ok");
    await turn();
    assert.equal(cancelled, 1);
    assert.match(
      server.carried(),
      new RegExp(`content-length: ${length}\r\n[\\s\\S]*\r\n\r\n${pieces.join("")}$`),
    );
    assert.equal(transport.snapshot().totals.idle, 1);
  });
}

test("a declared length: once all is written the answer has headersTimeout, not bodyTimeout", async () => {
  await using world = await World.start({ script: async (connection) => connection.stall() });
  const transport = world.stepped({ headersTimeout: 1000, bodyTimeout: 60_000 });
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(Buffer.from("x")),
  });
  const call = rejection(clientOf(transport).put(world.server.url(), declared(body, 1)));
  await until(() => transport.snapshot().totals.active === 1, "the request");
  await turns(5);
  world.clock.advance(200);
  await turns(5);
  world.clock.advance(1000);
  assert.match((await call).message, /headersTimeout of 1000 ms/);
});

test("a declared length: bytes behind it fail the call, and what was declared never looks whole", async () => {
  await using both = await listening();
  const { world, server } = both;
  const later = async function* (): AsyncGenerator<string> {
    yield "GET /1";
    await turns(3);
    yield "GET /admin HTTP/1.1\r\nHost: x\r\n\r\n";
  };
  let calls = 0;
  for (const length of [0, 3, 6, 10]) {
    const error = await rejection(clientOf(world.transport()).delete(server.url, declared(later(), length)));
    assert.equal(error["code"], "ERR_TRUNKLINE_BODY_LENGTH");
    assert.doesNotMatch(await whatCame(server, ++calls), length === 10 ? /admin/ : /GET/);
  }
});

test("a declared length: an answer before the body's end completes the request, and the connection is kept", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  const carried: string[] = [];
  world.server.script(async (connection) => {
    const head = await connection.readHead();
    await connection.replyOk("early");
    carried.push((await connection.readBody(head)).body.toString());
    for await (const _ of connection.eachRequest()) await connection.replyOk("next");
  });
  const body = async function* (): AsyncGenerator<string> {
    yield "12345";
    await gate.promise;
  };
  const client: Client = clientOf(world.transport());
  const made = declared(body(), 5);
  assert.equal(await client.post(world.server.url(), made).text(), "early");
  gate.open();
  assert.equal(await client.get(world.server.url()).text(), "next");
  assert.deepEqual(carried, ["12345"]);
  assert.equal(world.server.connections, 1);
});

test("a source that breaks: thrown at once, later, or at its end, the request never looks whole and says why", async () => {
  await using both = await listening();
  const { world, server } = both;
  const failing = async function* (after: number): AsyncGenerator<string> {
    for (let i = 0; i < after; i++) yield "x";
    throw new Error("the disk is gone");
  };
  let calls = 0;
  for (const after of [0, 1, 2]) {
    for (const headers of [{}, { "content-length": "2" }, { "content-length": "0" }]) {
      const client = clientOf(world.transport());
      const error = await rejection(client.post(server.url, { body: failing(after), headers }));
      const tooLong = Object.values(headers)[0] === "0" && after > 0;
      assert.match(error.message, tooLong ? /Content-Length is 0/ : /the disk is gone/);
      assert.doesNotMatch(await whatCame(server, ++calls), /\r\n0\r\n\r\n|xx/);
      server.clear();
    }
  }
});

const TRAILING: readonly (readonly [what: string, trailers: Init["trailers"], message: RegExp])[] = [
  [
    "throw",
    () => {
      throw new Error("no sum");
    },
    /its trailers cannot be sent: no sum/,
  ],
  [
    "reject",
    async () => {
      throw new Error("no sum");
    },
    /its trailers cannot be sent: no sum/,
  ],
  [
    "are framing",
    () => ({ "Content-Length": "5" }),
    /its trailers cannot be sent: The field content-length cannot be a trailer/i,
  ],
  [
    "are routing",
    async () => ({ HOST: "x" }),
    /its trailers cannot be sent: The field host cannot be a trailer/i,
  ],
  ["hold a line break", () => ({ "X-A": "a\r\nb" }), /its trailers cannot be sent: .*x-a/i],
];
for (const [what, trailers, message] of TRAILING) {
  test(`trailers that ${what} fail the call, and the body never looks whole`, async () => {
    await using both = await listening();
    const { world, server } = both;
    const error = await rejection(
      clientOf(world.transport()).post(server.url, {
        body: "abc",
        trailers: trailers as NonNullable<typeof trailers>,
      }),
    );
    assert.equal(error["code"], "ERR_TRUNKLINE_REQUEST_BODY");
    assert.match(error.message, message);
    assert.match(await whatCame(server, 1), /3\r\nabc\r\n$/);
  });
}

test("trailers are announced by the names they have when the call is made, and need a body", async () => {
  await using both = await listening();
  const { world, server } = both;
  const client = clientOf(world.transport());
  const trailers: Record<string, string> = { "X-Sum": "1" };
  const call = client.post(server.url, { body: "abc", trailers });
  trailers["Content-Length"] = "7";
  await call.text();
  assert.match(server.carried(), /\r\nTrailer: X-Sum\r\n[\s\S]*\r\n0\r\nX-Sum: 1\r\n\r\n$/);
  await client.post(server.url, {
    body: "abc",
    headers: { trailer: "X-Late" },
    trailers: () => ({ "X-Late": "2" }),
  });
  assert.match(server.carried(), /\r\ntrailer: X-Late\r\n[\s\S]*\r\n0\r\nX-Late: 2\r\n\r\n$/);
  for (const method of ["GET", "POST"]) {
    const error = await rejection(client.fetch(server.url, { method, trailers: { "X-A": "1" } }));
    assert.ok(error instanceof TypeError);
    assert.match(error.message, /Cannot send trailers without a body/);
  }
});
