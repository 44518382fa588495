import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import {
  byHand,
  type Fault,
  FaultProxy,
  type FaultProxyOptions,
  randomFault,
  seededRandom,
  WireServer,
} from "./index.js";

const SENT = "0123456789abcdef";

interface Seen {
  /** What the client received, and how it ended. */
  readonly text: string;
  readonly chunks: number;
  readonly end: string;
}

const talk = async (port: number, sent = "hello"): Promise<Seen> => {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  let text = "";
  let chunks = 0;
  let end = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    chunks += 1;
  });
  socket.on("end", () => {
    end ||= "end";
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    end = error.code ?? error.message;
  });
  socket.write(sent);
  await once(socket, "close").catch(() => once(socket, "close"));
  return { text, chunks, end };
};

/** Runs a connection through the proxy to a server that reads `hello`, answers and closes. */
const through = async (
  faults: Fault,
  options: Partial<FaultProxyOptions> = {},
): Promise<Seen & { proxy: FaultProxy }> => {
  const server = await WireServer.start({
    script: async (connection) => {
      await connection.expect((bytes) => bytes.length >= 5).catch(() => {});
      await connection.reply(SENT);
      await connection.end();
    },
  });
  const proxy = await FaultProxy.start({ target: server.port, faults, ...options });
  try {
    return { ...(await talk(proxy.port)), proxy };
  } finally {
    await proxy.close();
    await server.close();
  }
};

test("FaultProxy: without a fault everything passes, and is counted", async () => {
  const { text, end, proxy } = await through({});
  assert.deepEqual([text, end], [SENT, "end"]);
  assert.deepEqual([proxy.connections, proxy.open, proxy.bytesUp, proxy.bytesDown], [1, 0, 5, 16]);
  assert.deepEqual(
    proxy.log.map(({ event }) => event),
    ["accepted", "closed"],
  );
});

test("FaultProxy: a limit downwards ends, resets or half-closes after exactly so many bytes", async () => {
  for (let bytes = 1; bytes <= SENT.length; bytes += 5) {
    for (const [action, end] of [
      ["end", "end"],
      ["reset", "ECONNRESET"],
      ["half-close", "end"],
    ] as const) {
      const seen = await through({ down: { limit: { bytes, action } } });
      assert.deepEqual([seen.text, seen.end], [SENT.slice(0, bytes), end], `${action} after ${bytes}`);
      assert.equal(seen.proxy.log[1]?.event, "limit-down");
      assert.equal(seen.proxy.log[1]?.detail, action);
    }
  }
});

test("FaultProxy: a limit of 0 bytes acts at the first byte and keeps it", async () => {
  const seen = await through({ down: { limit: { bytes: 0, action: "reset" } } });
  assert.deepEqual([seen.text, seen.end], ["", "ECONNRESET"]);
});

const dial = async (port: number): Promise<Socket> => {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true, allowHalfOpen: true });
  await once(socket, "connect");
  return socket.resume();
};

test("FaultProxy: a half-close upwards ends the target's reading, and its answer still comes", async () => {
  await using server = await WireServer.start({ script: byHand, halfOpen: true });
  await using proxy = await FaultProxy.start({
    target: server.port,
    faults: { up: { limit: { bytes: 3, action: "half-close" } } },
  });
  const socket = await dial(proxy.port);
  socket.write("abcdef");
  const connection = await server.connection(1);
  await connection.stall();
  assert.equal(connection.unread.toString(), "abc");
  const answer = once(socket, "data");
  await connection.reply("still");
  assert.equal(String(((await answer) as [Buffer])[0]), "still");
});

test("FaultProxy: a stall and a black hole keep the connection open and pass nothing more", async () => {
  await using server = await WireServer.start({ script: [{ reply: SENT }, "stall"] });
  await using proxy = await FaultProxy.start({
    target: server.port,
    faults: { down: { limit: { bytes: 4, action: "stall" } } },
  });
  const stalled = await dial(proxy.port);
  const [first] = (await once(stalled, "data")) as [Buffer];
  assert.equal(first.toString(), "0123");
  proxy.faults({ blackHole: true });
  const lost = await dial(proxy.port);
  await new Promise<void>((resolve) => lost.write("hello", () => resolve()));
  assert.equal(proxy.open, 2);
  assert.equal(server.connections, 1);
  assert.deepEqual([stalled.readableEnded, lost.readableEnded, lost.bytesRead], [false, false, 0]);
  lost.end();
  await once(lost, "close");
  stalled.end();
  await once(stalled, "close");
  await server.waitForOpen(0);
});

test("FaultProxy: slices, delays and a rate change when bytes come, never which", async () => {
  const sliced = await through({ down: { slice: 1 }, up: { slice: 2 } });
  assert.deepEqual([sliced.text, sliced.end], [SENT, "end"]);
  assert.ok(sliced.chunks > 1, `${sliced.chunks} chunks`);
  const startedAt = performance.now();
  const slow = await through({ up: { delay: 10 }, down: { delay: 10, jitter: 5, slice: 4, rate: 2000 } });
  assert.deepEqual([slow.text, slow.end], [SENT, "end"]);
  assert.ok(performance.now() - startedAt >= 26);
});

test("FaultProxy: reset at once, refused, and a target that is not there", async () => {
  assert.match((await through({ reset: true })).end, /ECONNRESET|EPIPE/);
  const server = await WireServer.start({ script: [{ reply: "x" }, "end"] });
  const proxy = await FaultProxy.start({ target: server.port });
  await proxy.refuse();
  assert.equal((await talk(proxy.port)).end, "ECONNREFUSED");
  await proxy.accept();
  assert.equal((await talk(proxy.port)).text, "x");
  await server.close();
  assert.match((await talk(proxy.port)).end, /ECONNRESET|EPIPE/);
  assert.ok(proxy.log.some(({ event, detail }) => event === "target-failed" && detail === "ECONNREFUSED"));
  await proxy.close();
});

test("FaultProxy: a reset by the peer passes to the other side", async () => {
  await using server = await WireServer.start({ script: byHand });
  await using proxy = await FaultProxy.start({ target: server.port });
  const socket = await dial(proxy.port);
  socket.on("error", () => {});
  const connection = await server.connection(1);
  socket.resetAndDestroy();
  assert.equal(await connection.closed, "reset");
});

test("FaultProxy: a large transfer meets back-pressure and arrives whole", async () => {
  const large = Buffer.alloc(8 << 20, SENT);
  await using server = await WireServer.start({ script: byHand });
  await using proxy = await FaultProxy.start({ target: server.port });
  const socket = await dial(proxy.port);
  const connection = await server.connection(1);
  socket.pause();
  const replied = connection.reply(large).then(() => connection.end());
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(proxy.bytesDown < large.length);
  let received = 0;
  for await (const chunk of socket) received += (chunk as Buffer).length;
  socket.end();
  await replied;
  assert.equal(received, large.length);
});

test("randomFault: the same seed draws the same faults, and every kind is drawn", () => {
  const draw = (seed: number): Fault[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 500 }, () => randomFault(random));
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
  const text = JSON.stringify(draw(7));
  for (const kind of [
    "{}",
    "blackHole",
    '"reset":true',
    "delay",
    "slice",
    "rate",
    '"stall"',
    '"half-close"',
    '"end"',
  ]) {
    assert.ok(text.includes(kind), kind);
  }
});

test("seededRandom: is uniform in [0, 1)", () => {
  const random = seededRandom(3);
  const counts = Array.from({ length: 10 }, () => 0);
  for (let draw = 0; draw < 10_000; draw += 1) {
    const bucket = Math.floor(random() * 10);
    counts[bucket] = (counts[bucket] ?? Number.NaN) + 1;
  }
  for (const count of counts) assert.ok(count > 850 && count < 1150, String(counts));
});
