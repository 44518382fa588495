import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pause } from "../../src/client/retries.js";
import { RetryBudget } from "../../src/client/retry-budget.js";
import { Client, type ClientOptions, NetworkError, TimeoutError, Transport } from "../../src/index.js";
import {
  FakeRuntime,
  type MockAnswer,
  mockTransport,
  onRuntime,
  WireServer,
} from "../../src/testing/index.js";

import { rejection, turns, until, World } from "../transport/support.js";

const quick = { backoff: { base: 0 } };
const reset = (): never => {
  throw new NetworkError("the connection was reset", {
    code: "ERR_TRUNKLINE_CONNECTION_RESET",
    phase: "headers",
  });
};

/** Answers the first requests with these, and then 200. */
function failing(answers: (MockAnswer | (() => never))[], options: ClientOptions = {}) {
  const transport = mockTransport((request) => {
    const answer = answers[request.number - 1];
    return typeof answer === "function" ? answer() : (answer ?? `after ${request.number}`);
  });
  return { transport, client: new Client({ retry: quick, ...options, transport }) };
}

describe("retry", () => {
  test("statuses: 408 429 502 503 504 are sent again, at most three times in all", async () => {
    for (const status of [408, 429, 502, 503, 504]) {
      const { client } = failing([{ status }, { status }]);
      const response = await client.get("http://a.test/");
      assert.equal(response.status, 200);
      assert.equal(response.attempts, 3);
    }
    const { client, transport } = failing([{ status: 503 }, { status: 503 }, { status: 503, body: "third" }]);
    const response = await client.get("http://a.test/");
    assert.equal(await response.text(), "third");
    assert.equal(transport.requests.length, 3);
    assert.equal((await failing([{ status: 500 }]).client.get("http://a.test/")).status, 500);
  });

  test("errors: a lost connection is tried again, a broken message is not", async () => {
    assert.equal(await failing([reset, reset]).client.get("http://a.test/").text(), "after 3");
    const broken = (): never => {
      throw new NetworkError("no HTTP", { code: "ERR_TRUNKLINE_PROTOCOL", phase: "headers" });
    };
    const { client, transport } = failing([broken]);
    await assert.rejects(client.get("http://a.test/"), /no HTTP/);
    assert.equal(transport.requests.length, 1);
  });

  test("off: nothing is sent again by default, nor with retry: false for the call", async () => {
    for (const [retry, init] of [
      [false, {}],
      [quick, { retry: false }],
    ] as const) {
      const { client, transport } = failing([{ status: 503 }], { retry });
      assert.equal((await client.get("http://a.test/", init)).status, 503);
      assert.equal(transport.requests.length, 1);
    }
  });

  test("methods: POST is not sent again unless marked, keyed or listed; a stream never", async () => {
    const attempts = async (init: Parameters<Client["fetch"]>[1]): Promise<number> => {
      const { client, transport } = failing([{ status: 503 }]);
      await client.fetch("http://a.test/", init);
      return transport.requests.length;
    };
    assert.equal(await attempts({ method: "POST", body: "x" }), 1);
    assert.equal(await attempts({ method: "POST", body: "x", idempotent: true }), 2);
    assert.equal(await attempts({ method: "POST", body: "x", headers: { "idempotency-key": "1" } }), 2);
    assert.equal(await attempts({ method: "POST", body: "x", retry: { ...quick, methods: ["post"] } }), 2);
    assert.equal(await attempts({ method: "PUT", body: "x" }), 2);
    assert.equal(await attempts({ method: "PUT", body: new Blob(["x"]).stream() }), 1);
    assert.equal(await attempts({ method: "GET", retry: { ...quick, methods: ["PUT"] } }), 1);
  });

  test("errors: without a connection nothing was sent, so any method goes again; not where the methods are named", async () => {
    const attempts = async (
      init: Parameters<Client["fetch"]>[1],
    ): Promise<[tries: number, received: number]> => {
      const runtime = new FakeRuntime({ seed: 7 });
      runtime.host("a.test", ["192.0.2.1"]);
      runtime.address("192.0.2.1", { fails: "ECONNREFUSED" }, {});
      let received = 0;
      runtime.onConnect(({ peer }) => {
        peer.on("data", () => {
          received += 1;
          peer.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        });
      });
      const transport = new Transport(onRuntime(runtime));
      const call = new Client({ transport, retry: quick }).fetch("http://a.test/", init);
      const tries = await runtime.run(
        call.then(
          ({ attempts: many }) => many,
          () => 1,
        ),
      );
      transport.destroy();
      return [tries, received];
    };
    assert.deepEqual(await attempts({ method: "POST", body: "x" }), [2, 1]);
    assert.deepEqual(await attempts({ method: "PATCH", body: "x" }), [2, 1]);
    assert.deepEqual(await attempts({ method: "POST", body: new Blob(["x"]).stream() }), [1, 0]);
    assert.deepEqual(
      await attempts({ method: "POST", body: "x", retry: { ...quick, methods: ["GET"] } }),
      [1, 0],
    );
  });

  test("body: is sent whole each time", async () => {
    const { client, transport } = failing([{ status: 503 }, reset]);
    await client.put("http://a.test/", { json: { a: 1 } });
    assert.deepEqual(
      transport.requests.map((request) => request.text()),
      ['{"a":1}', '{"a":1}', '{"a":1}'],
    );
  });

  /** When the attempts arrived, in virtual milliseconds; every one is answered with 503 and these fields. */
  async function arrivals(fields: string, options: ClientOptions, wall?: number): Promise<number[]> {
    const runtime = new FakeRuntime({ seed: 7, ...(wall === undefined ? {} : { wallNow: wall }) });
    const at: number[] = [];
    runtime.host("a.test", ["192.0.2.1"]);
    runtime.onConnect(({ peer }) => {
      peer.on("data", () => {
        at.push(runtime.now());
        peer.write(`HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n${fields}\r\n`);
      });
    });
    const transport = new Transport(onRuntime(runtime));
    const call = new Client({ transport, ...options }).get("http://a.test/");
    await runtime.run(call);
    transport.destroy();
    return at;
  }

  test("backoff: waits a random time below a limit that doubles, up to its maximum, and keeps the process alive", async () => {
    const backoff = { base: 1_000, max: 3_000 };
    const at = await arrivals("", { retry: { attempts: 6, backoff } });
    const waits = at.slice(1).map((time, i) => time - (at[i] as number));
    const limits = [1_000, 2_000, 3_000, 3_000, 3_000];
    waits.forEach((wait, i) => {
      assert.ok(wait >= 0 && wait <= (limits[i] as number) + 5, `${waits}`);
    });
    assert.ok(new Set(waits.map(Math.round)).size > 3, `${waits}`);
    assert.ok(Math.max(...waits) > 1_000, `${waits}`);

    const runtime = new FakeRuntime();
    const paused = pause({ runtime, direct: undefined }, 50, undefined);
    assert.equal(runtime.timers.refed, 1);
    await runtime.run(paused);
  });

  test("Retry-After: seconds and dates win over the backoff", async () => {
    const slow = { retry: { attempts: 2, backoff: { base: 1e6, max: 1e6 } } };
    const between = async (fields: string, wall?: number): Promise<number> => {
      const [first = 0, second = 0] = await arrivals(fields, slow, wall);
      return Math.round((second - first) / 100) * 100;
    };
    assert.equal(await between("retry-after: 7\r\n"), 7_000);
    const wall = Date.UTC(2026, 0, 1);
    assert.equal(await between("retry-after: Thu, 01 Jan 2026 00:00:30 GMT\r\n", wall), 30_000);
    assert.equal(await between("retry-after: Wed, 31 Dec 2025 00:00:00 GMT\r\n", wall), 0);
  });

  test("abort: ends the wait at once", async () => {
    const controller = new AbortController();
    const { client } = failing([{ status: 503, headers: { "retry-after": "100" } }]);
    const call = client.get("http://a.test/", { signal: controller.signal });
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort("enough");
    await assert.rejects(call, (reason) => reason === "enough");
  });

  test("close and destroy: end the wait at once, the latter with its reason", async () => {
    await using world = await World.start();
    const answer = "HTTP/1.1 503 Later\r\nRetry-After: 100\r\nContent-Length: 0\r\n\r\n";
    world.server.script([{ repeat: ["readRequest", { reply: answer }] }]);
    const reason = new Error("no longer wanted");
    const waiting = async (): Promise<[Transport, ReturnType<typeof rejection>]> => {
      const transport = world.stepped();
      const call = rejection(new Client({ transport, retry: quick }).get(world.server.url()));
      await until(() => transport.snapshot().totals.idle === 1, "the answer");
      await turns(5);
      return [transport, call];
    };
    const [one, ended] = await waiting();
    one.destroy(reason);
    assert.equal(await ended, reason);
    const [other, closed] = await waiting();
    await other.close();
    assert.equal((await closed)["code"], "ERR_TRUNKLINE_CLOSED");
    // An answer that comes while the transport closes makes nobody wait either.
    const gate = world.server.gate();
    world.server.script(["readRequest", { wait: gate }, { reply: answer }]);
    const last = world.stepped();
    const late = rejection(new Client({ transport: last, retry: quick }).get(world.server.url()));
    await until(() => last.snapshot().totals.active === 1, "the request");
    const closing = last.close();
    gate.open();
    assert.equal((await late)["code"], "ERR_TRUNKLINE_CLOSED");
    await closing;
    assert.equal(world.clock.timers, 0);
  });

  test("Retry-After: a wait beyond the call's time, or beyond two minutes, gives the response at once", async () => {
    for (const [value, init] of [
      ["100", { timeout: 1_000 }],
      ["121", {}],
      [new Date(Date.now() + 3_600_000).toUTCString(), {}],
    ] as const) {
      const { client, transport } = failing([{ status: 503, headers: { "retry-after": value } }]);
      assert.equal((await client.get("http://a.test/", init)).status, 503);
      assert.equal(transport.requests.length, 1);
    }
    const { client } = failing([{ status: 429, headers: { "retry-after": "0" } }], {
      retry: { backoff: { base: 1e9, max: 1e9 } },
    });
    assert.equal((await client.get("http://a.test/")).attempts, 2);
  });

  test("attemptTimeout: an attempt that takes longer is sent again; without retry it is the error", async () => {
    const transport = mockTransport((request) =>
      request.number < 3 ? new Promise<never>(() => undefined) : "third",
    );
    const client = new Client({ transport, attemptTimeout: 10 });
    assert.equal((await client.get("http://a.test/", { retry: quick })).attempts, 3);
    const never = new Client({ transport: mockTransport(() => new Promise<never>(() => undefined)) });
    const init = { attemptTimeout: 5, timeout: 10_000 };
    const error = await never.get("http://a.test/", init).catch((reason: unknown) => reason);
    assert.ok(error instanceof TimeoutError);
    assert.equal(error.timeout, "attemptTimeout");
    assert.match(error.message, /attempt 1 got no response within the attemptTimeout of 5 ms$/);
  });

  test("attemptTimeout: over our own transport, is the connection's reason, and spares the body", async () => {
    await using server = await WireServer.start();
    server.onConnection(1, async (connection) => {
      await connection.readRequest();
      await connection.closed;
    });
    server.onConnection(2, async (connection) => {
      await connection.readRequest();
      await connection.reply("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nsl");
      // Real time on purpose: the body outlasts the attempt's limit, which runs on the transport's own clock.
      await new Promise((resolve) => setTimeout(resolve, 300));
      await connection.reply("ow");
      await connection.closed;
    });
    await using transport = new Transport();
    const response = await new Client({ transport, retry: quick, attemptTimeout: 150 }).get(server.url("/"));
    assert.equal(await response.text(), "slow");
    assert.equal(response.attempts, 2);
    assert.equal(transport.connections()[0]?.closed?.reason, "timeout");
    transport.destroy();
  });

  test("timeout: of the whole call is final", async () => {
    const { client } = failing([reset, reset], { retry: { backoff: { base: 1e6, max: 1e6 } } });
    await assert.rejects(
      client.get("http://a.test/", { timeout: 20 }),
      (error) => !(error instanceof TimeoutError),
    );
  });
});

describe("RetryBudget", () => {
  test("take: allows the reserve of each second, and a ratio of the requests of ten", () => {
    const limits = { ratio: 0.2, reservePerSecond: 2 };
    const budget = new RetryBudget();
    const take = (now: number, times: number): number =>
      Array.from({ length: times }, () => budget.take(now, limits)).filter(Boolean).length;
    assert.equal(take(0, 10), 2);
    assert.equal(take(999, 10), 0);
    assert.equal(take(1_000, 10), 2);
    for (let i = 0; i < 100; i += 1) budget.sent(2_000);
    assert.equal(take(2_500, 100), 16); // 20 of the 100, less the four before
    assert.equal(take(3_000, 100), 2);
    assert.equal(take(12_000, 100), 2); // the requests are forgotten
    assert.equal(take(1e9, 100), 2);
  });

  test("retries: are few when everything fails", async () => {
    const transport = mockTransport(() => ({ status: 503 }));
    const client = new Client({ transport, retry: quick });
    for (let i = 0; i < 200; i += 1) await client.get("http://a.test/");
    const retries = transport.requests.length - 200;
    assert.ok(retries >= 10 && retries <= 40 + 30, String(retries));
    await client.get("http://b.test/");
    assert.equal(transport.requests.filter((request) => request.url === "http://b.test/").length, 3);
  });
});
