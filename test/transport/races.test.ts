import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { createAuthority } from "../../src/testing/index.js";
import { block, clientOf, fetched, turn, turns, until, World } from "./support.js";

const MIB = 1024 * 1024;
const authority = createAuthority();
const issued = authority.issue({ names: ["127.0.0.1"] });
const certificate = { key: issued.key, cert: issued.cert };

for (const wire of ["plain TCP", "TLS"] as const) {
  test(`Go TestTransportPrefersResponseOverWriteError: 100 PUTs of 2 MiB answered 400 unread give the 400 over ${wire}`, async () => {
    await using world = await World.start({
      ...(wire === "TLS" ? { tls: certificate } : {}),
      script: async (connection) => {
        await connection.readHead();
        await connection.reply(
          "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!",
        );
        await connection.end();
      },
    });
    const transport = world.transport({ tls: { ca: authority.cert } });
    const body = Buffer.alloc(2 * MIB, "a");
    for (let i = 0; i < 100; i += 1) {
      const response = await clientOf(transport).put(world.server.url(), { body });
      assert.equal(response.status, 400);
      assert.equal(await response.text(), "no!");
    }
    assert.equal(transport.snapshot().totals.active, 0);
  });
}

test("early response: a streamed upload is stopped by it, its source cancelled once", async () => {
  await using world = await World.start({
    script: async (connection) => {
      await connection.readHead();
      await connection.reply("HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nwho?");
      await connection.stall();
    },
  });
  let cancelled = 0;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(Buffer.from("first")),
    cancel: () => {
      cancelled += 1;
    },
  });
  const response = await clientOf(world.transport()).post(world.server.url(), { body });
  assert.equal(await response.text(), "who?");
  await turn();
  assert.equal(cancelled, 1);
});

test("early response: a request whose declared bytes are all written does not cost its connection", async () => {
  await using world = await World.start();
  let cancelled = 0;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(Buffer.from("12345")), // and never says that this is all
    cancel: () => {
      cancelled += 1;
    },
  });
  const transport = world.stepped();
  const call = clientOf(transport).post(world.server.url(), { body, headers: { "content-length": "5" } });
  await until(() => world.server.connections === 1, "the request");
  await turns(5);
  world.clock.advance(200);
  assert.equal((await call).status, 200);
  assert.equal(transport.snapshot().totals.idle, 1);
  await turn();
  assert.equal(cancelled, 1);
  await fetched(transport, world.server.url());
  assert.equal(world.server.connections, 1);
});

// ── liveness ───────────────────────────────────────────────────────────────────────────────────────────────────

/** A server in a thread of its own: it ends each connection so long after its last answer, however busy we are. */
const SHORT_LIVED = `
const { parentPort, workerData } = require("node:worker_threads");
let connections = 0;
const { tls, closes } = workerData;
const { createServer } = require(tls === undefined ? "node:net" : "node:tls");
const server = createServer({ noDelay: true, ...tls }, (socket) => {
  connections += 1;
  let timer;
  let text = "";
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    for (;;) {
      const head = text.indexOf("\\r\\n\\r\\n");
      if (head < 0) return;
      const length = Number(/content-length: (\\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
      if (text.length < head + 4 + length) return;
      text = text.slice(head + 4 + length);
      clearTimeout(timer);
      socket.write("HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok");
      timer = setTimeout(() => {
        // Told when the end is in the kernel, so that whoever blocks its own loop can wait for just that.
        socket.end(() => {
          Atomics.add(closes, 0, 1);
          Atomics.notify(closes, 0);
        });
      }, workerData.idle);
    }
  });
});
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
parentPort.on("message", () => parentPort.postMessage(connections));
`;

interface ShortLived extends AsyncDisposable {
  readonly url: string;
  connections(): Promise<number>;
  /** Blocks the event loop until the server has ended one more connection than it had at the last call. */
  blockUntilItCloses(): void;
}

async function shortLived(idle: number, tls?: typeof certificate): Promise<ShortLived> {
  const closes = new Int32Array(new SharedArrayBuffer(4));
  let seen = 0;
  const worker = new Worker(SHORT_LIVED, { eval: true, workerData: { idle, tls, closes } });
  const next = (): Promise<number> => new Promise((resolve) => worker.once("message", resolve));
  const port = await next();
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}/`,
    connections: () => {
      const answer = next();
      worker.postMessage("count");
      return answer;
    },
    blockUntilItCloses: () => {
      assert.notEqual(Atomics.wait(closes, 0, seen, 10_000), "timed-out", "the server did not close");
      seen = Atomics.load(closes, 0);
    },
    [Symbol.asyncDispose]: async () => {
      await worker.terminate();
    },
  };
}

/** As many requests as fit into some seconds; the full thousand of the promise with TRUNKLINE_SOAK=1. */
const STALLED_REQUESTS = process.env["TRUNKLINE_SOAK"] === "1" ? 1000 : 60;

test("liveness: 0 requests fail that follow a stall in which the server closed, POST included", async () => {
  await using server = await shortLived(60);
  await using world = await World.start();
  const transport = world.transport();
  const client = clientOf(transport);
  const failures: string[] = [];
  for (let i = 0; i < STALLED_REQUESTS; i += 1) {
    if (i % 10 !== 0) server.blockUntilItCloses();
    try {
      const call = i % 2 === 0 ? client.post(server.url, { body: "x" }) : client.get(server.url);
      assert.equal(await call.text(), "ok");
    } catch (error) {
      failures.push(String(error));
    }
  }
  assert.deepEqual(failures, []);
  assert.equal(transport.recording().exchanges.filter((one) => one.outcome === "retried").length, 0);
});

test("liveness: over TLS, too", async () => {
  await using server = await shortLived(60, certificate);
  await using world = await World.start();
  const transport = world.transport({ tls: { ca: authority.cert } });
  const client = clientOf(transport);
  for (let i = 0; i < 30; i += 1) {
    assert.equal(await client.post(server.url, { body: "x" }).text(), "ok");
    server.blockUntilItCloses();
  }
  assert.equal(transport.recording().exchanges.filter((one) => one.outcome === "retried").length, 0);
});

test("liveness: without stalls 200 sequential requests use exactly one connection, 10 workers exactly ten", async () => {
  await using server = await shortLived(10_000);
  await using world = await World.start();
  const sequential = clientOf(world.transport());
  for (let i = 0; i < 200; i += 1) await sequential.post(server.url, { body: "x" }).text();
  assert.equal(await server.connections(), 1);
  const parallel = clientOf(world.transport());
  const worker = async (): Promise<void> => {
    for (let i = 0; i < 100; i += 1) await parallel.post(server.url, { body: "x" }).text();
  };
  await Promise.all(Array.from({ length: 10 }, worker));
  assert.equal(await server.connections(), 11);
});

test("liveness: a request right after an answer that a stall delayed is checked too", async () => {
  await using server = await shortLived(60);
  await using world = await World.start();
  const transport = world.transport();
  const client = clientOf(transport);
  for (let i = 0; i < 10; i += 1) {
    const pending = client.get(server.url).text();
    await until(() => transport.snapshot().totals.active === 1, "the request to be out");
    block(100); // the answer and the close behind it are in the kernel now
    assert.equal(await pending, "ok");
    assert.equal(await client.post(server.url, { body: "x" }).text(), "ok");
    transport.closeIdle();
  }
});

test("upload: a source that has more to do after its last byte is left to finish, and not cut off", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  let finished = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("12345");
    await gate.promise;
    finished = true;
  }
  const headers = { "content-length": "5" };
  const transport = world.transport();
  await clientOf(transport).post(world.server.url(), { body: source(), headers }).text();
  assert.equal(transport.snapshot().totals.idle, 1);
  gate.open();
  await until(() => finished, "the source to finish");
});
