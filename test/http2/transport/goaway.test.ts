import assert from "node:assert/strict";
import { test } from "node:test";
import type { Http2WireConnection, Http2WireRequest } from "../../../src/testing/index.js";
import { clientOf, closedOnes, fetched, rejection, turns, until } from "../../transport/support.js";
import { burst, echoPaths, H2World, recordOf, sent, settled } from "./h2-world.js";

/** Reads so many requests. */
async function read(connection: Http2WireConnection, count: number): Promise<Http2WireRequest[]> {
  const requests: Http2WireRequest[] = [];
  while (requests.length < count) requests.push(await connection.readRequest());
  return requests;
}

test("GOAWAY amid a burst: those it spares go out again on another connection, the others finish", async () => {
  const seen: string[] = [];
  await using world = await H2World.start(async (connection, number) => {
    if (number > 1) {
      for (;;) {
        const request = await connection.readRequest();
        seen.push(`${request.method} ${request.path}`);
        await connection.reply(request, { body: request.path });
      }
    }
    const requests = await read(connection, 10);
    await connection.send({ type: "GOAWAY", lastStream: requests[4]?.stream ?? 0, debug: "half of you" });
    // Those that it takes are answered when the others have long gone elsewhere.
    await until(() => seen.length === 5, "the others on the second connection");
    for (const request of requests.slice(0, 5)) await connection.reply(request, { body: request.path });
    await connection.stall();
  });
  const transport = world.transport();
  const client = clientOf(transport);
  const bodies = await Promise.all(
    Array.from({ length: 10 }, (_, i) => client.post(world.url(`/${i}`), { body: `body ${i}` }).text()),
  );
  assert.deepEqual(
    bodies,
    Array.from({ length: 10 }, (_, i) => `/${i}`),
  );
  assert.deepEqual(
    seen,
    [5, 6, 7, 8, 9].map((i) => `POST /${i}`),
  );
  const [closed] = await closedOnes(transport, 1);
  assert.equal(closed?.closed?.reason, "goaway");
  assert.equal(closed?.closed?.by, "server");
  assert.match(
    closed?.closed?.evidence ?? "",
    /NO_ERROR, last stream 9 and the message "half of you" \(5 later requests not processed\)$/,
  );
  await settled(transport);
});

test("a two-step GOAWAY, as graceful servers send it, fails nothing, and a last id that grows changes nothing", async () => {
  await using world = await H2World.start(async (connection, number) => {
    if (number > 1) return echoPaths(connection);
    const requests = await read(connection, 4);
    await connection.send({ type: "GOAWAY", lastStream: 2 ** 31 - 1 });
    await turns(3);
    await connection.send({ type: "GOAWAY", lastStream: requests[2]?.stream ?? 0 });
    await connection.send({ type: "GOAWAY", lastStream: 2 ** 31 - 1 });
    for (const request of requests.slice(0, 3)) await connection.reply(request, { body: request.path });
    await connection.wire.end();
  });
  const transport = world.transport();
  const responses = await burst(transport, world.server.origin, 4);
  assert.deepEqual(
    responses.map(({ attempts }) => attempts),
    [1, 1, 1, 2],
  );
  const [closed] = await closedOnes(transport, 1);
  assert.equal(closed?.closed?.reason, "goaway");
  assert.match(closed?.closed?.evidence ?? "", /last stream 5 \(1 later request not processed\)/);
});

test("after GOAWAY the connection gets no request, and ends with our own GOAWAY, then FIN", async () => {
  await using world = await H2World.start(async (connection, number) => {
    if (number > 1) return echoPaths(connection);
    const request = await connection.readRequest();
    await connection.send({ type: "GOAWAY", lastStream: request.stream });
    await until(() => world.connections.length === 2, "another connection");
    await connection.reply(request, { body: "late" });
    await connection.stall();
  });
  const transport = world.transport();
  const first = fetched(transport, world.url("/first"));
  await until(() => recordOf(transport).state === "draining", "the connection to drain");
  const response = await clientOf(transport).get(world.url("/second"));
  assert.equal(await response.text(), "/second");
  assert.equal(response.connection.reused, false);
  assert.ok(
    response.why().candidates.some(({ verdict }) => verdict === "draining"),
    String(response.why()),
  );
  assert.equal(await first, "late");
  const connection = await world.connection(1);
  assert.equal(await connection.wire.closed, "fin");
  assert.deepEqual(
    sent(connection, "GOAWAY").map(({ lastStream, code }) => [lastStream, code]),
    [[0, 0]],
  );
});

test("GOAWAY on an idle connection closes it, and the next request dials", async () => {
  await using world = await H2World.start(async (connection, number) => {
    if (number > 1) return echoPaths(connection);
    const request = await connection.readRequest();
    await connection.reply(request);
    await connection.send({ type: "GOAWAY", lastStream: request.stream });
    await connection.stall();
  });
  const transport = world.transport();
  await fetched(transport, world.url());
  const [closed] = await closedOnes(transport, 1);
  assert.equal(closed?.closed?.reason, "goaway");
  assert.equal(await fetched(transport, world.url("/again")), "/again");
  assert.equal(recordOf(transport, 2).openedFor, "previous-not-kept");
});

test("GOAWAY after two requests, on each connection: however many are under way, all get their turn, each once", async () => {
  const seen: string[] = [];
  await using world = await H2World.start(async (connection) => {
    const [first, second] = await read(connection, 2);
    await connection.send({ type: "GOAWAY", lastStream: second?.stream ?? 0 });
    for (const request of [first, second]) {
      if (request === undefined) continue;
      seen.push(`${request.method} ${request.path}`);
      await connection.reply(request, { body: request.path });
    }
    await connection.stall();
  });
  const transport = world.transport();
  const client = clientOf(transport);
  const paths = Array.from({ length: 24 }, (_, i) => `/${i}`);
  const responses = await Promise.all(paths.map((path) => client.post(world.url(path), { body: "x" })));
  assert.deepEqual(await Promise.all(responses.map((response) => response.text())), paths);
  assert.deepEqual(seen.sort(), paths.map((path) => `POST ${path}`).sort());
  assert.equal(world.server.connections, 12);
  assert.equal(Math.max(...responses.map(({ attempts }) => attempts)), 12);
  // None of them dialed for itself: all wait for one connection after the other.
  assert.deepEqual(transport.explain().origins[0]?.openedFor, { "first-use": 1, "previous-not-kept": 11 });
  await settled(transport);
});

test("GOAWAY before anything, with last id 0 on every connection, ends in an error that says so", async () => {
  await using world = await H2World.start(async (connection) => {
    await connection.readRequest();
    await connection.send({ type: "GOAWAY", lastStream: 0, debug: "not now" });
    await connection.wire.end();
  });
  const transport = world.transport();
  const error = await rejection(clientOf(transport).post(world.url(), { body: "x" }));
  assert.equal(error["code"], "ERR_TRUNKLINE_GOAWAY", error.message);
  assert.match(error.message, /^POST http:\/\/127.*GOAWAY/);
  assert.match(error.message, /not now.*; it was sent 3 times$/);
  assert.equal(error["retryable"], true);
  assert.ok(world.server.connections <= 3, `${world.server.connections} connections`);
  const many = await Promise.allSettled(Array.from({ length: 50 }, () => fetched(transport, world.url())));
  assert.ok(many.every(({ status }) => status === "rejected"));
  assert.ok(world.server.connections <= 12, `${world.server.connections} connections`);
  await settled(transport);
});

test("a GOAWAY as the first frame shows its own code and text", async () => {
  await using world = await H2World.start(
    async (connection) => {
      await connection.send({ type: "GOAWAY", lastStream: 0, code: 1, debug: "wrong protocol" });
      await connection.wire.end();
    },
    { settings: false },
  );
  const error = await rejection(fetched(world.transport(), world.url()));
  assert.match(error.message, /PROTOCOL_ERROR/);
  assert.match(error.message, /wrong protocol/);
});

for (const [code, name] of [
  [11, "ENHANCE_YOUR_CALM"],
  [2, "INTERNAL_ERROR"],
] as const) {
  test(`GOAWAY with ${name} and the end: what it spares goes out again, what it took fails with its code`, async () => {
    const posts: string[] = [];
    await using world = await H2World.start(async (connection, number) => {
      if (number > 1) {
        for (;;) {
          const request = await connection.readRequest();
          posts.push(request.path);
          await connection.reply(request, { body: request.path });
        }
      }
      const requests = await read(connection, 3);
      await connection.send({ type: "GOAWAY", lastStream: requests[0]?.stream ?? 0, code });
      await connection.wire.end();
    });
    const transport = world.transport();
    const client = clientOf(transport);
    const [took, ...spared] = await Promise.allSettled(
      [0, 1, 2].map((i) => client.post(world.url(`/${i}`), { body: "x" }).text()),
    );
    assert.equal(took?.status, "rejected");
    const reason = (took as PromiseRejectedResult).reason as Error & { code: string };
    assert.match(reason.message, new RegExp(name), reason.message);
    assert.deepEqual(
      spared.map((one) => one.status),
      ["fulfilled", "fulfilled"],
    );
    assert.deepEqual(posts.sort(), ["/1", "/2"]);
    assert.equal((await closedOnes(transport, 1))[0]?.closed?.reason, "goaway");
  });
}

test("GOAWAY with HTTP_1_1_REQUIRED: the origin is spoken to in HTTP/1.1 from then on", async () => {
  await using world = await H2World.start(async (connection) => {
    await connection.readRequest();
    await connection.send({ type: "GOAWAY", lastStream: 0, code: 13 });
    await connection.wire.end();
  });
  const transport = world.transport();
  const first = world.script(async (connection) => {
    await connection.readRequest();
    await connection.send({ type: "GOAWAY", lastStream: 0, code: 13 });
    await connection.wire.end();
  }) as (wire: never) => Promise<void>;
  let dials = 0;
  world.server.script(async (wire) => {
    dials += 1;
    if (dials === 1) return first(wire as never);
    for (;;) {
      await wire.readRequest();
      await wire.replyOk("one");
    }
  });
  const client = clientOf(transport);
  const response = await client.post(world.url(), { body: "x" });
  assert.equal(await response.text(), "one");
  assert.equal(response.connection.protocol, "http/1.1");
  const again = await client.get(world.url());
  assert.equal(await again.text(), "one");
  assert.equal(again.connection.protocol, "http/1.1");
  assert.equal(dials, 2);
});

test("GOAWAY while a body goes up: an upload that it took goes on, one that it spared is sent again if it can be", async () => {
  const bodies: string[] = [];
  await using world = await H2World.start(async (connection, number) => {
    if (number > 1) {
      for (;;) {
        const request = await connection.readRequest();
        bodies.push(`${request.path} ${request.body.length}`);
        await connection.reply(request, { body: "second" });
      }
    }
    const first = await connection.readHead();
    await connection.readHead();
    await connection.until(() => connection.frames.some(({ type }) => type === "DATA"), "some of a body");
    await connection.send({ type: "GOAWAY", lastStream: first.stream });
    await connection.until(
      () => connection.frames.some(({ stream, endStream }) => stream === first.stream && endStream === true),
      "the end of the first body",
    );
    bodies.push(`${first.path} ${first.body.length}`);
    await connection.reply(first, { body: "first" });
    await connection.stall();
  });
  const transport = world.transport();
  const client = clientOf(transport);
  const big = new Uint8Array(300_000);
  const texts = await Promise.all([
    client.post(world.url("/a"), { body: big }).text(),
    client.post(world.url("/b"), { body: big }).text(),
  ]);
  assert.deepEqual(texts, ["first", "second"]);
  assert.deepEqual(bodies.sort(), ["/a 300000", "/b 300000"]);
});

test("GOAWAY that spares a one-shot body that was begun fails it, and says that it was not processed", async () => {
  await using world = await H2World.start(async (connection) => {
    await connection.readHead();
    await connection.until(() => connection.frames.some(({ type }) => type === "DATA"), "some of a body");
    await connection.send({ type: "GOAWAY", lastStream: 0 });
    await connection.stall();
  });
  let closed = false;
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        yield new Uint8Array(1000);
        await turns(1);
      }
    } finally {
      closed = true;
    }
  }
  const error = await rejection(clientOf(world.transport()).post(world.url(), { body: body() }));
  assert.equal(error["code"], "ERR_TRUNKLINE_GOAWAY", error.message);
  assert.match(error.message, /its body cannot be read twice$/);
  await until(() => closed, "the source to be closed");
  assert.equal(world.server.connections, 1);
});

test("a connection that ends without GOAWAY under many streams: GETs on a used one go out again, POSTs do not", async () => {
  const seen: string[] = [];
  await using world = await H2World.start(async (connection, number) => {
    if (number > 1) {
      for (;;) {
        const request = await connection.readRequest();
        seen.push(`${request.method} ${request.path}`);
        await connection.reply(request, { body: request.path });
      }
    }
    await connection.reply(await connection.readRequest());
    await read(connection, 6);
    await connection.wire.reset();
  });
  const transport = world.transport();
  const client = clientOf(transport);
  await fetched(transport, world.url());
  const settledOnes = await Promise.allSettled(
    [0, 1, 2, 3, 4, 5].map((i) =>
      i % 2 === 0
        ? client.get(world.url(`/${i}`)).text()
        : client.post(world.url(`/${i}`), { body: "x" }).text(),
    ),
  );
  assert.deepEqual(
    settledOnes.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled", "rejected", "fulfilled", "rejected"],
  );
  assert.deepEqual(seen.sort(), ["GET /0", "GET /2", "GET /4"]);
  for (const one of settledOnes) {
    if (one.status === "fulfilled") continue;
    const error = one.reason as Error & { code: string };
    assert.match(error.message, /^POST .*not retried: the server may already have processed it/);
  }
});

test("a connection that ends under its first requests fails them all: it was dialed for them", async () => {
  await using world = await H2World.start(async (connection) => {
    await read(connection, 3);
    await connection.wire.end();
  });
  const transport = world.transport();
  const results = await Promise.allSettled([0, 1, 2].map((i) => fetched(transport, world.url(`/${i}`))));
  assert.ok(results.every(({ status }) => status === "rejected"));
});
