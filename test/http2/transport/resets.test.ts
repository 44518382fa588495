import assert from "node:assert/strict";
import { test } from "node:test";
import type { Init } from "../../../src/index.js";
import { type Http2WireConnection, http2Script, seededRandom } from "../../../src/testing/index.js";
import { clientOf, closedOnes, fetched, rejection, turns, until } from "../../transport/support.js";
import { burst, echoPaths, H2World, overTls, recordOf, sent, settled, TRUST } from "./h2-world.js";

const REFUSED = 7;

/** The connection lives: another request goes over it. */
async function livesOn(
  world: H2World,
  transport: Parameters<typeof fetched>[0],
  connections = 1,
): Promise<void> {
  assert.equal(await fetched(transport, world.url("/after")), "/after");
  assert.equal(world.server.connections, connections, "connections");
  await settled(transport);
}

/** A server that refuses each stream, and counts them. */
function refuseAll(count: { requests: number }): (connection: Http2WireConnection) => Promise<never> {
  return async (connection) => {
    for (;;) {
      const { stream } = await connection.readRequest();
      count.requests += 1;
      await connection.send({ type: "RST_STREAM", stream, code: REFUSED });
    }
  };
}

test("REFUSED_STREAM: a lone POST goes out again on the same connection", async () => {
  await using world = await H2World.start(async (connection) => {
    const first = await connection.readRequest();
    await connection.send({ type: "RST_STREAM", stream: first.stream, code: REFUSED });
    await echoPaths(connection);
  });
  const transport = world.transport();
  const response = await clientOf(transport).post(world.url("/x"), { body: "hello" });
  assert.equal(await response.text(), "/x");
  assert.equal(response.attempts, 2);
  assert.equal(response.connection.stream, 3);
  assert.equal(recordOf(transport).streams?.refused, 1);
  await livesOn(world, transport);
});

test("REFUSED_STREAM twice: the third attempt goes to another connection", async () => {
  await using world = await H2World.start(async (connection, number) => {
    if (number === 1) {
      for (let i = 0; i < 2; i += 1) {
        const { stream } = await connection.readRequest();
        await connection.send({ type: "RST_STREAM", stream, code: REFUSED });
      }
    }
    await echoPaths(connection);
  });
  const transport = world.transport();
  const response = await clientOf(transport).post(world.url("/x"), { body: "hello" });
  assert.equal(await response.text(), "/x");
  assert.equal(response.attempts, 3);
  assert.equal(world.server.connections, 2);
});

test("REFUSED_STREAM twice: the third attempt waits for 50 to 100 ms, by chance; close() meanwhile ends it", async () => {
  const count = { requests: 0 };
  await using world = await H2World.start(refuseAll(count));
  const transport = world.stepped();
  world.clock.random = 0.5;
  const waits = async (): Promise<void> => {
    const seen = count.requests + 2;
    await until(() => count.requests === seen, "two refusals");
    await until(() => recordOf(transport).streams?.refused === count.requests, "the second refusal");
    await turns(5);
    world.clock.advance(74);
    await turns(5);
    assert.equal(count.requests, seen, "nothing before its time");
  };
  const refused = rejection(clientOf(transport).post(world.url(), { body: "x" }));
  await waits();
  world.clock.advance(1);
  assert.match((await refused).message, /; it was sent 3 times$/);
  assert.equal(count.requests, 3);
  const second = world.stepped();
  const ended = rejection(clientOf(second).post(world.url(), { body: "x" }));
  await until(
    () => count.requests === 5 && second.connections()[0]?.streams?.refused === 2,
    "two refusals more",
  );
  const closing = second.close();
  // Its pause is over with the transport: nothing would come of it.
  assert.match(
    (await ended).message,
    /refused stream \d+ without processing the request.*; it was sent 2 times$/,
  );
  await closing;
  assert.equal(count.requests, 5);
});

test("a request that waits to go out again ends at once with its transport, and with the reason of destroy()", async () => {
  const count = { requests: 0 };
  await using world = await H2World.start(refuseAll(count));
  const transport = world.stepped();
  const refusals = (): number => transport.connections()[0]?.streams?.refused ?? 0;
  // Two pauses of one route: the second begins too late to join the first.
  world.clock.random = 1;
  const first = rejection(clientOf(transport).post(world.url(), { body: "x" }));
  await until(() => refusals() === 2, "two refusals");
  world.clock.advance(60);
  const second = rejection(clientOf(transport).post(world.url(), { body: "x" }));
  await until(() => refusals() === 4, "two refusals more");
  const reason = new Error("no longer wanted");
  transport.destroy(reason);
  assert.deepEqual([await first, await second], [reason, reason]);
  await transport.close();
  assert.equal(count.requests, 4);
  assert.equal(world.clock.timers, 0);
});

test("a request that waits to go out again can be aborted", async () => {
  const count = { requests: 0 };
  await using world = await H2World.start(refuseAll(count));
  const transport = world.stepped();
  const controller = new AbortController();
  const aborted = rejection(clientOf(transport).get(world.url(), { signal: controller.signal }));
  await until(() => recordOf(transport).streams?.refused === 2, "two refusals");
  controller.abort(new Error("enough"));
  assert.equal((await aborted).message, "enough");
  world.clock.advance(200);
  await turns(5);
  assert.equal(count.requests, 2);
  await settled(transport);
});

test("a storm of refusals settles: few attempts, few connections, each error says what happened", async () => {
  const count = { requests: 0 };
  await using world = await H2World.start(refuseAll(count));
  const transport = world.stepped();
  Object.defineProperty(world.clock, "random", { get: seededRandom(1) });
  const client = clientOf(transport);
  const storm = Promise.allSettled(Array.from({ length: 50 }, () => client.post(world.url(), { body: "x" })));
  const refusals = (): number =>
    transport.connections().reduce((sum, { streams }) => sum + (streams?.refused ?? 0), 0);
  await until(() => refusals() === 100, "two refusals of each");
  // What goes out again in a millisecond has met its fate before the next one begins.
  for (let passed = 0; passed < 100; passed += 1) {
    world.clock.advance(1);
    await until(() => {
      const { dialing, waiting, active } = transport.snapshot().totals;
      return dialing + waiting + active === 0;
    }, "the requests of this millisecond");
  }
  const results = await storm;
  for (const result of results) {
    const error = (result as PromiseRejectedResult).reason as Error & { code: string; retryable: boolean };
    assert.equal(error.code, "ERR_TRUNKLINE_STREAM_REFUSED", error.message);
    assert.match(
      error.message,
      /^POST http:\/\/127.*failed: the server refused stream \d+ without processing.*; it was sent 3 times$/,
    );
    assert.equal(error.retryable, true);
  }
  assert.equal(count.requests, 150);
  assert.ok(world.server.connections <= 3, `${world.server.connections} connections`);
  await settled(transport);
});

test("while a connection refuses, it gets nothing more until one of its requests is over", async () => {
  const order: string[] = [];
  await using world = await H2World.start(async (connection) => {
    const first = await connection.readRequest();
    const second = await connection.readRequest();
    await connection.send({ type: "RST_STREAM", stream: second.stream, code: REFUSED });
    await turns(5);
    order.push(`${sent(connection, "HEADERS").length} heads`);
    await connection.reply(first, { body: "first" });
    const again = await connection.readRequest();
    order.push(again.path);
    await connection.reply(again, { body: "second" });
    await connection.stall();
  });
  const transport = world.transport({ maxConnectionsPerOrigin: 1 });
  const [a, b] = await Promise.all([
    fetched(transport, world.url("/a")),
    fetched(transport, world.url("/b")),
  ]);
  assert.deepEqual([a, b], ["first", "second"]);
  assert.deepEqual(order, ["2 heads", "/b"]);
});

test("421: once more on a connection of its own, whatever the method; a second one is the answer", async () => {
  let misdirected = 0;
  await using world = await H2World.start(async (connection) => {
    for (;;) {
      const request = await connection.readRequest();
      misdirected += 1;
      if (misdirected !== 2) await connection.reply(request, { status: 421, body: "not here" });
      else await connection.reply(request, { body: "here" });
    }
  });
  const transport = world.transport();
  const client = clientOf(transport);
  const response = await client.post(world.url(), { body: "x" });
  assert.equal(await response.text(), "here");
  assert.equal(response.attempts, 2);
  assert.equal(world.server.connections, 2);
  const twice = await client.post(world.url(), { body: "x" });
  assert.equal(twice.status, 421);
  assert.equal(await twice.text(), "not here");
  await settled(transport);
});

test("421 to a body that cannot be read twice is the answer", async () => {
  await using world = await H2World.start(async (connection) => {
    for (;;) await connection.reply(await connection.readRequest(), { status: 421, body: "no" });
  });
  async function* once(): AsyncGenerator<string> {
    yield "x";
  }
  const response = await clientOf(world.transport()).post(world.url(), { body: once() });
  assert.equal(response.status, 421);
  assert.equal(await response.text(), "no");
  assert.equal(world.server.connections, 1);
});

test("HTTP_1_1_REQUIRED: the request, a POST too, goes out in HTTP/1.1, and those after it", async () => {
  await using world = await H2World.start(async () => undefined, { server: overTls(["h2", "http/1.1"]) });
  const two = world.script(async (connection) => {
    for (;;) {
      const { stream } = await connection.readRequest();
      await connection.send({ type: "RST_STREAM", stream, code: 13 });
    }
  }) as (wire: unknown) => Promise<void>;
  const spoken: string[] = [];
  world.server.script(async (wire) => {
    const { alpnProtocol } = wire.socket as { alpnProtocol?: unknown };
    spoken.push(String(alpnProtocol));
    if (alpnProtocol === "h2") return two(wire);
    for (;;) {
      await wire.readRequest();
      await wire.replyOk("one");
    }
  });
  const transport = world.world.transport({ ...TRUST });
  const client = clientOf(transport);
  for (let i = 0; i < 3; i += 1) {
    const response = await client.post(world.url(), { body: "x" });
    assert.equal(await response.text(), "one");
    assert.equal(response.connection.protocol, "http/1.1");
    assert.equal(response.attempts, i === 0 ? 2 : 1);
  }
  assert.deepEqual(spoken, ["h2", "http/1.1"]);
});

const codes: readonly (readonly [number, string])[] = [
  [0, "NO_ERROR"],
  [1, "PROTOCOL_ERROR"],
  [2, "INTERNAL_ERROR"],
  [3, "FLOW_CONTROL_ERROR"],
  [5, "STREAM_CLOSED"],
  [8, "CANCEL"],
  [11, "ENHANCE_YOUR_CALM"],
  [0x77, "INTERNAL_ERROR|119|0x77"],
];
for (const [code, name] of codes) {
  test(`RST_STREAM with code ${code} before the head fails the request with its name; ${code === 1 ? "another connection is dialed" : "the connection lives"}`, async () => {
    await using world = await answering(async (connection, stream) => {
      await connection.send({ type: "RST_STREAM", stream, code });
    });
    const transport = world.transport();
    const error = await rejection(fetched(transport, world.url()));
    assert.equal(error["code"], "ERR_TRUNKLINE_STREAM_RESET", error.message);
    assert.match(error.message, new RegExp(name));
    assert.match(error.message, /^GET http:\/\/127.*failed: the server reset stream 1 before it answered/);
    await livesOn(world, transport, code === 1 ? 2 : 1);
  });

  test(`RST_STREAM with code ${code} in the body fails the body alone`, async () => {
    await using world = await H2World.start(async (connection) => {
      const { stream } = await connection.readRequest();
      await connection.send(
        { type: "HEADERS", stream, status: 200 },
        { type: "DATA", stream, data: "half" },
        { type: "RST_STREAM", stream, code },
      );
      await echoPaths(connection);
    });
    const transport = world.transport();
    const response = await clientOf(transport).get(world.url());
    assert.equal(response.status, 200);
    const error = await rejection(response.text());
    assert.match(error.message, /in the middle of its 200 response/);
    assert.equal(error["phase"], "body");
    await livesOn(world, transport);
  });

  test(`RST_STREAM with code ${code} after the whole response, while the request is still going up, is not an error`, async () => {
    await using world = await H2World.start(
      async (connection) => {
        const { stream } = await connection.readHead();
        await connection.send(
          { type: "HEADERS", stream, status: 200 },
          { type: "DATA", stream, data: "enough", endStream: true },
          { type: "RST_STREAM", stream, code },
        );
        await echoPaths(connection);
      },
      { credit: false },
    );
    const transport = world.transport();
    const response = await clientOf(transport).post(world.url(), { body: new Uint8Array(1_000_000) });
    assert.equal(await response.text(), "enough");
    await livesOn(world, transport);
  });
}

test("RST_STREAM on a connection that worked before: a GET goes out again once on another, a POST does not", async () => {
  await using world = await H2World.start(async (connection, number) => {
    await connection.reply(await connection.readRequest());
    if (number === 1) {
      for (let i = 0; i < 2; i += 1) {
        const { stream } = await connection.readRequest();
        await connection.send({ type: "RST_STREAM", stream, code: 2 });
      }
    }
    await echoPaths(connection);
  });
  const transport = world.transport();
  await fetched(transport, world.url());
  const error = await rejection(clientOf(transport).post(world.url("/p"), { body: "x" }));
  assert.match(error.message, /INTERNAL_ERROR.*; not retried: the server may already have processed it/);
  const response = await clientOf(transport).get(world.url("/g"));
  assert.equal(response.attempts, 2);
  await response.text();
});

const UNSENT_BODIES: Readonly<Record<string, Init>> = {
  none: {},
  "an empty one": { body: "" },
  "one that waits for 100": { body: "x", expectContinue: true },
  "one that is still to be read": { body: new Blob(["x".repeat(100_000)]) },
};
const LOSSES: Readonly<Record<string, (connection: Http2WireConnection, stream: number) => Promise<void>>> = {
  RST_STREAM: (connection, stream) => connection.send({ type: "RST_STREAM", stream, code: 2 }),
  "the end of the connection": (connection) => connection.wire.end(),
  "a reset of the connection": (connection) => connection.wire.reset(),
};
for (const [loss, lose] of Object.entries(LOSSES)) {
  test(`${loss} on a connection that worked before: a POST of which only the head was written does not go out again`, async () => {
    for (const [body, init] of Object.entries(UNSENT_BODIES)) {
      const heads: string[] = [];
      await using world = await H2World.start(async (connection) => {
        for (;;) {
          const { stream, path } = await connection.readHead();
          heads.push(path);
          if (path === "/p") await lose(connection, stream);
          else await connection.reply(stream);
        }
      });
      const transport = world.transport();
      await fetched(transport, world.url());
      const error = await rejection(clientOf(transport).post(world.url("/p"), { ...init, retry: true }));
      assert.equal(error["retryable"], false, body);
      assert.match(error.message, /; not retried: the server may already have processed it/, body);
      await fetched(transport, world.url("/after"));
      assert.deepEqual(heads, ["/", "/p", "/after"], body);
    }
  });
}

// ── a server that breaks the protocol ────────────────────────────────────────────────────────────────────────

async function answering(
  broken: (connection: Http2WireConnection, stream: number) => Promise<void>,
): Promise<H2World> {
  return await H2World.start(async (connection, number) => {
    if (number === 1) {
      const { stream } = await connection.readRequest();
      await broken(connection, stream);
    }
    await echoPaths(connection);
  });
}

const malformed: Record<string, (connection: Http2WireConnection, stream: number) => Promise<void>> = {
  "an upper-case name": (connection, stream) =>
    connection.send({ type: "HEADERS", stream, status: 200, headers: ["X-Upper", "1"], endStream: true }),
  "a connection field": (connection, stream) =>
    connection.send({
      type: "HEADERS",
      stream,
      status: 200,
      headers: ["connection", "close"],
      endStream: true,
    }),
  "no status": (connection, stream) =>
    connection.send({ type: "HEADERS", stream, headers: ["a", "b"], endStream: true }),
  "status 101": (connection, stream) => connection.send({ type: "HEADERS", stream, status: 101 }),
  "a body before its head": (connection, stream) =>
    connection.send({ type: "DATA", stream, data: "x", endStream: true }),
  "a body longer than its content-length": (connection, stream) =>
    connection.send(
      { type: "HEADERS", stream, status: 200, headers: ["content-length", "2"] },
      { type: "DATA", stream, data: "four", endStream: true },
    ),
  "a body shorter than its content-length": (connection, stream) =>
    connection.send(
      { type: "HEADERS", stream, status: 200, headers: ["content-length", "9"] },
      { type: "DATA", stream, data: "four", endStream: true },
    ),
  "two lengths": (connection, stream) =>
    connection.send({
      type: "HEADERS",
      stream,
      status: 200,
      headers: ["content-length", "1", "content-length", "2"],
    }),
};
for (const [name, broken] of Object.entries(malformed)) {
  test(`a response with ${name} fails its request alone: the stream is reset, the connection lives`, async () => {
    await using world = await answering(broken);
    const transport = world.transport();
    const error = await rejection(fetched(transport, world.url()));
    assert.match(
      error.message,
      /^GET http:\/\/127.* failed(: the response was refused| part-way through the response| without a response)/,
    );
    await livesOn(world, transport);
    const connection = await world.connection();
    assert.deepEqual(
      sent(connection, "RST_STREAM").map(({ stream, code }) => [stream, code]),
      [[1, 1]],
    );
  });
}

test("a malformed response on a connection that worked before is no other's: its request does not go out again", async () => {
  await using world = await H2World.start(async (connection) => {
    await connection.reply(await connection.readRequest());
    const { stream } = await connection.readRequest();
    await connection.send({ type: "HEADERS", stream, headers: ["a", "b"], endStream: true });
    const { stream: next } = await connection.readRequest();
    await connection.send(
      { type: "HEADERS", stream: next, status: 200 },
      { type: "RST_STREAM", stream: next, code: 2 },
    );
    await echoPaths(connection);
  });
  const transport = world.transport();
  await fetched(transport, world.url());
  const malformed = await rejection(fetched(transport, world.url("/malformed")));
  assert.match(
    malformed.message,
    /^GET \S+ failed: the response was refused: the response is malformed: it has no :status$/,
  );
  // How long the connection was idle before the request explains nothing of an answer that broke off.
  const reset = await rejection(fetched(transport, world.url("/reset")));
  assert.match(
    reset.message,
    /^GET \S+ failed: the server reset stream 5 in the middle of its 200 response, with INTERNAL_ERROR$/,
  );
  const { failed, notes } = transport.explain();
  assert.deepEqual(failed, { ERR_TRUNKLINE_BAD_HEADER: 1, ERR_TRUNKLINE_STREAM_RESET: 1 });
  assert.match(
    notes.join(),
    /2 requests failed: ERR_TRUNKLINE_BAD_HEADER × 1, ERR_TRUNKLINE_STREAM_RESET × 1\. The message/,
  );
  await livesOn(world, transport);
});

test("a fault on one stream that ends the connection: the errors of the others say so, and not that their response was refused", async () => {
  await using world = await answering(async (connection, stream) => {
    await connection.readRequest();
    await connection.send({ type: "DATA", stream: 0, data: String(stream) });
  });
  const transport = world.transport();
  const client = clientOf(transport);
  const errors = await Promise.all([1, 2].map((i) => rejection(client.get(world.url(`/${i}`)))));
  for (const error of errors)
    assert.match(error.message, /^GET \S+ failed: the connection was closed: the server sent/);
});

test("a body where none may be: the response is whole for its caller, and no request counts as failed", async () => {
  await using world = await H2World.start(async (connection) => {
    const { stream } = await connection.readRequest();
    await connection.send(
      { type: "HEADERS", stream, status: 204 },
      { type: "DATA", stream, data: "x", endStream: true },
    );
    await echoPaths(connection);
  });
  const transport = world.transport();
  assert.equal(await fetched(transport, world.url()), "");
  assert.deepEqual(transport.explain().failed, {});
  await livesOn(world, transport);
});

const fatal: Record<string, (connection: Http2WireConnection, stream: number) => Promise<void>> = {
  PUSH_PROMISE: (connection, stream) => connection.send({ type: 5, flags: 4, stream, payload: "\0\0\0\x02" }),
  "a frame that is too large": (connection, stream) =>
    connection.send({ type: 0, stream, length: 16_385, payload: "x" }),
  "DATA on stream 0": (connection) => connection.send({ type: "DATA", stream: 0, data: "x" }),
  "a response on a stream never opened": (connection) =>
    connection.send({ type: "HEADERS", stream: 99, status: 200, endStream: true }),
  "a block that cannot be decoded": (connection, stream) =>
    connection.send({ type: 1, flags: 5, stream, payload: "\xff\xff\xff\xff\xff\xff" }),
};
for (const [name, broken] of Object.entries(fatal)) {
  test(`${name} ends the connection with GOAWAY and its code; the next request dials`, async () => {
    await using world = await answering(broken);
    const transport = world.transport();
    const error = await rejection(fetched(transport, world.url()));
    assert.match(String(error["code"]), /^ERR_TRUNKLINE_HTTP2/, error.message);
    const [closed] = await closedOnes(transport, 1);
    assert.equal(closed?.closed?.reason, "protocol-error");
    const connection = await world.connection();
    assert.notEqual(sent(connection, "GOAWAY")[0]?.code, 0);
    await livesOn(world, transport, 2);
  });
}

test("a flood of PINGs ends the connection as limit-exceeded", async () => {
  await using world = await answering(async (connection) => {
    const pings = Array.from({ length: 1100 }, () => ({ type: "PING", data: "x" }) as const);
    await connection.send(...pings).catch(() => undefined);
    await connection.stall();
  });
  const transport = world.transport();
  const error = await rejection(fetched(transport, world.url()));
  assert.equal(error["code"], "ERR_TRUNKLINE_HTTP2_FLOOD", error.message);
  assert.equal((await closedOnes(transport, 1))[0]?.closed?.reason, "limit-exceeded");
});

test("a head over maxHeaderBytes fails its request alone", async () => {
  await using world = await answering((connection, stream) =>
    connection.send({
      type: "HEADERS",
      stream,
      status: 200,
      headers: ["x-big", "b".repeat(3000)],
      endStream: true,
    }),
  );
  const transport = world.transport({ maxHeaderBytes: 2000 });
  const error = await rejection(fetched(transport, world.url()));
  assert.match(error.message, /maxHeaderBytes|2000|header/);
  await livesOn(world, transport);
});

test("a request larger than the server takes fails before it is sent, once, and says both sizes", async () => {
  await using world = await H2World.start(echoPaths, { settings: { maxHeaderListSize: 500 } });
  const transport = world.transport();
  await fetched(transport, world.url());
  const error = await rejection(
    clientOf(transport).get(world.url("/big"), { headers: { "x-big": "b".repeat(900) } }),
  );
  assert.equal(error["code"], "ERR_TRUNKLINE_REQUEST_HEADERS_TOO_LARGE", error.message);
  assert.match(error.message, /failed: the request's headers take \d+ bytes.*at most 500$/);
  assert.equal(error["retryable"], false);
  assert.equal(transport.recording().exchanges.length, 2);
  await livesOn(world, transport);
});

// ── a server that does nothing ───────────────────────────────────────────────────────────────────────────────

test("no SETTINGS within tlsTimeout: the request fails in phase tls, and the connection ends", async () => {
  await using world = await H2World.start((connection) => connection.stall(), {
    settings: false,
    answer: false,
  });
  const transport = world.stepped({ tlsTimeout: 7_000 });
  const failed = rejection(fetched(transport, world.url()));
  await world.connection();
  await until(() => transport.snapshot().totals.streams === 1, "the request on its way");
  world.clock.advance(6_999);
  assert.equal(recordOf(transport).state, "active");
  world.clock.advance(2);
  const error = await failed;
  assert.equal(error["phase"], "tls", error.message);
  assert.equal(error["timeout"], "tlsTimeout");
  assert.match(error.message, /sent no SETTINGS/);
  assert.match(error.message, /http2: false|priorKnowledge/);
  assert.equal((await closedOnes(transport, 1))[0]?.closed?.reason, "timeout");
});

test("a limit of 0 for ever: the second connection with it fails those who wait, within headersTimeout", async () => {
  await using world = await H2World.start((connection) => connection.stall(), {
    settings: { maxConcurrentStreams: 0 },
  });
  const transport = world.stepped({ headersTimeout: 3_000 });
  // What leaves before SETTINGS come is refused by a real server.
  world.server.script(
    world.script(
      async (connection) => {
        for (;;) {
          const { stream } = await connection.readRequest();
          await connection.send({ type: "RST_STREAM", stream, code: REFUSED });
        }
      },
      { settings: { maxConcurrentStreams: 0 } },
    ),
  );
  const failed = Promise.all(Array.from({ length: 5 }, () => rejection(fetched(transport, world.url()))));
  for (let i = 0; i < 40; i += 1) {
    await turns(20);
    world.clock.advance(200);
  }
  for (const error of await failed) {
    assert.match(String(error["code"]), /NO_STREAMS|STREAM_REFUSED/, error.message);
    assert.doesNotMatch(error.message, /may already have processed it/);
  }
  assert.ok(world.server.connections <= 4, `${world.server.connections} connections`);
  await settled(transport);
});

test("garbage after ALPN agreed on h2 is an error that says so", async () => {
  await using world = await H2World.start(async () => undefined, { server: overTls(["h2"]) });
  world.server.script(async (wire) => {
    await wire.reply("\xff\xfe\xfd garbage, and a lot of it, for whoever reads it");
    await wire.stall();
  });
  const transport = world.world.transport({ ...TRUST });
  const error = await rejection(fetched(transport, world.url()));
  assert.match(error.message, /first bytes are not HTTP\/2/);
  assert.match(error.message, /http2: false/);
  assert.equal((await closedOnes(transport, 1))[0]?.closed?.reason, "protocol-error");
});

test("h2 agreed on and HTTP/1.1 spoken: the request, a POST too, goes out in HTTP/1.1, and those after it", async () => {
  await using world = await H2World.start(async () => undefined, { server: overTls(["h2", "http/1.1"]) });
  const spoken: string[] = [];
  world.server.script(async (wire) => {
    const { alpnProtocol } = wire.socket as { alpnProtocol?: unknown };
    spoken.push(String(alpnProtocol));
    if (alpnProtocol === "h2") {
      await wire.reply("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
      return wire.stall();
    }
    for (;;) {
      const { body } = await wire.readRequest();
      await wire.replyOk(`one ${body.toString()}`);
    }
  });
  const client = clientOf(world.world.transport({ ...TRUST }));
  for (let i = 0; i < 3; i += 1) {
    const response = await client.post(world.url(), { body: "x" });
    assert.equal(await response.text(), "one x");
    assert.equal(response.attempts, i === 0 ? 2 : 1);
  }
  assert.deepEqual(spoken, ["h2", "http/1.1"]);
});

test("HTTP/2 known to the program and HTTP/1.1 spoken: the error says so, and nothing else is tried", async () => {
  await using world = await H2World.start(async () => undefined);
  world.server.script(async (wire) => {
    await wire.reply("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    await wire.stall();
  });
  const error = await rejection(
    fetched(world.world.transport({ http2: { priorKnowledge: true } }), world.url()),
  );
  assert.match(
    error.message,
    /answered in HTTP\/1\.1 on an HTTP\/2 connection; remove http2\.priorKnowledge/,
  );
  assert.equal(world.server.connections, 1);
});

test("h2 agreed on, HTTP/1.1 spoken, and HTTP/1.1 refused: the error says what was answered first", async () => {
  await using world = await H2World.start(async () => undefined, { server: overTls(["h2"]) });
  world.server.script(async (wire) => {
    await wire.reply("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    await wire.stall();
  });
  const error = await rejection(fetched(world.world.transport({ ...TRUST }), world.url()));
  assert.match(
    error.message,
    /answered in HTTP\/1\.1 on an HTTP\/2 connection that it had agreed to; set http2: false/,
  );
});

test("an answer that never comes: headersTimeout resets the stream, and the connection goes on", async () => {
  await using world = await H2World.start(async (connection) => {
    await connection.readRequest();
    await echoPaths(connection);
  });
  const transport = world.stepped({ headersTimeout: 2_000 });
  const failed = rejection(fetched(transport, world.url()));
  await (await world.connection()).frame(({ type }) => type === "HEADERS", "the request");
  await turns(3);
  world.clock.advance(2_001);
  const error = await failed;
  assert.equal(error["timeout"], "headersTimeout");
  await livesOn(world, transport);
  const connection = await world.connection();
  await connection.frame(({ type, stream }) => type === "RST_STREAM" && stream === 1, "the reset");
});

test("a script as steps: garbage after a good answer leaves the good answer whole", async () => {
  await using world = await H2World.start(async () => undefined);
  world.server.script(
    http2Script([
      "readRequest",
      { reply: "good" },
      { send: [{ type: 6, stream: 0, payload: "short" }] },
      "stall",
    ]),
  );
  const transport = world.transport();
  assert.equal(await fetched(transport, world.url()), "good");
  const [closed] = await closedOnes(transport, 1);
  assert.equal(closed?.closed?.reason, "protocol-error");
  await burst(transport, world.server.origin, 0);
});
