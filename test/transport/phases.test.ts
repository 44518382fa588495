import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { type Init, TimeoutError, type Transport, type TransportOptions } from "../../src/index.js";
import type { WireScript, WireServer } from "../../src/testing/index.js";
import { clientOf, fetched, rejection, turn, turns, until, World } from "./support.js";

// Aborts and time limits, in each phase of a call. What must be true after each: the call has ended with the right
// error, nothing of it is left, and the transport serves the next request.

interface Phase {
  readonly name: string;
  readonly options?: TransportOptions;
  readonly script?: WireScript;
  /** Begins the call in the phase and resolves when it is there. */
  begin(world: World, transport: Transport, init: Init): Promise<{ readonly call: Promise<unknown> }>;
  /** What is left of connections after an abort: closed, or none. */
  readonly closes: boolean;
}

const HEAD_AND_SOME = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nabc";

const requested = async (server: WireServer): Promise<void> => server.waitForRequests(1);

/** A body that gives a little and then nothing. */
const stuck = (): ReadableStream<Uint8Array> =>
  new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from("a")) });

const PHASES: readonly Phase[] = [
  {
    name: "dns",
    options: { lookup: () => undefined },
    closes: false,
    begin: async (_world, transport, init) => ({ call: clientOf(transport).get("http://never.test/", init) }),
  },
  {
    name: "connect",
    options: { dial: () => new Promise(() => undefined) },
    closes: false,
    begin: async (world, transport, init) => ({ call: clientOf(transport).get(world.server.url(), init) }),
  },
  {
    name: "tls",
    closes: false,
    begin: async (world, transport, init) => {
      const call = clientOf(transport).get(world.server.url().replace("http:", "https:"), init);
      await world.server.waitForConnections(1);
      return { call };
    },
    script: ["stall"],
  },
  {
    name: "queue",
    options: { maxConnectionsPerOrigin: 1 },
    script: [{ reply: "" }, "stall"],
    closes: false,
    begin: async (world, transport, init) => {
      void clientOf(transport)
        .get(world.server.url())
        .catch(() => undefined);
      await world.server.waitForConnections(1);
      return { call: clientOf(transport).get(world.server.url(), init) };
    },
  },
  {
    name: "write",
    script: async (connection) => {
      await connection.readHead();
      await connection.stall();
    },
    closes: true,
    begin: async (world, transport, init) => {
      const call = clientOf(transport).post(world.server.url(), { ...init, body: stuck() });
      await requested(world.server);
      return { call };
    },
  },
  {
    name: "headers",
    script: ["readRequest", "stall"],
    closes: true,
    begin: async (world, transport, init) => {
      const call = clientOf(transport).get(world.server.url(), init);
      await requested(world.server);
      return { call };
    },
  },
  {
    name: "headers, after a 1xx",
    script: ["readRequest", { reply: "HTTP/1.1 103 Early Hints\r\n\r\n" }, "stall"],
    closes: true,
    begin: async (world, transport, init) => {
      let seen = false;
      const onInformational = (): void => {
        seen = true;
      };
      const call = clientOf(transport).get(world.server.url(), { ...init, onInformational });
      await until(() => seen, "the 103");
      return { call };
    },
  },
  {
    name: "body, read as text",
    script: ["readRequest", { reply: HEAD_AND_SOME }, "stall"],
    closes: true,
    begin: async (world, transport, init) => ({
      call: (await clientOf(transport).get(world.server.url(), init)).text(),
    }),
  },
  {
    name: "body, being iterated",
    script: ["readRequest", { reply: HEAD_AND_SOME }, "stall"],
    closes: true,
    begin: async (world, transport, init) => {
      const response = await clientOf(transport).get(world.server.url(), init);
      const iterate = async (): Promise<void> => {
        for await (const chunk of response) assert.equal(Buffer.from(chunk).toString(), "abc");
      };
      return { call: iterate() };
    },
  },
  {
    name: "body, as a stream",
    script: ["readRequest", { reply: HEAD_AND_SOME }, "stall"],
    closes: true,
    begin: async (world, transport, init) => {
      const response = await clientOf(transport).get(world.server.url(), init);
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      await reader.read();
      return { call: reader.read() };
    },
  },
];

/** Long enough for a busy machine to reach the phase in. */
const LIMIT = 250;

for (const phase of PHASES) {
  test(`abort in phase ${phase.name}: rejects at once with the signal's reason and leaves nothing`, async () => {
    await using world = await World.start(phase.script === undefined ? {} : { script: phase.script });
    const transport = world.transport(phase.options);
    const abort = new AbortController();
    const { call } = await phase.begin(world, transport, { signal: abort.signal });
    const failed = rejection(call);
    await turn();
    const reason = new Error(`enough of ${phase.name}`);
    abort.abort(reason);
    assert.equal(await failed, reason);
    await turns(2);
    if (phase.closes) {
      assert.equal(transport.snapshot().totals.active, 0);
      assert.equal(transport.connections()[0]?.closed?.reason, "aborted");
      await world.server.waitForOpen(0);
    }
    const outcome = transport.recording().exchanges.at(-1)?.outcome;
    assert.equal(outcome, "cancelled");
  });

  test(`timeout in phase ${phase.name}: rejects at its limit, naming where the time went`, async () => {
    await using world = await World.start(phase.script === undefined ? {} : { script: phase.script });
    const transport = world.transport(phase.options);
    const begun = performance.now();
    const { call } = await phase.begin(world, transport, { timeout: LIMIT });
    const error = await rejection(call);
    const took = performance.now() - begun;
    assert.ok(error instanceof TimeoutError, String(error));
    assert.equal(error.timeout, "timeout");
    assert.equal(error.milliseconds, LIMIT);
    assert.match(error.message, /took longer than its timeout of 250 ms \(.*\d+ ms/);
    assert.ok(took >= LIMIT - 1, `${took} ms`);
    if (phase.closes) {
      assert.equal(transport.snapshot().totals.active, 0);
      await world.server.waitForOpen(0);
      assert.equal(transport.connections()[0]?.closed?.reason, "timeout");
    }
  });
}

test("timeout: a 100 ms limit fires within 20 ms", async () => {
  await using world = await World.start({ script: ["readRequest", "stall"] });
  const client = clientOf(world.transport());
  const late: number[] = [];
  for (let i = 0; i < 10; i += 1) {
    const begun = performance.now();
    await rejection(client.get(world.server.url(), { timeout: 100 }));
    late.push(performance.now() - begun - 100);
  }
  // The best of ten: what is late on a busy machine is the machine.
  assert.ok(Math.min(...late) < 20, `${late.join(", ")} ms late`);
});

test("abort: a signal that is aborted already rejects without a dial, and cancels the body", async () => {
  await using world = await World.start();
  const transport = world.transport();
  const reason = new Error("before it began");
  let cancelled: unknown;
  const body = new ReadableStream<Uint8Array>({
    cancel: (why: unknown) => {
      cancelled = why;
    },
  });
  const call = clientOf(transport).post(world.server.url(), { body, signal: AbortSignal.abort(reason) });
  assert.equal(await rejection(call), reason);
  await turn();
  assert.equal(cancelled, reason);
  assert.equal(transport.snapshot().totals.dialing, 0);
  assert.equal(transport.connections().length, 0);
});

test("abort: after the response is complete it changes nothing, and no listener stays on the signal", async () => {
  await using world = await World.start();
  const transport = world.transport();
  const abort = new AbortController();
  let listeners = 0;
  const { signal } = abort;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = ((...args: Parameters<typeof add>) => {
    listeners += 1;
    add(...args);
  }) as typeof add;
  signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...args);
  }) as typeof remove;
  for (let i = 0; i < 5; i += 1) {
    const response = await clientOf(transport).get(world.server.url(), { signal });
    assert.equal(await response.text(), "ok");
  }
  assert.equal(listeners, 0);
  abort.abort();
  await turn();
  assert.equal(transport.snapshot().totals.idle, 1);
});

test("abort: of one call leaves the call that gets its connection next alone", async () => {
  await using world = await World.start();
  const transport = world.transport({ maxConnectionsPerOrigin: 1 });
  for (let i = 0; i < 20; i += 1) {
    const abort = new AbortController();
    const first = clientOf(transport).get(world.server.url(), { signal: abort.signal });
    const second = fetched(transport, world.server.url());
    await first;
    abort.abort();
    assert.equal(await second, "ok");
  }
});

test("abort: the dial goes on for the others, or to be idle", async () => {
  await using world = await World.start();
  const transport = world.transport();
  const abort = new AbortController();
  const call = clientOf(transport).get(world.server.url(), { signal: abort.signal });
  abort.abort();
  await rejection(call);
  await until(() => transport.snapshot().totals.idle === 1, "the dial to go idle");
  assert.equal(await fetched(transport, world.server.url()), "ok");
  assert.equal(world.server.connections, 1);
});

// ── the transport's own limits ─────────────────────────────────────────────────────────────────────────────────

const LIMITS: readonly {
  readonly name: string;
  readonly limit: "connectTimeout" | "tlsTimeout" | "headersTimeout" | "bodyTimeout";
  readonly phase: string;
  readonly like: string;
  readonly options?: TransportOptions;
}[] = [
  {
    name: "connectTimeout, resolving",
    limit: "connectTimeout",
    phase: "dns",
    like: "dns",
    options: { lookup: () => undefined },
  },
  { name: "connectTimeout, connecting", limit: "connectTimeout", phase: "connect", like: "connect" },
  { name: "tlsTimeout", limit: "tlsTimeout", phase: "tls", like: "tls" },
  { name: "headersTimeout", limit: "headersTimeout", phase: "headers", like: "headers" },
  { name: "bodyTimeout, writing", limit: "bodyTimeout", phase: "write", like: "write" },
  { name: "bodyTimeout, reading", limit: "bodyTimeout", phase: "body", like: "body, read as text" },
];

for (const { name, limit, phase: expected, like } of LIMITS) {
  test(`${name}: fires at its limit and not before, naming itself`, async () => {
    const phase = PHASES.find((one) => one.name === like) as Phase;
    await using world = await World.start(phase.script === undefined ? {} : { script: phase.script });
    const transport = world.stepped({ ...phase.options, [limit]: 100 });
    let settled = false;
    const { call } = await phase.begin(world, transport, {});
    const failed = rejection(call).finally(() => {
      settled = true;
    });
    await turns(3);
    world.clock.advance(99);
    await turns(2);
    assert.equal(settled, false, "it fired early");
    world.clock.advance(2);
    const error = await failed;
    assert.ok(error instanceof TimeoutError, String(error));
    assert.equal(error.timeout, limit);
    assert.equal(error.milliseconds, 100);
    assert.equal(error.phase, expected);
    assert.match(error.message, /100 ms/);
    await until(() => transport.snapshot().totals.active === 0, "nothing to be active");
  });
}

test("headersTimeout: begins when the request is out, so that an upload may take its time", async () => {
  await using world = await World.start({ script: ["readRequest", "stall"] });
  const transport = world.stepped({ headersTimeout: 100, bodyTimeout: 1000 });
  let more: (last: boolean) => void = () => undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      more = (last) => {
        controller.enqueue(Buffer.from("x"));
        if (last) controller.close();
      };
    },
  });
  const call = rejection(clientOf(transport).post(world.server.url(), { body }));
  await until(() => transport.snapshot().totals.active === 1, "the request");
  for (let i = 0; i < 5; i += 1) {
    world.clock.advance(500);
    more(i === 4);
    await turns(3);
  }
  await world.server.waitForRequests(1);
  world.clock.advance(99);
  await turns(2);
  assert.equal(transport.snapshot().totals.active, 1);
  world.clock.advance(2);
  assert.equal((await call)["timeout"], "headersTimeout");
});

test("bodyTimeout: time in which the reader asks for nothing does not count", async () => {
  await using world = await World.start({
    script: [{ repeat: ["readRequest", { replyOk: Buffer.alloc(1_000_000, "a") }] }],
  });
  const transport = world.stepped({ bodyTimeout: 100 });
  const response = await clientOf(transport).get(world.server.url());
  await turns(20);
  world.clock.advance(10_000);
  assert.equal((await response.bytes()).length, 1_000_000);
});

test("bodyTimeout: starts again with each piece", async () => {
  await using world = await World.start();
  const gates = [1, 2, 3].map(() => world.server.gate());
  world.server.script(async (connection) => {
    await connection.readRequest();
    await connection.reply("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
    for (const gate of gates) {
      await gate.promise;
      await connection.reply("x");
    }
    await connection.stall();
  });
  const transport = world.stepped({ bodyTimeout: 100 });
  const response = await clientOf(transport).get(world.server.url());
  const text = response.text();
  for (const [index, gate] of gates.entries()) {
    world.clock.advance(90);
    gate.open();
    const before = transport.connections()[0]?.bytesRead ?? 0;
    if (index < 2) await until(() => (transport.connections()[0]?.bytesRead ?? 0) > before, "a piece");
  }
  assert.equal(await text, "xxx");
});

test("timeout: covers the body, and the response that is complete needs no timer", async () => {
  await using world = await World.start();
  const transport = world.stepped();
  const timers = world.clock.timers;
  const response = await clientOf(transport).get(world.server.url(), { timeout: 100 });
  assert.equal(await response.text(), "ok");
  world.clock.advance(1000);
  assert.equal(await fetched(transport, world.server.url()), "ok");
  assert.ok(world.clock.timers <= timers + 2, "one timer, and the anchor");
});

test("tlsTimeout: a server that accepts and says nothing", async () => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await using world = await World.start();
  const transport = world.transport({ tlsTimeout: 50 });
  const error = await rejection(
    fetched(transport, `https://127.0.0.1:${(server.address() as { port: number }).port}/`),
  );
  assert.equal(error["timeout"], "tlsTimeout");
  server.close();
});
