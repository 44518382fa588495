import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { execFile } from "node:child_process";
import { connect } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Client, Transport } from "../../src/index.js";
import { WireServer } from "../../src/testing/index.js";
import { clientOf, closedOnes, fetched, rejection, turn, turns, until, World } from "./support.js";

test("Transport.close: lets the exchange under way finish, then resolves; new calls are turned away", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  world.server.script(["readRequest", { wait: gate }, { replyOk: "late" }, "stall"]);
  const transport = world.transport();
  const call = fetched(transport, world.server.url());
  await world.server.waitForRequests(1);
  let closed = false;
  const closing = transport.close().then(() => {
    closed = true;
  });
  const error = await rejection(fetched(transport, world.server.url()));
  assert.equal(error["code"], "ERR_TRUNKLINE_CLOSED");
  assert.match(error.message, /transport is closed; make a new one/);
  await turns(3);
  assert.equal(closed, false);
  gate.open();
  assert.equal(await call, "late");
  await closing;
  const [record] = await closedOnes(transport, 1);
  assert.deepEqual([record?.closed?.reason, record?.closed?.by], ["transport-closed", "caller"]);
  await world.server.waitForOpen(0);
});

test("Transport.close: a body that is still being read is read to its end", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  world.server.script(async (connection) => {
    await connection.readRequest();
    await connection.reply("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
    await gate.promise;
    await connection.reply("def");
    await connection.stall();
  });
  const transport = world.transport();
  const response = await clientOf(transport).get(world.server.url());
  const closing = transport.close();
  gate.open();
  assert.equal(await response.text(), "abcdef");
  await closing;
});

for (const [what, script] of [
  ["whose server closes unanswered", ["readRequest", "end"]],
  ["whose server sends garbage", ["readRequest", { reply: "garbage" }, "end"]],
  ["whose body is cut", ["readRequest", { reply: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc" }, "end"]],
] as const) {
  test(`Transport.close: resolves after an exchange ${what}`, async () => {
    await using world = await World.start({ script });
    const transport = world.transport();
    const call = rejection(fetched(transport, world.server.url()));
    await turn();
    const closing = transport.close();
    await call;
    await closing;
    assert.equal(transport.snapshot().totals.active, 0);
  });
}

test("Transport.close: resolves when the dial under way fails", async () => {
  await using world = await World.start();
  const { origin } = world.server;
  await world.server.close();
  const transport = world.transport();
  const call = rejection(fetched(transport, origin));
  const closing = transport.close();
  assert.equal((await call)["code"], "ERR_TRUNKLINE_CONNECTION_REFUSED");
  await closing;
});

test("Transport.close: serves those who wait before it closes", async () => {
  await using world = await World.start();
  const transport = world.transport({ maxConnectionsPerOrigin: 1 });
  const calls = [1, 2, 3].map((path) => fetched(transport, world.server.url(`/${path}`)));
  const closing = transport.close();
  assert.deepEqual(await Promise.all(calls), ["ok", "ok", "ok"]);
  await closing;
  await world.server.waitForOpen(0);
});

test("Transport.close: of one that was never used resolves, and so does a second call", async () => {
  const transport = new Transport();
  await transport.close();
  await transport.close();
});

test("Transport.destroy: rejects waiting, dialing, active and half-read calls with the reason, and leaves nothing", async () => {
  await using world = await World.start();
  world.server.onConnection(1, ["readRequest", "stall"]);
  world.server.onConnection(2, [
    "readRequest",
    { reply: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc" },
    "stall",
  ]);
  const held = world.server.gate();
  let dials = 0;
  const transport = world.transport({
    maxConnectionsPerOrigin: 3,
    dial: async ({ host, port }) => {
      if (++dials === 3) await held.promise;
      return connect({ host, port });
    },
  });
  const reason = new Error("shutting down");
  const active = rejection(fetched(transport, world.server.url("/active")));
  await world.server.waitForRequests(1);
  const response = await clientOf(transport).get(world.server.url("/body"));
  const body = rejection(response.text());
  const dialing = rejection(fetched(transport, world.server.url("/dialing")));
  const waiting = rejection(fetched(transport, world.server.url("/waiting")));
  await until(() => dials === 3, "the third dial");
  transport.destroy(reason);
  assert.deepEqual(await Promise.all([active, body, dialing, waiting]), [reason, reason, reason, reason]);
  assert.equal(dials, 3);
  const { totals } = transport.snapshot();
  assert.deepEqual([totals.dialing, totals.active, totals.idle, totals.waiting], [0, 0, 0, 0]);
  held.open();
  await turns(3);
  await world.server.waitForOpen(0);
  await transport.close();
});

test("Transport.destroy: without a reason rejects with a NetworkError that says so", async () => {
  await using world = await World.start({ script: ["readRequest", "stall"] });
  const transport = world.transport();
  const call = rejection(fetched(transport, world.server.url()));
  await world.server.waitForRequests(1);
  transport.destroy();
  assert.equal((await call)["code"], "ERR_TRUNKLINE_CLOSED");
});

test("Transport[Symbol.asyncDispose]: closes at the end of the block", async () => {
  await using world = await World.start();
  {
    await using transport = new Transport();
    await fetched(transport, world.server.url());
  }
  await world.server.waitForOpen(0);
});

test("Transport.closeIdle: ends the idle and leaves the rest, during a call too", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  world.server.onConnection(2, [{ repeat: ["readRequest", { wait: gate }, { replyOk: "late" }] }]);
  const transport = world.transport();
  await fetched(transport, world.server.url());
  const both = [fetched(transport, world.server.url()), fetched(transport, world.server.url())];
  await world.server.waitForRequests(3);
  await both[0];
  transport.closeIdle();
  gate.open();
  assert.equal(await both[1], "late");
  assert.equal(transport.snapshot().totals.idle, 1);
  assert.equal((await closedOnes(transport, 1))[0]?.closed?.reason, "idle-closed-by-caller");
});

test("Transport.preconnect: opens so many, which the next requests take", async () => {
  await using world = await World.start();
  const transport = world.transport();
  await transport.preconnect(world.server.origin, 3);
  assert.equal(transport.snapshot().totals.idle, 3);
  await transport.preconnect(world.server.origin, 3);
  await world.server.waitForConnections(3);
  const response = await clientOf(transport).get(world.server.url());
  assert.equal(response.connection.reused, true);
  assert.equal(world.server.connections, 3);
});

test("Transport.preconnect: rejects when it cannot, and on a closed transport", async () => {
  await using world = await World.start();
  const { origin } = world.server;
  await world.server.close();
  const transport = world.transport();
  assert.equal((await rejection(transport.preconnect(origin)))["code"], "ERR_TRUNKLINE_CONNECTION_REFUSED");
  await rejection(transport.preconnect("no url"));
  await transport.close();
  assert.equal((await rejection(transport.preconnect(origin)))["code"], "ERR_TRUNKLINE_CLOSED");
});

test("Transport.preconnect: resolves also where a limit ends the connection as soon as it is open", async () => {
  await using world = await World.start();
  const { origin } = world.server;
  const none = world.transport({ maxIdleConnectionsPerOrigin: 0 });
  await none.preconnect(origin);
  assert.equal(none.connections()[0]?.closed?.reason, "max-idle-per-origin");
  // Another origin's request waits for the one connection that there may be.
  const other = await world.another();
  const one = world.transport({ maxConnections: 1 });
  const [, text] = await Promise.all([one.preconnect(origin), fetched(one, other.url("/"))]);
  assert.equal(text, "ok");
  assert.equal(one.connections()[0]?.closed?.reason, "evicted");
});

test("Transport.preconnect: rejects when the transport closes before the connection is open", async () => {
  await using world = await World.start();
  const transport = world.transport();
  const asked = rejection(transport.preconnect(world.server.origin));
  await transport.close();
  assert.equal((await asked)["code"], "ERR_TRUNKLINE_CLOSED");
});

test("Transport.preconnect: opens nothing while the transport closes", async () => {
  await using world = await World.start();
  const answer = world.server.gate();
  world.server.script(["readRequest", { wait: answer }, { replyOk: "last" }, "stall"]);
  const transport = world.transport();
  const last = fetched(transport, world.server.url());
  await world.server.waitForRequests(1);
  const closing = transport.close();
  assert.equal((await rejection(transport.preconnect(world.server.origin)))["code"], "ERR_TRUNKLINE_CLOSED");
  assert.equal(transport.snapshot().totals.opened, 1);
  answer.open();
  assert.equal(await last, "last");
  await closing;
  assert.equal(world.server.connections, 1);
});

// ── the process ────────────────────────────────────────────────────────────────────────────────────────────────

const index = new URL("../../src/index.js", import.meta.url).href;

/** Fails if the process has to be killed. */
async function child(code: string, url: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { get, Transport } from ${JSON.stringify(index)};\nconst url = ${JSON.stringify(url)};\n${code}`,
    ],
    { timeout: 20_000, cwd: fileURLToPath(new URL(".", import.meta.url)) },
  );
  return stdout;
}

test("process: ends while connections are idle", async () => {
  await using server = await WireServer.start();
  assert.equal(await child(`console.log(await get(url).text());`, server.url()), "ok\n");
});

test("process: stays alive for a request that nothing else waits for", async () => {
  await using server = await WireServer.start();
  const gate = server.gate();
  server.script(["readRequest", { wait: gate }, { replyOk: "late" }, "stall"]);
  const run = child(`get(url).text().then(console.log);`, server.url());
  await server.waitForRequests(1);
  gate.open();
  assert.equal(await run, "late\n");
});

test("process: a dial that nobody waits for any more does not keep it alive", async () => {
  await using server = await WireServer.start();
  const code = `
    const transport = new Transport({ lookup: () => {}, connectTimeout: 60000 });
    transport.preconnect("http://never.test").catch(() => {});
    console.log("done");`;
  assert.equal(await child(code, server.url()), "done\n");
});

// ── contexts and listeners ─────────────────────────────────────────────────────────────────────────────────────

test("AsyncLocalStorage: bodies and listeners run in their caller's context, dials in none", async () => {
  await using world = await World.start();
  const storage = new AsyncLocalStorage<string>();
  const seen: Record<string, string | undefined> = {};
  world.server.script(async (connection) => {
    await connection.readRequest();
    await connection.reply(
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    );
    for await (const _ of connection.eachRequest()) {
      await connection.reply(
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
      );
    }
  });
  const transport = world.transport({
    dial: async ({ host, port }) => {
      seen["dial"] = storage.getStore();
      return connect({ host, port });
    },
  });
  const call = (name: string): Promise<void> =>
    storage.run(name, async () => {
      async function* body(): AsyncGenerator<Uint8Array> {
        seen[`${name} body`] = storage.getStore();
        yield Buffer.from("a");
        await turn();
        seen[`${name} body later`] = storage.getStore();
      }
      const response = await clientOf(transport).post(world.server.url(), {
        body: body(),
        onInformational: () => {
          seen[`${name} informational`] = storage.getStore();
        },
      });
      seen[`${name} response`] = storage.getStore();
      await response.text();
      seen[`${name} end`] = storage.getStore();
    });
  await call("first");
  await call("second"); // on the connection that the first one dialed
  assert.equal(world.server.connections, 1);
  assert.deepEqual(seen, {
    dial: undefined,
    "first body": "first",
    "first body later": "first",
    "first informational": "first",
    "first response": "first",
    "first end": "first",
    "second body": "second",
    "second body later": "second",
    "second informational": "second",
    "second response": "second",
    "second end": "second",
  });
});

test("onInformational: one that throws surfaces in a later turn, and the response comes all the same", async () => {
  const code = `
    process.on("uncaughtException", (error) => console.log("uncaught: " + error.message));
    const response = await get(url, { onInformational: () => { throw new Error("mine"); } });
    console.log(await response.text());
    console.log(await get(url).text());`;
  await using server = await WireServer.start({
    script: [
      {
        repeat: [
          "readRequest",
          { reply: "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" },
        ],
      },
    ],
  });
  const stdout = await child(code, server.url());
  assert.deepEqual(stdout.trim().split("\n").sort(), ["ok", "ok", "uncaught: mine"]);
  assert.equal(server.connections, 1);
});

test("onInformational: one that aborts the request ends it cleanly", async () => {
  await using world = await World.start({
    script: [
      {
        repeat: [
          "readRequest",
          { reply: "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" },
        ],
      },
    ],
  });
  const transport = world.transport();
  const abort = new AbortController();
  const reason = new Error("seen enough");
  const call = clientOf(transport).get(world.server.url(), {
    signal: abort.signal,
    onInformational: () => abort.abort(reason),
  });
  assert.equal(await rejection(call), reason);
  assert.equal((await closedOnes(transport, 1))[0]?.closed?.reason, "aborted");
});

test("Client: one made for each call shares the pool of the default transport", async () => {
  await using server = await WireServer.start();
  for (let i = 0; i < 5; i += 1) await new Client().get(server.url()).text();
  assert.equal(server.connections, 1);
});

test("Transport.close: a body that nobody reads is given up ten seconds later, one that is read is not", async () => {
  await using world = await World.start({
    script: [
      "readRequest",
      { reply: `HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n${"x".repeat(100_000)}` },
      "stall",
    ],
  });
  const transport = world.stepped();
  const client = clientOf(transport);
  const unread = await client.get(world.server.url("/unread"));
  const read = await client.get(world.server.url("/read"));
  let closed = false;
  const closing = transport.close().then(() => {
    closed = true;
  });
  const reading = rejection(read.text());
  world.clock.advance(9_999);
  await turns(2);
  assert.equal(transport.snapshot().totals.draining, 2);
  world.clock.advance(1);
  assert.equal(transport.snapshot().totals.draining, 1);
  assert.equal(closed, false);
  const error = await rejection(unread.text());
  assert.equal(error["code"], "ERR_TRUNKLINE_CLOSED");
  assert.match(error.message, /the response's body was not read for 10 s/);
  const [record] = transport.connections().filter((one) => one.state === "closed");
  assert.equal(record?.closed?.reason, "transport-closed");
  transport.destroy();
  await reading;
  await closing;
});
