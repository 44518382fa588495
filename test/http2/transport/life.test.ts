import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import type { TLSSocket } from "node:tls";
import { pathToFileURL } from "node:url";
import type { Transport, TransportOptions } from "../../../src/index.js";
import type { Http2WireConnection } from "../../../src/testing/index.js";
import { clientOf, closedOnes, fetched, rejection, turns, until } from "../../transport/support.js";
import { burst, echoPaths, H2World, overTls, recordOf, sent, settled, TRUST } from "./h2-world.js";

/** Our GOAWAY(0), then FIN, never a reset. */
async function saidGoodbye(connection: Http2WireConnection): Promise<void> {
  assert.equal(await connection.wire.closed, "fin");
  assert.deepEqual(
    sent(connection, "GOAWAY").map(({ lastStream, code }) => [lastStream, code]),
    [[0, 0]],
  );
  assert.equal(connection.frames.at(-1)?.type, "GOAWAY");
}

const ends: readonly (readonly [
  string,
  TransportOptions,
  (world: H2World, transport: Transport) => unknown,
])[] = [
  ["idle-timeout", { idleTimeout: 5_000 }, (world) => world.clock.advance(5_001)],
  ["max-age", { maxConnectionAge: 10_000 }, (world) => world.clock.advance(11_001)],
  ["idle-closed-by-caller", {}, (_world, transport) => transport.closeIdle()],
  ["transport-closed", {}, (_world, transport) => void transport.close()],
  ["transport-closed", {}, (_world, transport) => transport.destroy()],
  ["max-requests", { maxRequestsPerConnection: 1 }, () => undefined],
  ["keep-alive-off", { keepAlive: false }, () => undefined],
];
for (const [reason, options, act] of ends) {
  test(`an idle connection that ends for ${reason} says GOAWAY(0), then FIN`, async () => {
    await using world = await H2World.start(echoPaths);
    const transport = world.stepped(options);
    await fetched(transport, world.url());
    await act(world, transport);
    const [closed] = await closedOnes(transport, 1);
    assert.equal(closed?.closed?.reason, reason, closed?.closed?.evidence);
    await turns(3);
    await saidGoodbye(await world.connection());
  });
}

test("a server that does not end its side is waited for 250 ms, no longer", async () => {
  await using world = await H2World.start(echoPaths, { server: { halfOpen: true } });
  const transport = world.stepped();
  await fetched(transport, world.url());
  transport.closeIdle();
  const connection = await world.connection();
  await connection.frame(({ type }) => type === "GOAWAY", "our GOAWAY");
  assert.equal(recordOf(transport).state, "closed");
  await turns(3);
  assert.equal(world.server.open, 1);
  world.clock.advance(251);
  connection.wire.socket.end();
  await world.server.waitForOpen(0);
});

test("close() waits for the streams under way, takes no more, and then says GOAWAY", async () => {
  const gates: (() => void)[] = [];
  await using world = await H2World.start(async (connection) => {
    for (let i = 0; i < 3; i += 1) {
      const request = await connection.readRequest();
      gates.push(() => void connection.reply(request, { body: request.path }));
    }
    await connection.stall();
  });
  const transport = world.transport();
  const texts = Promise.all([1, 2, 3].map((i) => fetched(transport, world.url(`/${i}`))));
  await until(() => gates.length === 3, "three requests");
  let over = false;
  const closing = transport.close().then(() => {
    over = true;
  });
  assert.equal((await rejection(fetched(transport, world.url())))["code"], "ERR_TRUNKLINE_CLOSED");
  assert.equal(recordOf(transport).state, "draining");
  gates[0]?.();
  gates[1]?.();
  await turns(10);
  assert.equal(over, false);
  gates[2]?.();
  assert.deepEqual(await texts, ["/1", "/2", "/3"]);
  await closing;
  await saidGoodbye(await world.connection());
});

test("destroy() ends the streams under way with its reason", async () => {
  await using world = await H2World.start((connection) => connection.stall());
  const transport = world.transport();
  const failed = Promise.all([1, 2, 3].map((i) => rejection(fetched(transport, world.url(`/${i}`)))));
  const connection = await world.connection();
  await connection.until(() => sent(connection, "HEADERS").length === 3, "all requests");
  transport.destroy(new Error("enough"));
  assert.deepEqual(
    (await failed).map(({ message }) => message),
    ["enough", "enough", "enough"],
  );
  await settled(transport);
});

test("maxRequestsPerConnection 3: a burst of 10 is spread, nothing fails, and no connection carries more", async () => {
  await using world = await H2World.start(echoPaths);
  const transport = world.transport({ maxRequestsPerConnection: 3 });
  const responses = await burst(transport, world.server.origin, 10);
  assert.equal(new Set(responses.map(({ connection }) => connection.id)).size, 4);
  const records = await closedOnes(transport, 3);
  for (const { requests, closed } of records) {
    assert.equal(requests, 3);
    assert.equal(closed?.reason, "max-requests");
  }
});

test("maxConnectionAge: a busy connection drains, its streams finish, and the next request dials", async () => {
  let answer: (() => void) | undefined;
  await using world = await H2World.start(async (connection, number) => {
    if (number > 1) return echoPaths(connection);
    const request = await connection.readRequest();
    answer = () => void connection.reply(request, { body: "old" });
    await connection.stall();
  });
  const transport = world.stepped({ maxConnectionAge: 10_000 });
  const old = fetched(transport, world.url("/old"));
  await until(() => answer !== undefined, "the request");
  world.clock.advance(11_001);
  assert.equal(await fetched(transport, world.url("/new")), "/new");
  assert.equal(recordOf(transport, 2).openedFor, "aged-out");
  answer?.();
  assert.equal(await old, "old");
  assert.equal((await closedOnes(transport, 1))[0]?.closed?.reason, "max-age");
});

test("the idle limit of a server that ends its connections is learned", async () => {
  await using world = await H2World.start(async (connection) => {
    await connection.reply(await connection.readRequest(), { body: "ok" });
    const { wire } = connection;
    idle.push(async () => {
      await wire.end();
    });
    await connection.stall();
  });
  const idle: (() => Promise<void>)[] = [];
  const transport = world.stepped();
  for (let i = 1; i <= 4; i += 1) {
    await fetched(transport, world.url());
    await until(() => idle.length === i, "the server's side");
    world.clock.advance(10_000);
    if (transport.connections().filter(({ state }) => state === "closed").length === i) continue;
    await idle[i - 1]?.();
    await closedOnes(transport, i);
  }
  const report = transport.explain();
  const learned = report.origins[0]?.learnedIdleLimit;
  const reasons = transport.connections().map(({ closed }) => closed?.reason);
  assert.ok(learned !== undefined && learned <= 10_000, `${learned} ${reasons.join()}`);
});

// ── alive? ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Answers as many requests; afterwards nothing, PINGs neither, unless `answers` says so. */
function mute(answers: () => boolean) {
  return async (connection: Http2WireConnection): Promise<void> => {
    void (async () => {
      for (let at = 0; ; ) {
        await connection.until(() => connection.frames.length > at, "more").catch(() => undefined);
        for (; at < connection.frames.length; at += 1) {
          const frame = connection.frames[at];
          if (frame?.type === "PING" && frame.ack === false && answers()) {
            await connection
              .send({ type: "PING", ack: true, data: frame.data?.toString("latin1") ?? "" })
              .catch(() => undefined);
          }
        }
        await turns(1);
        if (connection.wire.socket.destroyed) return;
      }
    })();
    await connection.send({ type: "SETTINGS", ack: true });
    for (;;) {
      const request = await connection.readRequest();
      if (answers()) await connection.reply(request, { body: request.path });
    }
  };
}

test("silence of 15 s: what can be repeated goes out with a PING; without an answer in 15 s the connection is dead", async () => {
  let alive = true;
  await using world = await H2World.start(
    mute(() => alive),
    { answer: false },
  );
  const transport = world.stepped();
  await fetched(transport, world.url());
  const connection = await world.connection();
  world.clock.advance(15_001);
  alive = false;
  const get = fetched(transport, world.url("/get"));
  await connection.frame(({ type }) => type === "PING", "a PING");
  await connection.until(() => sent(connection, "HEADERS").length === 2, "the request with it");
  world.clock.advance(5_001);
  assert.equal(recordOf(transport).state, "draining");
  alive = true;
  assert.equal(await fetched(transport, world.url("/other")), "/other");
  assert.equal(world.server.connections, 2);
  world.clock.advance(10_001);
  // It had worked before, so the GET goes out again.
  assert.equal(await get, "/get");
  const [closed] = await closedOnes(transport, 1);
  assert.equal(closed?.closed?.reason, "ping-timeout");
  assert.equal(closed?.closed?.by, "network");
  assert.match(closed?.closed?.evidence ?? "", /the server sent nothing for 15\d\d\d ms after a PING/);
});

test("silence of 15 s: what cannot be repeated waits for the answer to the PING, and goes out once", async () => {
  let alive = true;
  await using world = await H2World.start(
    mute(() => alive),
    { answer: false },
  );
  const transport = world.stepped();
  await fetched(transport, world.url());
  const connection = await world.connection();
  world.clock.advance(15_001);
  alive = false;
  const client = clientOf(transport);
  const post = client.post(world.url("/post"), { body: "x" }).text();
  const ping = await connection.frame(({ type }) => type === "PING", "a PING");
  await turns(5);
  assert.equal(sent(connection, "HEADERS").length, 1, "the POST waits");
  alive = true;
  await connection.send({ type: "PING", ack: true, data: ping.data?.toString("latin1") ?? "" });
  assert.equal(await post, "/post");
  assert.equal(world.server.connections, 1);
});

test("a POST that waits for the answer to a PING goes to another connection when none came in 5 s", async () => {
  let alive = true;
  await using world = await H2World.start(
    mute(() => alive),
    { answer: false },
  );
  const transport = world.stepped();
  await fetched(transport, world.url());
  world.clock.advance(15_001);
  alive = false;
  const post = clientOf(transport).post(world.url("/post"), { body: "x" });
  await (await world.connection()).frame(({ type }) => type === "PING", "a PING");
  alive = true;
  world.clock.advance(5_001);
  const response = await post;
  assert.equal(await response.text(), "/post");
  assert.equal(world.server.connections, 2);
  assert.equal(sent(await world.connection(1), "HEADERS").length, 1);
});

test("a response that goes silent is asked after by PING, and its failure says so", async () => {
  await using world = await H2World.start(
    async (connection) => {
      const { stream } = await connection.readRequest();
      await connection.send({ type: "HEADERS", stream, status: 200 }, { type: "DATA", stream, data: "some" });
      await connection.stall();
    },
    { answer: false },
  );
  const transport = world.stepped();
  const response = await clientOf(transport).get(world.url());
  const failed = rejection(response.text());
  await turns(5);
  world.clock.advance(15_001);
  await (await world.connection()).frame(({ type }) => type === "PING", "a PING");
  world.clock.advance(15_001);
  const error = await failed;
  assert.match(
    error.message,
    /^GET http:\/\/127.* failed part-way through the response: the server sent nothing/,
  );
  assert.equal((await closedOnes(transport, 1))[0]?.closed?.reason, "ping-timeout");
});

test("a response that is slow and a server that answers PINGs: nothing fails before the caller's own limits", async () => {
  await using world = await H2World.start(async (connection) => {
    const request = await connection.readRequest();
    await until(() => slow, "the time to answer");
    await connection.reply(request, { body: "late" });
    await connection.stall();
  });
  let slow = false;
  const transport = world.stepped();
  const text = fetched(transport, world.url());
  const connection = await world.connection();
  await connection.frame(({ type }) => type === "HEADERS", "the request");
  for (let i = 0; i < 24; i += 1) {
    world.clock.advance(5_000);
    await turns(20);
  }
  const pings = sent(connection, "PING").filter(({ ack }) => ack === false).length;
  assert.ok(pings >= 2 && pings <= 4, `${pings} PINGs in 120 s`);
  slow = true;
  assert.equal(await text, "late");
});

test("GOAWAY with too_many_pings: the next connections of the origin ask half as often, and half of that", async () => {
  await using world = await H2World.start(async (connection) => {
    await connection.reply(await connection.readRequest(), { body: "x" });
    await connection.until(() => sent(connection, "PING").length > 0, "a PING");
    await connection.send({ type: "GOAWAY", lastStream: 1, code: 11, debug: "too_many_pings" });
    await connection.wire.end();
  });
  const transport = world.stepped({
    http2: { priorKnowledge: true, pingInterval: 1_000 },
    idleTimeout: 60_000,
  });
  for (const [number, interval] of [1_000, 2_000, 4_000].entries()) {
    await fetched(transport, world.url());
    const connection = await world.connection(number + 1);
    await until(() => transport.snapshot().totals.idle === 1, "the connection to be idle");
    world.clock.advance(interval - 1);
    await turns(5);
    assert.equal(sent(connection, "PING").length, 0, `not before ${interval} ms`);
    world.clock.advance(2);
    await connection.until(() => sent(connection, "PING").length === 1, "the PING");
    const [closed] = (await closedOnes(transport, number + 1)).slice(-1);
    assert.equal(closed?.closed?.reason, "goaway");
  }
});

test("pingInterval asks also while idle, exactly so often; pingTimeout ends the connection", async () => {
  let alive = true;
  await using world = await H2World.start(
    mute(() => alive),
    { answer: false },
  );
  const transport = world.stepped({
    http2: { priorKnowledge: true, pingInterval: 1_000, pingTimeout: 300 },
    idleTimeout: 60_000,
  });
  await fetched(transport, world.url());
  const connection = await world.connection();
  for (let i = 1; i <= 5; i += 1) {
    const { bytesRead } = recordOf(transport);
    world.clock.advance(1_000);
    await connection.until(() => sent(connection, "PING").length >= i, `PING ${i}`);
    await until(() => recordOf(transport).bytesRead > bytesRead, "its answer");
  }
  assert.equal(sent(connection, "PING").length, 5);
  alive = false;
  world.clock.advance(1_001);
  await connection.until(() => sent(connection, "PING").length >= 6, "the last PING");
  world.clock.advance(301);
  assert.equal((await closedOnes(transport, 1))[0]?.closed?.reason, "ping-timeout");
});

// ── cancelling ───────────────────────────────────────────────────────────────────────────────────────────────

test("a storm of cancellations retires the connection before the server takes it ill; others go on", async () => {
  await using world = await H2World.start(async (connection) => {
    for (;;) {
      const request = await connection.readHead();
      if (request.path === "/kept" || request.path === "/after")
        await connection.reply(request, { body: request.path });
      else await connection.send({ type: "HEADERS", stream: request.stream, status: 200 });
    }
  });
  const transport = world.stepped();
  const client = clientOf(transport);
  for (let i = 0; i < 150; i += 1) {
    const response = await client.get(world.url("/cancelled"));
    await response.close();
  }
  assert.equal(await fetched(transport, world.url("/after")), "/after");
  assert.equal(world.server.connections, 2);
  const resets = sent(await world.connection(1), "RST_STREAM").length;
  assert.ok(resets <= 101, `${resets} resets on one connection`);
  const [closed] = await closedOnes(transport, 1);
  assert.match(closed?.closed?.evidence ?? "", /were cancelled/);
});

test("the place of a stream that was cancelled on a silent connection comes free with a sign of life", async () => {
  let alive = false;
  await using world = await H2World.start(
    async (connection) => {
      await connection.reply(await connection.readRequest());
      await mute(() => alive)(connection);
    },
    { answer: false, settings: { maxConcurrentStreams: 1 } },
  );
  const transport = world.transport({ maxConnectionsPerOrigin: 1 });
  await fetched(transport, world.url());
  const controller = new AbortController();
  const aborted = rejection(clientOf(transport).get(world.url("/a"), { signal: controller.signal }));
  const connection = await world.connection();
  await connection.until(() => sent(connection, "HEADERS").length === 2, "the request");
  controller.abort(new Error("no more"));
  await aborted;
  alive = true;
  assert.equal(await fetched(transport, world.url("/b")), "/b");
  assert.equal(sent(connection, "RST_STREAM").length, 1);
});

for (const how of ["close()", "GOAWAY"] as const) {
  test(`${how} does not wait for a silent server to answer the PING of a request that was given up`, async () => {
    await using world = await H2World.start(
      async (connection) => {
        await connection.reply(await connection.readRequest());
        await mute(() => false)(connection);
      },
      { answer: false },
    );
    const transport = world.stepped();
    await fetched(transport, world.url());
    const controller = new AbortController();
    const aborted = rejection(clientOf(transport).get(world.url("/a"), { signal: controller.signal }));
    const kept =
      how === "close()" ? undefined : rejection(clientOf(transport).post(world.url("/b"), { body: "x" }));
    const connection = await world.connection();
    const all = kept === undefined ? 2 : 3;
    await connection.until(() => sent(connection, "HEADERS").length === all, "the requests");
    controller.abort(new Error("no more"));
    await aborted;
    assert.equal(transport.snapshot().totals.streams, all - 1);
    if (kept === undefined) {
      await transport.close();
    } else {
      // It took the other one, which fails in the end: then nobody is left who could use the place of the first.
      await connection.send({ type: "GOAWAY", lastStream: 5 }, { type: "RST_STREAM", stream: 5, code: 2 });
      await kept;
      await until(() => transport.snapshot().totals.closed === 1, "the end of the connection");
    }
    const reason = transport.connections()[0]?.closed?.reason;
    assert.equal(reason, how === "GOAWAY" ? "goaway" : "transport-closed");
    assert.equal(transport.snapshot().totals.streams, 0);
  });
}

test("a process does not stay alive for an idle HTTP/2 connection, and does for one in use", async () => {
  await using world = await H2World.start(async (connection) => {
    for (;;) {
      const request = await connection.readRequest();
      setTimeout(() => void connection.reply(request, { body: "late" }).catch(() => undefined), 300);
    }
  });
  const entry = pathToFileURL(join(process.cwd(), ".build/src/index.js")).href;
  const program = `
    import { Client, Transport } from ${JSON.stringify(entry)};
    const client = new Client({ transport: new Transport({ http2: { priorKnowledge: true } }) });
    client.get(${JSON.stringify(world.url())}).text().then((text) => console.log(text));
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.on("data", (chunk) => {
    out += String(chunk);
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), 30_000);
  const [code] = (await once(child, "exit")) as [number | null];
  clearTimeout(timer);
  assert.equal(code, 0, "it had to be killed");
  assert.equal(out, "late\n");
});

test("tools on undici's channels find the server's certificate on the socket, whatever was asked of it before", async () => {
  await using world = await H2World.start(echoPaths, { server: overTls(["h2"]) });
  const found: unknown[] = [];
  const look = (message: unknown): void => {
    const { socket } = message as { readonly socket: TLSSocket };
    found.push(socket.alpnProtocol, socket.getPeerCertificate().fingerprint256?.length);
  };
  subscribe("undici:client:sendHeaders", look);
  try {
    await fetched(world.world.transport({ ...TRUST }), world.url());
  } finally {
    unsubscribe("undici:client:sendHeaders", look);
  }
  assert.deepEqual(found, ["h2", "AA:".length * 32 - 1]);
});
