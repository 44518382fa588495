import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { Request } from "../../src/index.js";
import { clientOf, closedOnes, fetched, rejection, turn, turns, until, World } from "../transport/support.js";

// Ported by meaning from the tests of Go's net/http on keep-alive and reuse; docs/go-tests.md has the table.

test("Go TestReuseRequest: the same Request can be sent twice, with a replayable body too", async () => {
  await using world = await World.start();
  const bodies: string[] = [];
  world.server.script(async (connection) => {
    for await (const request of connection.eachRequest()) {
      bodies.push(request.body.toString());
      await connection.replyOk("ok");
    }
  });
  const client = clientOf(world.transport());
  const get = new Request(world.server.url());
  const post = new Request(world.server.url(), { method: "POST", body: "again" });
  for (const request of [get, get, post, post]) assert.equal(await (await client.do(request)).text(), "ok");
  assert.deepEqual(bodies, ["", "", "again", "again"]);
});

test("Go TestTransportKeepAlives: with keep-alive two requests have the same client port, without it two", async () => {
  for (const keepAlive of [true, false]) {
    await using world = await World.start();
    const client = clientOf(world.transport({ keepAlive }));
    const ports = new Set<number>();
    for (let i = 0; i < 2; i += 1) {
      const response = await client.get(world.server.url());
      ports.add(response.connection.localPort);
      await response.text();
    }
    assert.equal(ports.size, keepAlive ? 1 : 2);
  }
});

test("Go TestTransportConnectionCloseOnResponse: the server's Connection: close costs the connection, and none is left open", async () => {
  for (const close of [true, false]) {
    await using world = await World.start();
    world.server.script([
      { repeat: ["readRequest", { replyOk: "ok", headers: { Connection: close ? "close" : "keep-alive" } }] },
    ]);
    const transport = world.transport();
    const ids = new Set<number>();
    for (let i = 0; i < 3; i += 1) {
      const response = await clientOf(transport).get(world.server.url());
      ids.add(response.connection.id);
      await response.text();
    }
    assert.equal(ids.size, close ? 3 : 1);
    transport.closeIdle();
    await world.server.waitForOpen(0);
    const { opened, closed } = transport.snapshot().totals;
    assert.equal(opened, closed);
  }
});

test("Go TestTransportConnectionCloseOnRequest: the request's Connection: close is sent and costs the connection", async () => {
  await using world = await World.start();
  const seen: (string | undefined)[] = [];
  world.server.script(async (connection) => {
    for await (const request of connection.eachRequest()) {
      seen.push(request.header("connection"));
      await connection.replyOk("ok");
    }
  });
  const client = clientOf(world.transport());
  for (let i = 0; i < 2; i += 1)
    await client.get(world.server.url(), { headers: { Connection: "close" } }).text();
  await world.server.waitForOpen(0);
  assert.deepEqual(seen, ["close", "close"]);
  assert.equal(world.server.connections, 2);
});

test("Go TestTransportConnectionCloseOnRequestDisableKeepAlive, TestTransportRespectRequestWantsClose: exactly one Connection: close, however it is asked for", async () => {
  for (const [keepAlive, header, expected] of [
    [true, undefined, undefined],
    [true, "close", "close"],
    [false, undefined, "close"],
    [false, "close", "close"],
  ] as const) {
    await using world = await World.start();
    let value: string | undefined;
    world.server.script(async (connection) => {
      const request = await connection.readRequest();
      value = request.header("connection"); // two of them would be joined
      await connection.replyOk("ok");
      await connection.stall();
    });
    const client = clientOf(world.transport({ keepAlive }));
    await client
      .get(world.server.url(), header === undefined ? {} : { headers: { Connection: header } })
      .text();
    assert.equal(value, expected);
  }
});

test("Go TestTransportIdleCacheKeys: one idle connection after a request, none after closeIdle", async () => {
  await using world = await World.start();
  const transport = world.transport();
  assert.equal(transport.snapshot().origins.length, 0);
  await fetched(transport, world.server.url());
  const [origin] = transport.snapshot().origins;
  assert.deepEqual([origin?.origin, origin?.route, origin?.idle], [world.server.origin, "direct", 1]);
  transport.closeIdle();
  assert.equal(transport.snapshot().totals.idle, 0);
});

test("Go TestTransportReadToEndReusesConn: reading to the end without a close reuses the connection", async () => {
  for (const reply of [
    "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nfoobar",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nfoobar\r\n0\r\n\r\n",
  ]) {
    await using world = await World.start({ script: [{ repeat: ["readRequest", { reply }] }] });
    const transport = world.transport();
    for (let i = 0; i < 3; i += 1) {
      const response = await clientOf(transport).get(world.server.url());
      let text = "";
      for await (const chunk of response) text += Buffer.from(chunk).toString();
      assert.equal(text, "foobar");
      assert.equal(response.headers.get("content-length"), reply.includes("chunked") ? null : "6");
    }
    assert.equal(world.server.connections, 1);
  }
});

test("Go TestTransportMaxPerHostIdleConns: three responses that end one after another leave 1, 2, 2 idle of at most 2", async () => {
  await using world = await World.start();
  const gates = [1, 2, 3].map(() => world.server.gate());
  for (const [index, gate] of gates.entries()) {
    world.server.onConnection(index + 1, [{ repeat: ["readRequest", { wait: gate }, { replyOk: "ok" }] }]);
  }
  const transport = world.transport({ maxIdleConnectionsPerOrigin: 2 });
  const calls = gates.map(() => fetched(transport, world.server.url()));
  await world.server.waitForRequests(3);
  for (const [index, expected] of [1, 2, 2].entries()) {
    gates[index]?.open();
    await Promise.race(calls.filter((_, at) => at >= index));
    await until(() => transport.snapshot().totals.active === 2 - index, "the call to end");
    assert.equal(transport.snapshot().totals.idle, expected);
  }
  await Promise.all(calls);
});

test("Go TestTransportMaxConnsPerHostIncludeDialInProgress: with a limit of 1 the second dial waits for the first", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  let dials = 0;
  const transport = world.transport({
    maxConnectionsPerOrigin: 1,
    keepAlive: false,
    dial: async ({ host, port }) => {
      dials += 1;
      await gate.promise;
      return connect({ host, port });
    },
  });
  const calls = [fetched(transport, world.server.url()), fetched(transport, world.server.url())];
  await turns(5);
  assert.equal(dials, 1);
  gate.open();
  assert.deepEqual(await Promise.all(calls), ["ok", "ok"]);
  assert.equal(dials, 2);
});

test("Go TestTransportMaxConnsPerHost: 10 at once over a limit of 1 dial once, and once more when that connection is gone", async () => {
  await using world = await World.start();
  const transport = world.transport({ maxConnectionsPerOrigin: 1 });
  const burst = (): Promise<string[]> =>
    Promise.all(Array.from({ length: 10 }, () => fetched(transport, world.server.url())));
  await burst();
  assert.equal(transport.snapshot().totals.opened, 1);
  (await world.server.connection(1)).socket.destroy();
  await closedOnes(transport, 1);
  await burst();
  assert.equal(transport.snapshot().totals.opened, 2);
});

test("Go TestTransportMaxConnsPerHostDialCancellation: a call cancelled while its dial runs leaves the next one served", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  const transport = world.transport({
    maxConnectionsPerOrigin: 1,
    dial: async ({ host, port }) => {
      await gate.promise;
      return connect({ host, port });
    },
  });
  const abort = new AbortController();
  const first = rejection(clientOf(transport).get(world.server.url(), { signal: abort.signal }));
  const second = fetched(transport, world.server.url());
  abort.abort();
  await first;
  gate.open();
  assert.equal(await second, "ok");
});

test("Go TestTransportRemovesDeadIdleConnections: a connection the server ended leaves the pool by itself, and a POST works", async () => {
  await using world = await World.start();
  const transport = world.transport();
  await fetched(transport, world.server.url());
  assert.equal(transport.snapshot().totals.idle, 1);
  (await world.server.connection(1)).socket.destroy();
  await until(() => transport.snapshot().totals.idle === 0, "the pool to be empty");
  assert.equal(await clientOf(transport).post(world.server.url(), { body: "x" }).text(), "ok");
});

test("Go TestTransportServerClosingUnexpectedly: when the server kills an idle connection the next calls succeed on another", async () => {
  await using world = await World.start();
  const transport = world.transport();
  for (let round = 1; round <= 3; round += 1) {
    const ids = new Set<number>();
    for (let i = 0; i < 3; i += 1) {
      const response = await clientOf(transport).get(world.server.url());
      ids.add(response.connection.id);
      assert.equal(await response.text(), "ok");
    }
    assert.equal(ids.size, 1);
    (await world.server.connection(round)).socket.resetAndDestroy();
    if (round === 2) await turns(3);
  }
});

test("Go TestStressSurpriseServerCloses: many workers against a server that closes after each answer, and none hangs", async () => {
  await using world = await World.start();
  world.server.script(async (connection) => {
    await connection.readRequest();
    await connection.replyOk("ok");
    if (connection.id % 2 === 0) await turn();
    connection.socket.destroy();
  });
  const transport = world.transport();
  let ok = 0;
  const worker = async (): Promise<void> => {
    for (let i = 0; i < 20; i += 1) {
      // A GET that meets a close is sent again; the second retry dials, and a dialed one is answered.
      assert.equal(await fetched(transport, world.server.url()), "ok");
      ok += 1;
    }
  };
  await Promise.all(Array.from({ length: 10 }, worker));
  assert.equal(ok, 200);
});

test("Go TestTransportMaxIdleConns: with 4 allowed, the fifth origin's connection pushes the least recently used out", async () => {
  await using world = await World.start();
  const servers = [world.server];
  for (let i = 0; i < 4; i += 1) servers.push(await world.another());
  const transport = world.transport({ maxIdleConnections: 4 });
  for (const server of servers) await fetched(transport, server.url());
  const [closed] = await closedOnes(transport, 1);
  assert.equal(closed?.origin, servers[0]?.origin);
  assert.equal(transport.snapshot().totals.idle, 4);
});

test("Go TestTransportIdleConnTimeout: pauses below the limit reuse, a pause beyond it empties the pool", async () => {
  await using world = await World.start();
  const transport = world.stepped({ idleTimeout: 1000 });
  for (let i = 0; i < 3; i += 1) {
    await fetched(transport, world.server.url());
    world.clock.advance(900);
    assert.equal(transport.snapshot().totals.idle, 1);
  }
  assert.equal(world.server.connections, 1);
  world.clock.advance(101);
  assert.equal(transport.snapshot().totals.idle, 0);
});

test("Go TestTransportCloseIdleConnsThenReturn, TestTransportIdleConnCrash: closeIdle during a call is no trouble", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  world.server.script([{ repeat: ["readRequest", { wait: gate }, { replyOk: "ok" }] }]);
  const transport = world.transport();
  const call = fetched(transport, world.server.url());
  await world.server.waitForRequests(1);
  transport.closeIdle();
  gate.open();
  assert.equal(await call, "ok");
  assert.equal(await fetched(transport, world.server.url()), "ok");
});

test("Go TestCloseIdleConnections: the next request after it has another connection", async () => {
  await using world = await World.start();
  const transport = world.transport();
  const first = await clientOf(transport).get(world.server.url());
  await first.text();
  transport.closeIdle();
  const second = await clientOf(transport).get(world.server.url());
  assert.notEqual(first.connection.localPort, second.connection.localPort);
});

test("Go TestTransportReuseConnEmptyResponseBody: 64 empty responses in a row have the same connection", async () => {
  await using world = await World.start({ script: [{ repeat: ["readRequest", { replyOk: "" }] }] });
  const client = clientOf(world.transport());
  for (let i = 0; i < 64; i += 1) await client.get(world.server.url()); // nobody reads, nobody closes
  assert.equal(world.server.connections, 1);
});

test("Go TestTransportNoReuseAfterEarlyResponse: an answer to half an upload counts, its connection does not serve again", async () => {
  await using world = await World.start();
  world.server.onConnection(1, async (connection) => {
    await connection.readHead();
    await connection.replyOk("foo");
    await connection.stall();
  });
  const transport = world.transport();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(Buffer.from("some")),
  });
  const response = await clientOf(transport).post(world.server.url(), { body });
  assert.equal(await response.text(), "foo");
  assert.equal(await fetched(transport, world.server.url()), "ok");
  assert.equal(world.server.connections, 2);
});

test("Go TestTransportSocketLateBinding: a call whose dial hangs takes the connection another one frees", async () => {
  await using world = await World.start();
  const dialGate = world.server.gate();
  const answerGate = world.server.gate();
  world.server.onConnection(1, [{ repeat: ["readRequest", { wait: answerGate }, { replyOk: "ok" }] }]);
  let dials = 0;
  const transport = world.transport({
    dial: async ({ host, port }) => {
      if (++dials > 1) await dialGate.promise;
      return connect({ host, port });
    },
  });
  const first = clientOf(transport).get(world.server.url());
  await world.server.waitForRequests(1);
  const second = clientOf(transport).get(world.server.url());
  answerGate.open();
  assert.equal((await first).connection.id, (await second).connection.id);
  dialGate.open();
});

test("Go TestTransportConcurrency: each of many concurrent responses is the answer to its own request", async () => {
  await using world = await World.start();
  world.server.script(async (connection) => {
    for await (const request of connection.eachRequest()) {
      if (request.target.length % 3 === 0) await turn();
      await connection.replyOk(request.target);
    }
  });
  const transport = world.transport();
  const worker = async (name: number): Promise<void> => {
    for (let i = 0; i < 50; i += 1) {
      const path = `/${name}/${i}`;
      assert.equal(await fetched(transport, world.server.url(path)), path);
    }
  };
  await Promise.all(Array.from({ length: 10 }, (_, name) => worker(name)));
  const { totals } = transport.snapshot();
  assert.deepEqual([totals.waiting, totals.active, totals.dialing], [0, 0, 0]);
});

test("Go TestIdleConnChannelLeak: nothing is kept for an origin that has nothing", async () => {
  for (const keepAlive of [true, false]) {
    await using world = await World.start();
    const transport = world.transport({ keepAlive });
    for (let i = 0; i < 3; i += 1) await fetched(transport, world.server.url());
    transport.closeIdle();
    const { totals } = transport.snapshot();
    assert.deepEqual([totals.waiting, totals.dialing, totals.idle, totals.active], [0, 0, 0, 0]);
  }
});

test("Go TestTransportDecrementConnWhenIdleConnRemoved: 300 calls over a limit of 1, connections dying meanwhile, lose no slot", async () => {
  await using world = await World.start();
  world.server.script(async (connection) => {
    for (let i = 0; i < 20; i += 1) {
      await connection.readRequest();
      await connection.replyOk("ok", i === 19 ? { Connection: "close" } : {});
    }
    await connection.end();
  });
  const transport = world.transport({ maxConnectionsPerOrigin: 1 });
  const calls = Array.from({ length: 300 }, () => fetched(transport, world.server.url()));
  assert.ok((await Promise.all(calls)).every((body) => body === "ok"));
  assert.equal(transport.snapshot().totals.opened, 15);
});

test("Go TestCancelRequestWhenSharingConnection: cancelling the second call on a connection leaves the first one's response", async () => {
  await using world = await World.start();
  world.server.onConnection(1, ["readRequest", { replyOk: "first" }, "readRequest", "stall"]);
  const transport = world.transport();
  const first = await clientOf(transport).get(world.server.url());
  const abort = new AbortController();
  const second = rejection(clientOf(transport).get(world.server.url(), { signal: abort.signal }));
  await world.server.waitForRequests(2);
  abort.abort();
  await second;
  assert.equal(await first.text(), "first");
});

test("Go TestTransportPersistConnLeak, TestTransportPersistConnLeakShortBody: unread and closed responses leave no connection open", async () => {
  await using world = await World.start();
  const transport = world.transport();
  for (const reply of [
    "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nshort",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole",
  ]) {
    world.server.script(["readRequest", { reply }, "stall"]);
    const responses = await Promise.all(
      Array.from({ length: 25 }, () => clientOf(transport).get(world.server.url())),
    );
    await Promise.all(responses.map((response) => response.close()));
    transport.closeIdle();
  }
  await world.server.waitForOpen(0);
  assert.equal(transport.snapshot().totals.opened, transport.snapshot().totals.closed);
});
