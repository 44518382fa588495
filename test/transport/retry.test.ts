import assert from "node:assert/strict";
import { test } from "node:test";
import type { Init, Transport } from "../../src/index.js";
import type { WireScript } from "../../src/testing/index.js";
import { BrittleStream } from "./brittle-stream.js";
import { clientOf, closedOnes, fetched, rejection, World } from "./support.js";

// Rule 6, row by row.

async function* oneShot(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("once");
}

const answersOnceThen =
  (end: "end" | "reset" | "half an answer"): WireScript =>
  async (connection) => {
    await connection.readRequest();
    await connection.replyOk("first");
    await connection.readRequest();
    if (end === "half an answer") await connection.reply("HTTP/1.1 200");
    if (end === "reset") connection.reset();
    else await connection.end();
  };

interface Row {
  readonly name: string;
  readonly method: string;
  readonly init?: () => Init;
  readonly retried: boolean;
  /** What the server must see of the second attempt's body. */
  readonly body?: string;
}

/** The request reached a server that ended the connection without an answer. */
const UNANSWERED: readonly Row[] = [
  { name: "GET", method: "GET", retried: true },
  { name: "HEAD", method: "HEAD", retried: true },
  { name: "OPTIONS", method: "OPTIONS", retried: true },
  { name: "DELETE", method: "DELETE", retried: true },
  {
    name: "PUT with bytes",
    method: "PUT",
    init: () => ({ body: "replay me" }),
    retried: true,
    body: "replay me",
  },
  { name: "PUT of a one-shot stream", method: "PUT", init: () => ({ body: oneShot() }), retried: false },
  { name: "POST without a body", method: "POST", retried: false },
  { name: "POST with bytes", method: "POST", init: () => ({ body: "x" }), retried: false },
  { name: "PATCH", method: "PATCH", init: () => ({ body: "x" }), retried: false },
  {
    name: "POST with an Idempotency-Key",
    method: "POST",
    init: () => ({ body: "x", headers: { "Idempotency-Key": "1" } }),
    retried: true,
    body: "x",
  },
  {
    name: "POST with an X-Idempotency-Key",
    method: "POST",
    init: () => ({ body: "x", headers: { "X-Idempotency-Key": "1" } }),
    retried: true,
    body: "x",
  },
  {
    name: "POST marked idempotent",
    method: "POST",
    init: () => ({ body: "x", idempotent: true }),
    retried: true,
  },
  { name: "GET marked not idempotent", method: "GET", init: () => ({ idempotent: false }), retried: false },
  {
    name: "POST of a one-shot stream with an Idempotency-Key",
    method: "POST",
    init: () => ({ body: oneShot(), headers: { "Idempotency-Key": "1" } }),
    retried: false,
  },
  {
    name: "PUT of a Blob",
    method: "PUT",
    init: () => ({ body: new Blob(["blob"]) }),
    retried: true,
    body: "blob",
  },
];

for (const end of ["end", "reset"] as const) {
  for (const row of UNANSWERED) {
    test(`safe retry: ${row.name} on a reused connection that the server ${end}s is ${row.retried ? "sent again" : "not sent again"}`, async () => {
      await using world = await World.start({ script: answersOnceThen(end) });
      const bodies: string[] = [];
      world.server.onConnection(2, async (connection) => {
        for await (const request of connection.eachRequest()) {
          bodies.push(request.body.toString());
          await connection.reply(
            `HTTP/1.1 200 OK\r\nContent-Length: ${request.method === "HEAD" ? 0 : 6}\r\n\r\n${request.method === "HEAD" ? "" : "second"}`,
          );
        }
      });
      const transport = world.transport();
      await fetched(transport, world.server.url());
      const call = clientOf(transport).fetch(world.server.url(), { method: row.method, ...row.init?.() });
      if (row.retried) {
        const response = await call;
        assert.equal(response.attempts, 2);
        assert.equal(response.connection.reused, false);
        assert.equal(await response.text(), row.method === "HEAD" ? "" : "second");
        if (row.body !== undefined) assert.deepEqual(bodies, [row.body]);
        assert.equal(transport.recording().exchanges.filter((one) => one.outcome === "retried").length, 1);
      } else {
        const error = await rejection(call);
        assert.equal(error.name, "NetworkError");
        assert.equal(error["reused"], true);
        assert.match(error.message, /not retried: the server may already have processed it/);
        assert.equal(world.server.connections, 1);
      }
    });
  }
}

test("safe retry: a request is not sent again once a byte of its answer has come", async () => {
  await using world = await World.start({ script: answersOnceThen("half an answer") });
  const transport = world.transport();
  await fetched(transport, world.server.url());
  const error = await rejection(fetched(transport, world.server.url()));
  assert.equal(error["code"], "ERR_TRUNKLINE_RESPONSE_CUT");
  assert.equal(world.server.connections, 1);
});

test("safe retry: a request is never sent again on a connection that was dialed for it", async () => {
  await using world = await World.start({ script: ["readRequest", "end"] });
  const error = await rejection(fetched(world.transport(), world.server.url()));
  assert.equal(error["code"], "ERR_TRUNKLINE_SERVER_CLOSED");
  assert.equal(error["reused"], false);
  assert.equal(world.server.connections, 1);
});

test("safe retry: a preconnected connection counts as one that had been idle", async () => {
  await using world = await World.start();
  world.server.onConnection(1, ["readRequest", "end"]);
  const transport = world.transport();
  await transport.preconnect(world.server.origin);
  const response = await clientOf(transport).get(world.server.url());
  assert.equal(response.attempts, 2);
});

test("safe retry: safeRetry: false turns it off", async () => {
  await using world = await World.start({ script: answersOnceThen("end") });
  const transport = world.transport({ safeRetry: false });
  await fetched(transport, world.server.url());
  await rejection(fetched(transport, world.server.url()));
  assert.equal(world.server.connections, 1);
});

test("safe retry: garbage in place of an answer costs a reused connection; what can be repeated goes out on a new one", async () => {
  for (const garbage of ["garbage\r\n", "\r\n", "HTTP/1.1 200 OK\r\nbad line\r\n"]) {
    await using world = await World.start();
    world.server.onConnection(1, [
      "readRequest",
      { replyOk: "ok" },
      "readRequest",
      { reply: garbage },
      "stall",
    ]);
    const transport = world.transport();
    await fetched(transport, world.server.url());
    const response = await clientOf(transport).get(world.server.url());
    assert.equal(response.attempts, 2);
    assert.equal(await response.text(), "ok");
    assert.equal(world.server.connections, 2);
    const [closed] = await closedOnes(transport, 1);
    assert.equal(closed?.closed?.reason, "protocol-error");
    assert.equal(transport.connections().at(-1)?.openedFor, "retry");
  }
});

test("safe retry: garbage is an error for a POST, on a new connection, and behind a 1xx", async () => {
  const rows = [
    { method: "POST", reply: "garbage\r\n" },
    { method: "GET", reply: "HTTP/1.1 103 Early Hints\r\n\r\ngarbage\r\n" },
  ];
  for (const { method, reply } of rows) {
    await using world = await World.start({
      script: ["readRequest", { replyOk: "ok" }, "readRequest", { reply }, "stall"],
    });
    const transport = world.transport();
    await fetched(transport, world.server.url());
    const error = await rejection(clientOf(transport).fetch(world.server.url(), { method }));
    assert.equal(error["code"], "ERR_TRUNKLINE_BAD_STATUS_LINE", String(error["code"]));
    assert.equal(world.server.connections, 1);
  }
  await using world = await World.start({ script: ["readRequest", { reply: "garbage\r\n" }, "stall"] });
  const error = await rejection(fetched(world.transport(), world.server.url()));
  assert.equal(error["code"], "ERR_TRUNKLINE_BAD_STATUS_LINE");
  assert.equal(world.server.connections, 1);
});

interface NothingWrittenRow {
  readonly name: string;
  readonly method: string;
  readonly init?: () => Init;
  readonly fresh?: true;
  readonly retried: boolean;
}

/** The kernel took no byte of the request. */
const NOTHING_WRITTEN: readonly NothingWrittenRow[] = [
  {
    name: "POST on a fresh connection",
    method: "POST",
    fresh: true,
    init: () => ({ body: "x" }),
    retried: false,
  },
  { name: "GET on a fresh connection", method: "GET", fresh: true, retried: false },
  { name: "GET", method: "GET", retried: true },
  { name: "DELETE", method: "DELETE", retried: true },
  { name: "POST without a body", method: "POST", retried: true },
  { name: "POST with bytes", method: "POST", init: () => ({ body: "bytes" }), retried: true },
  { name: "POST of a one-shot stream", method: "POST", init: () => ({ body: oneShot() }), retried: false },
];

for (const row of NOTHING_WRITTEN) {
  test(`safe retry: ${row.name}, of which nothing was written, is ${row.retried ? "sent again" : "not sent again"}`, async () => {
    await using world = await World.start();
    const streams: BrittleStream[] = [];
    const transport: Transport = world.transport({
      dial: async () => {
        const stream = new BrittleStream(
          streams.length === 0 ? { failAt: row.fresh === true ? 1 : 2 } : undefined,
        );
        streams.push(stream);
        return stream;
      },
    });
    const url = "http://brittle.test/";
    if (row.fresh !== true) await fetched(transport, url);
    const call = clientOf(transport).fetch(url, { method: row.method, ...row.init?.() });
    if (row.retried) {
      const response = await call;
      assert.equal(response.attempts, 2);
      assert.equal(streams[1]?.writes[0], streams[0]?.writes[1]);
    } else {
      const error = await rejection(call);
      assert.equal(error["code"], "ERR_TRUNKLINE_WRITE");
      assert.equal(streams.length, 1);
    }
  });
}

test("safe retry: a write that failed otherwise may have reached the server, so a POST is not sent again", async () => {
  await using world = await World.start();
  let dials = 0;
  const transport = world.transport({
    dial: async () => {
      dials += 1;
      return new BrittleStream({ failAt: 2, error: new Error("the tunnel collapsed") });
    },
  });
  await fetched(transport, "http://brittle.test/");
  const error = await rejection(clientOf(transport).post("http://brittle.test/", { body: "x" }));
  assert.match(error.message, /the tunnel collapsed/);
  assert.equal(dials, 1);
});

test("safe retry: the retry after a timeout does not happen", async () => {
  await using world = await World.start({
    script: ["readRequest", { replyOk: "ok" }, "readRequest", "stall"],
  });
  const transport = world.stepped({ headersTimeout: 100 });
  await fetched(transport, world.server.url());
  const call = fetched(transport, world.server.url());
  await world.server.waitForRequests(2);
  world.clock.advance(101);
  const error = await rejection(call);
  assert.equal(error.name, "TimeoutError");
  assert.equal(world.server.connections, 1);
});

test("safe retry: an abort during the second attempt rejects with the signal's reason", async () => {
  await using world = await World.start({ script: answersOnceThen("end") });
  world.server.onConnection(2, ["readRequest", "stall"]);
  const transport = world.transport();
  await fetched(transport, world.server.url());
  const abort = new AbortController();
  const call = clientOf(transport).get(world.server.url(), { signal: abort.signal });
  await world.server.waitForRequests(3);
  const reason = new Error("enough");
  abort.abort(reason);
  assert.equal(await rejection(call), reason);
  assert.equal(transport.snapshot().totals.active, 0);
});

test("why(): a request that went out again did not wait while it was on the connection before", async () => {
  for (const idle of [1, 2]) {
    await using world = await World.start();
    const { server, clock } = world;
    const gate = server.gate();
    let lost = false;
    server.script(async (wire) => {
      for await (const { target } of wire.eachRequest()) {
        if (target === "/lost" && !lost) {
          lost = true;
          await gate.promise;
          await wire.end();
          return;
        }
        await wire.replyOk("ok");
      }
    });
    const transport = world.stepped();
    await transport.preconnect(server.origin, idle);
    clock.advance(10);
    const asked = clientOf(transport).get(server.url("/lost"));
    await server.waitForRequests(1);
    clock.advance(500);
    gate.open();
    const response = await asked;
    assert.equal(await response.text(), "ok");
    assert.equal(response.attempts, 2);
    assert.equal(response.connection.reused, idle === 2);
    assert.equal(response.why().waited, undefined);
    assert.doesNotMatch(String(response.why()), /waiting/);
  }
});
