import assert from "node:assert/strict";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { Client, type Response, Transport } from "../../src/index.js";
import { byHand } from "../../src/testing/index.js";
import { clientOf, closedOnes, fetched, rejection, turn, turns, until, World } from "./support.js";

const KIB = 1024;

async function workers(count: number, each: number, work: () => Promise<unknown>): Promise<void> {
  const one = async (): Promise<void> => {
    for (let i = 0; i < each; i += 1) await work();
  };
  await Promise.all(Array.from({ length: count }, one));
}

for (const [name, read] of [
  ["read as text", (response: Response) => response.text()],
  ["never read", () => Promise.resolve("")],
  ["closed", (response: Response) => response.close()],
] as const) {
  test(`reuse: 200 sequential requests use exactly one connection, small bodies ${name}`, async () => {
    await using world = await World.start();
    const client = clientOf(world.transport());
    await workers(1, 200, async () => read(await client.get(world.server.url())));
    assert.equal(world.server.connections, 1);
    assert.equal(world.server.requests, 200);
  });

  test(`reuse: 10 workers use exactly ten connections, small bodies ${name}`, async () => {
    const gateless = { script: byHand };
    await using world = await World.start(gateless);
    // Answers only when all ten are there for the first time, so that ten are needed.
    const all = world.server.gate();
    world.server.script([{ repeat: ["readRequest", { wait: all }, { replyOk: "ok" }] }]);
    const client = clientOf(world.transport());
    const done = workers(10, 50, async () => read(await client.get(world.server.url())));
    await world.server.waitForRequests(10);
    all.open();
    await done;
    assert.equal(world.server.connections, 10);
    assert.equal(world.server.requests, 500);
  });
}

test("reuse: a client per request shares the connection of the transport, POST too", async () => {
  await using world = await World.start();
  const transport = world.transport();
  for (let i = 0; i < 50; i += 1) {
    const client = new Client({ transport, timeout: 5000 });
    assert.equal(await client.post(world.server.url(), { form: { data: String(i) } }).text(), "ok");
  }
  assert.equal(world.server.connections, 1);
});

test("reuse: a connection is back in the pool before the end of the body can be seen", async () => {
  await using world = await World.start({
    script: async (connection) => {
      for await (const _ of connection.eachRequest()) {
        await connection.reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        await turn();
        await connection.reply("0\r\n\r\n");
      }
    },
  });
  const transport = world.transport();
  const client = clientOf(transport);
  for (let i = 0; i < 20; i += 1) {
    const response = await client.get(world.server.url());
    for await (const chunk of response) assert.equal(Buffer.from(chunk).toString(), "abc");
    assert.equal(transport.snapshot().totals.idle, 1);
  }
  assert.equal(world.server.connections, 1);
});

test("reuse: a waiter takes the connection that comes free first, and its own dial goes idle (late binding)", async () => {
  await using world = await World.start();
  const answer = world.server.gate();
  const dialing = world.server.gate();
  let dials = 0;
  const transport = world.transport({
    dial: async ({ port, host }) => {
      if (++dials === 2) await dialing.promise;
      return connect({ port, host });
    },
  });
  world.server.onConnection(1, [{ repeat: ["readRequest", { wait: answer }, { replyOk: "ok" }] }]);
  const first = fetched(transport, world.server.url("/1"));
  await world.server.waitForRequests(1);
  const second = clientOf(transport).get(world.server.url("/2"));
  await until(() => dials === 2, "the second dial");
  answer.open();
  await first;
  const response = await second;
  assert.equal(response.connection.requestNumber, 2);
  const dial = { connection: transport.connections()[1]?.id, reason: "all-busy" };
  assert.deepEqual(response.why().dial, { ...dial, fate: "pending" });
  dialing.open();
  await until(() => transport.snapshot().totals.idle === 2, "two idle connections");
  assert.deepEqual(response.why().dial, { ...dial, fate: "went-idle" });
  assert.equal(transport.snapshot().totals.closed, 0);
});

test("reuse: a decision says how long its request waited for its connection", async () => {
  await using world = await World.start();
  const answer = world.server.gate();
  world.server.script([{ repeat: ["readRequest", { wait: answer }, { replyOk: "ok" }] }]);
  const transport = world.stepped({ maxConnectionsPerOrigin: 1 });
  const first = clientOf(transport).get(world.server.url("/1"));
  await world.server.waitForRequests(1);
  const second = clientOf(transport).get(world.server.url("/2"));
  await until(() => transport.snapshot().totals.waiting === 1, "the second request");
  world.clock.advance(123.25);
  answer.open();
  assert.equal((await first).why().waited, undefined, "its own dial took no time on this clock");
  const { waited, reused } = (await second).why();
  assert.deepEqual([waited, reused], [123.25, true]);
});

test("reuse: the idle connection used last is taken first", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  world.server.script([{ repeat: ["readRequest", { wait: gate }, { replyOk: "ok" }] }]);
  const transport = world.transport();
  const client = clientOf(transport);
  const both = [client.get(world.server.url()), client.get(world.server.url())];
  await world.server.waitForRequests(2);
  gate.open();
  await Promise.all(both);
  const ids = new Set<number>();
  for (let i = 0; i < 10; i += 1) ids.add((await client.get(world.server.url())).connection.id);
  assert.equal(ids.size, 1);
});

test("unread body: one of 64 KiB is read ahead and its connection released at once", async () => {
  await using world = await World.start({
    script: [{ repeat: ["readRequest", { replyOk: Buffer.alloc(64 * KIB - 1, "a") }] }],
  });
  const transport = world.transport();
  const response = await clientOf(transport).get(world.server.url());
  await until(() => transport.snapshot().totals.idle === 1, "the connection to be idle");
  await fetched(transport, world.server.url());
  assert.equal(world.server.connections, 1);
  assert.equal((await response.bytes()).length, 64 * KIB - 1);
});

test("unread body: a larger one holds its connection and stops the server by back-pressure", async () => {
  await using world = await World.start({
    script: async (connection) => {
      await connection.readRequest();
      await connection.reply("HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n");
      await connection.reply(Buffer.alloc(64 * 1024 * KIB, "a")).catch(() => undefined);
    },
  });
  const transport = world.transport();
  const response = await clientOf(transport).get(world.server.url());
  await turns(50);
  assert.equal(transport.snapshot().totals.active, 1);
  const record = transport.connections()[0];
  assert.ok((record?.bytesRead ?? 0) < 512 * KIB, `${record?.bytesRead} bytes were read`);
  assert.equal((await response.bytes()).length, 64 * 1024 * KIB);
  assert.equal(transport.snapshot().totals.idle, 1);
});

for (const [framing, head, rest] of [
  ["Content-Length", `Content-Length: ${200 * KIB}`, Buffer.alloc(200 * KIB - 3, "b")],
  ["chunked", "Transfer-Encoding: chunked", undefined],
] as const) {
  test(`Response.close: a short rest (${framing}) is read and the connection kept`, async () => {
    await using world = await World.start();
    const gate = world.server.gate();
    world.server.onConnection(1, async (connection) => {
      await connection.readRequest();
      await connection.reply(
        `HTTP/1.1 200 OK\r\n${head}\r\n\r\n${rest === undefined ? "3\r\nabc\r\n" : "abc"}`,
      );
      await gate.promise;
      await connection.reply(rest ?? "4\r\nmore\r\n0\r\n\r\n");
      for await (const _ of connection.eachRequest()) await connection.replyOk("ok");
    });
    const transport = world.stepped();
    const response = await clientOf(transport).get(world.server.url());
    const closing = response.close();
    const again = response.close();
    gate.open();
    await Promise.all([closing, again]);
    assert.equal(transport.snapshot().totals.idle, 1);
    assert.equal(await fetched(transport, world.server.url()), "ok");
    assert.equal(world.server.connections, 1);
  });
}

test("Response.close: more than 256 KiB of a chunked rest costs the connection", async () => {
  await using world = await World.start({
    script: async (connection) => {
      await connection.readRequest();
      await connection.reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      const chunk = `10000\r\n${"a".repeat(65_536)}\r\n`;
      while (connection.socket.writable) await connection.reply(chunk);
    },
  });
  const transport = world.stepped();
  await (await clientOf(transport).get(world.server.url())).close();
  const [record] = await closedOnes(transport, 1);
  assert.equal(record?.closed?.reason, "body-unread");
  assert.match(record.closed.evidence, /more than 262144 bytes/);
});

test("Response.close: a rest that takes longer than 50 ms costs the connection", async () => {
  await using world = await World.start({
    script: ["readRequest", { reply: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc" }, "stall"],
  });
  const transport = world.stepped();
  const response = await clientOf(transport).get(world.server.url());
  const closing = response.close();
  world.clock.advance(49);
  assert.equal(transport.snapshot().totals.active, 1);
  world.clock.advance(2);
  await closing;
  const [record] = await closedOnes(transport, 1);
  assert.match(record?.closed?.evidence ?? "", /did not arrive within 50 ms/);
});

test("reuse: bytes after the end of a response close the connection, and the next request dials", async () => {
  await using world = await World.start();
  world.server.onConnection(1, [
    "readRequest",
    { reply: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n" },
    "stall",
  ]);
  const transport = world.transport();
  assert.equal(await fetched(transport, world.server.url()), "ok");
  assert.equal(await fetched(transport, world.server.url()), "ok");
  assert.deepEqual(world.server.connections, 2);
});

test("reuse: bytes on an idle connection close it as unsolicited", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  world.server.onConnection(1, [
    "readRequest",
    { replyOk: "ok" },
    { wait: gate },
    { reply: "HTTP/1.1 200 OK\r\n\r\n" },
    "stall",
  ]);
  const transport = world.transport();
  await fetched(transport, world.server.url());
  gate.open();
  const [record] = await closedOnes(transport, 1);
  assert.equal(record?.closed?.reason, "unsolicited-data");
  assert.match(record.closed.evidence, /19 bytes arrived on an idle connection/);
});

test("reuse: a body whose end comes while reading is paused does not leave its connection deaf", async () => {
  // As a TLS socket does it: what was decrypted already is delivered after `pause`.
  const answer = Buffer.alloc(200 * KIB, "a");
  class Eager extends Duplex {
    override _read(): void {}
    override _write(_chunk: unknown, _encoding: string, done: () => void): void {
      done();
      const head = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n`);
      // Straight to the listeners, which no pause holds back.
      process.nextTick(() => {
        this.emit("data", Buffer.concat([head, answer.subarray(0, 100 * KIB)]));
        this.emit("data", answer.subarray(100 * KIB));
      });
    }
  }
  await using world = await World.start();
  let made: Eager | undefined;
  const transport = world.transport({
    dial: async () => {
      made = new Eager();
      return made;
    },
  });
  const response = await clientOf(transport).get("http://any.test/");
  await turns(2);
  assert.equal(transport.snapshot().totals.idle, 1);
  assert.equal(made?.isPaused(), false);
  assert.equal((await response.bytes()).length, answer.length);
});

test("Keep-Alive: timeout shortens the idle limit by a margin, max counts down", async () => {
  await using world = await World.start({
    script: [{ repeat: ["readRequest", { replyOk: "ok", headers: { "Keep-Alive": "timeout=5, max=2" } }] }],
  });
  const transport = world.stepped();
  await fetched(transport, world.server.url());
  world.clock.advance(3999);
  assert.equal(transport.snapshot().totals.idle, 1);
  world.clock.advance(2);
  const [record] = await closedOnes(transport, 1);
  assert.equal(record?.closed?.reason, "idle-timeout");
  assert.match(record.closed.evidence, /Keep-Alive/);
  const other = world.stepped();
  await fetched(other, world.server.url());
  assert.equal(other.snapshot().totals.idle, 1);
});

test("Keep-Alive: max=0 closes with its response as the server's wish", async () => {
  await using world = await World.start({
    script: [{ repeat: ["readRequest", { replyOk: "ok", headers: { "Keep-Alive": "timeout=5, max=0" } }] }],
  });
  const transport = world.transport();
  await fetched(transport, world.server.url());
  const [record] = await closedOnes(transport, 1);
  assert.deepEqual([record?.closed?.reason, record?.closed?.by], ["max-requests", "server"]);
});

test("reuse: a body that fails leaves other connections and later requests unharmed", async () => {
  await using world = await World.start();
  world.server.onConnection(1, [
    "readRequest",
    { reply: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc" },
    "reset",
  ]);
  const transport = world.transport();
  const error = await rejection(fetched(transport, world.server.url()));
  assert.equal(error["phase"], "body");
  assert.equal(await fetched(transport, world.server.url()), "ok");
});

test("Transport: a new one for each request cannot reuse anything", async () => {
  await using world = await World.start();
  for (let i = 0; i < 3; i += 1) {
    await using transport = new Transport();
    await fetched(transport, world.server.url());
  }
  assert.equal(world.server.connections, 3);
});
