import assert from "node:assert/strict";
import { createHook } from "node:async_hooks";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { NetworkError, Transport, type TransportOptions } from "../../src/index.js";
import { nodeRuntime, type Runtime } from "../../src/runtime/index.js";
import { runtimeOption } from "../../src/transport/index.js";
import { chunked, patterned, withLength } from "./body-kinds.js";
import { FAILURE_KINDS } from "./failure-kinds.js";
import { clientOf, fetched, rejection, turns, until, World } from "./support.js";

for (const kind of FAILURE_KINDS) {
  test(`failure: ${kind.name} is reported with phase, code and what to do, and harms no other request`, async () => {
    await using world = await World.start();
    const transport = world.transport(kind.options);
    const url = await kind.url(world);
    const error = await rejection(fetched(transport, url));
    assert.ok(error instanceof NetworkError, `${error.name}: ${error.message}`);
    assert.ok(error instanceof TypeError);
    assert.equal(error.phase, kind.phase, error.message);
    assert.match(error.code, kind.code);
    assert.match(error.message, kind.message);
    assert.match(error.message, /^GET https?:\/\/[^/]+ (failed|timed out)/);
    assert.doesNotMatch(error.message, /\n/);
    assert.equal(error.url, url);
    if (kind.reason !== undefined) {
      const record = transport.connections().at(-1);
      assert.equal(record?.closed?.reason, kind.reason, record?.closed?.evidence);
    }
    assert.equal(transport.recording().exchanges.at(-1)?.error ?? error.code, error.code);
    const good = await world.another();
    // Not where the transport was made to fail everything, or so impatient that a busy machine would.
    const { dial, allowAddress, headersTimeout, bodyTimeout } = kind.options ?? {};
    if ([dial, allowAddress, headersTimeout, bodyTimeout].every((option) => option === undefined)) {
      assert.equal(await fetched(transport, good.url()), "ok");
    }
  });
}

test("retryable: what had no connection may be sent again whatever its method, unless it would fail the same way", async () => {
  const retryable: Record<string, [GET: boolean, POST: boolean]> = {
    refused: [true, true],
    unresolvable: [false, false],
    "black-holed": [true, true],
    "an address that is not allowed": [false, false],
    "TLS: an authority that is not trusted": [false, false],
    "closed unanswered": [true, false],
    "reset before the answer": [true, false],
  };
  for (const [name, expected] of Object.entries(retryable)) {
    const found: boolean[] = [];
    for (const init of [{}, { method: "POST", body: "x" }]) {
      await using world = await World.start();
      const kind = FAILURE_KINDS.find((each) => each.name === name);
      assert.ok(kind, name);
      const client = clientOf(world.transport(kind.options));
      const error = await rejection(client.fetch(await kind.url(world), init));
      assert.ok(error instanceof NetworkError, String(error));
      found.push(error.retryable);
    }
    assert.deepEqual(found, expected, name);
  }
});

/** The real runtime, counting the timers that are set and not yet fired or cleared. */
function countingRuntime(): { readonly runtime: Runtime; readonly timers: Set<object> } {
  const timers = new Set<object>();
  const runtime: Runtime = {
    ...nodeRuntime,
    setTimer(callback, milliseconds) {
      const token = {};
      timers.add(token);
      const timer = nodeRuntime.setTimer(() => {
        timers.delete(token);
        callback();
      }, milliseconds);
      return {
        clear: () => {
          timers.delete(token);
          timer.clear();
        },
        setRef: (keepAlive) => timer.setRef(keepAlive),
      };
    },
  };
  return { runtime, timers };
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Promises that are neither settled nor collected. */
class PromiseCount implements Disposable {
  readonly #pending = new Set<number>();
  readonly #hook = createHook({
    init: (id, type) => {
      if (type === "PROMISE") this.#pending.add(id);
    },
    promiseResolve: (id) => this.#pending.delete(id),
    destroy: (id) => this.#pending.delete(id),
  }).enable();

  async count(): Promise<number> {
    for (let i = 0; i < 3; i += 1) {
      collectGarbage();
      await turns(2);
    }
    return this.#pending.size;
  }

  [Symbol.dispose](): void {
    this.#hook.disable();
  }
}

const ROUNDS = 8;

for (const kind of FAILURE_KINDS) {
  test(`failure: ${kind.name}, ${ROUNDS} times over, leaves no socket, timer or promise behind`, async () => {
    await using world = await World.start();
    const { runtime, timers } = countingRuntime();
    const transport = new Transport({ ...kind.options, [runtimeOption]: runtime } as TransportOptions);
    const url = await kind.url(world);
    await rejection(fetched(transport, url));
    await turns(5);
    using promises = new PromiseCount();
    const before = await promises.count();
    for (let i = 0; i < ROUNDS; i += 1) await rejection(fetched(transport, url));
    await turns(5);
    const { totals } = transport.snapshot();
    assert.deepEqual(
      [totals.dialing, totals.active, totals.idle, totals.waiting, totals.draining],
      [0, 0, 0, 0, 0],
    );
    // The transport's one timer and its anchor may stay; nothing may be added by each failure.
    assert.ok(timers.size <= 2, `${timers.size} timers`);
    const left = (await promises.count()) - before;
    assert.ok(left < ROUNDS, `${left} promises were left`);
    await until(() => world.server.open === 0, "the server to see every connection end");
    await transport.close();
    assert.equal(timers.size, 0);
    await world.server.close();
    await until(
      () => !process.getActiveResourcesInfo().some((what) => what === "TCPSocketWrap" || what === "TLSWrap"),
      "every socket to be closed",
    );
  });
}

for (const [framing, whole] of [
  ["Content-Length", withLength(patterned(40))],
  ["chunked", chunked(patterned(40), 17)],
] as const) {
  test(`failure: a ${framing} response cut after any byte is an error, never a clean end`, async () => {
    await using world = await World.start();
    const transport = world.transport();
    const client = clientOf(transport);
    for (let cut = 0; cut < whole.length; cut += 1) {
      for (const how of ["end", "reset"] as const) {
        world.server.script(async (connection) => {
          await connection.readRequest();
          if (cut > 0) await connection.reply(whole.subarray(0, cut));
          if (how === "end") await connection.end();
          else connection.reset();
        });
        const error = await rejection(client.get(world.server.url()).bytes());
        assert.ok(error instanceof NetworkError, `cut after ${cut} bytes by ${how}: ${error}`);
        assert.ok(error.phase === "headers" || error.phase === "body");
      }
    }
    const { totals } = transport.snapshot();
    assert.deepEqual([totals.active, totals.idle], [0, 0]);
    world.server.script([{ repeat: ["readRequest", { reply: whole }] }]);
    assert.equal((await client.get(world.server.url()).bytes()).length, 40);
  });
}

test("failure: of one connection leaves 20 others under way unharmed", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  world.server.script(async (connection) => {
    const request = await connection.readRequest();
    if (request.target === "/bad") await connection.reply("garbage\r\n");
    await gate.promise;
    await connection.replyOk(request.target);
  });
  const transport = world.transport();
  const good = Array.from({ length: 20 }, (_, index) => fetched(transport, world.server.url(`/${index}`)));
  await world.server.waitForRequests(20);
  await rejection(fetched(transport, world.server.url("/bad")));
  gate.open();
  assert.deepEqual(
    await Promise.all(good),
    Array.from({ length: 20 }, (_, index) => `/${index}`),
  );
});

test("failure: a password in the URL shows neither in the error nor in the record", async () => {
  await using world = await World.start({ script: ["readRequest", "end"] });
  const transport = world.transport();
  const url = world.server.url("/path?token=canary").replace("http://", "http://user:canary@");
  const error = await rejection(fetched(transport, url));
  assert.doesNotMatch(error.message, /canary/);
  assert.doesNotMatch(JSON.stringify(transport.recording()), /canary/);
});
