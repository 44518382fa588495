import assert from "node:assert/strict";
import { test } from "node:test";
import { http2Script, type WireConnection } from "../../../src/testing/index.js";
import { clientOf, fetched, rejection, until } from "../../transport/support.js";
import { burst, echoPaths, H2World, overTls, PRIOR, recordOf, settled, TRUST } from "./h2-world.js";

for (const [name, options, tls] of [
  ["TLS", TRUST, true],
  ["prior knowledge", PRIOR, false],
] as const) {
  test(`a cold burst of 100 over ${name} takes one connection, and why() says who dialed`, async () => {
    await using world = await H2World.start(echoPaths, tls ? { server: overTls(["h2", "http/1.1"]) } : {});
    const transport = world.transport({ ...options, ...(tls ? { http2: true } : {}) });
    const responses = await burst(transport, world.server.origin, 100);
    assert.equal(world.server.connections, 1);
    assert.deepEqual(
      responses.map(({ connection }) => connection.stream),
      Array.from({ length: 100 }, (_, i) => 2 * i + 1),
    );
    assert.deepEqual(
      responses.map(({ connection }) => connection.requestNumber),
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
    for (const [i, response] of responses.entries()) {
      const why = response.why();
      assert.equal(response.connection.protocol, "h2");
      assert.equal(response.connection.reused, i > 0, `request ${i + 1}`);
      assert.equal(why.reused, i > 0);
      assert.equal(why.dial?.reason, i === 0 ? "first-use" : undefined, String(why));
    }
    const record = recordOf(transport);
    assert.equal(record.protocol, "h2");
    assert.equal(record.openedFor, "first-use");
    assert.equal(record.streams?.most, 100);
    assert.equal(transport.snapshot().totals.reused, 99);
    // Another burst goes on the same.
    await burst(transport, world.server.origin, 100);
    assert.equal(world.server.connections, 1);
  });
}

test("a second connection is dialed only when the first is full, and counts for the limit of the origin", async () => {
  await using world = await H2World.start(echoPaths, { settings: { maxConcurrentStreams: 4 } });
  const transport = world.transport({ maxConnectionsPerOrigin: 2 });
  await fetched(transport, world.url()); // the limit is known
  const gate = world.server.gate();
  world.server.script(
    world.script(
      async (connection) => {
        await gate.promise;
        await echoPaths(connection);
      },
      { settings: { maxConcurrentStreams: 4 } },
    ),
  );
  const responses = burst(transport, world.server.origin, 20);
  await until(() => world.server.connections === 2, "the second connection");
  gate.open();
  const all = await responses;
  assert.equal(world.server.connections, 2);
  const second = all.find(
    ({ connection }) => connection.id === recordOf(transport, 2).id && !connection.reused,
  );
  assert.equal(second?.why().dial?.reason ?? recordOf(transport, 2).openedFor, "streams-full");
  assert.ok(recordOf(transport, 1).streams?.most === 4);
  assert.ok((recordOf(transport, 2).streams?.most ?? 0) <= 4);
  assert.equal(recordOf(transport, 1).streams?.refused, 0);
  await settled(transport);
});

test("maxConnectionsPerOrigin 1: what does not fit waits for a stream, and no limit of the server's is passed", async () => {
  let most = 0;
  await using world = await H2World.start(
    async (connection) => {
      const open = new Set<number>();
      for (;;) {
        const request = await connection.readRequest();
        open.add(request.stream);
        most = Math.max(most, open.size);
        setImmediate(() => {
          open.delete(request.stream);
          void connection.reply(request, { body: request.path }).catch(() => undefined);
        });
      }
    },
    { settings: { maxConcurrentStreams: 3 } },
  );
  const transport = world.transport({ maxConnectionsPerOrigin: 1 });
  await fetched(transport, world.url());
  const responses = await burst(transport, world.server.origin, 30);
  assert.equal(world.server.connections, 1);
  assert.ok(most <= 3, `${most} at once`);
  assert.ok(
    responses.some((response) => response.why().candidates.some(({ verdict }) => verdict === "full")),
  );
});

test("the limit of an origin is remembered for its next connection", async () => {
  await using world = await H2World.start(echoPaths, { settings: { maxConcurrentStreams: 5 } });
  const transport = world.transport({ maxConnectionsPerOrigin: 1 });
  await fetched(transport, world.url());
  transport.closeIdle();
  // The next connection is silent about its limit until all that was assigned to it has come.
  const heads = world.server.gate();
  world.server.script(
    world.script(
      async (connection) => {
        await connection.until(() => connection.frames.some(({ type }) => type === "HEADERS"), "a request");
        await new Promise((resolve) => setImmediate(resolve));
        const first = connection.frames.filter(({ type }) => type === "HEADERS").length;
        heads.open();
        assert.equal(first, 5);
        await connection.send({ type: "SETTINGS", settings: { maxConcurrentStreams: 5 } });
        await echoPaths(connection);
      },
      { settings: false, answer: false },
    ),
  );
  await burst(transport, world.server.origin, 20);
  assert.equal(world.server.connections, 2);
});

test("maxStreams bounds the streams of a connection beside the server's limit", async () => {
  await using world = await H2World.start(echoPaths);
  const transport = world.transport({
    http2: { priorKnowledge: true, maxStreams: 2 },
    maxConnectionsPerOrigin: 1,
  });
  await burst(transport, world.server.origin, 10);
  assert.equal(recordOf(transport).streams?.most, 2);
  assert.equal(recordOf(transport).streams?.limit, 2);
});

const answers = [
  { name: "h2 and http/1.1", offers: ["h2", "http/1.1"], protocol: "h2", connections: 1 },
  { name: "http/1.1 alone", offers: ["http/1.1"], protocol: "http/1.1", connections: 10 },
  { name: "nothing", offers: undefined, protocol: "http/1.1", connections: 10 },
] as const;
for (const { name, offers, protocol, connections } of answers) {
  test(`a server whose ALPN knows ${name} is spoken to in ${protocol}, in a burst too`, async () => {
    await using world = await H2World.start(echoPaths, { server: overTls(offers) });
    if (protocol === "http/1.1") {
      world.server.script(async (connection) => {
        for (;;) {
          await connection.readRequest();
          await connection.replyOk("ok");
        }
      });
    }
    const transport = world.transport({ ...TRUST, http2: true });
    const responses = await burst(transport, world.server.origin, 10);
    assert.ok(responses.every((response) => response.connection.protocol === protocol));
    assert.ok(world.server.connections <= connections, `${world.server.connections} connections`);
    assert.equal(recordOf(transport).protocol, protocol);
  });
}

test("http2: false offers http/1.1 alone", async () => {
  await using world = await H2World.start(echoPaths, { server: overTls(["h2", "http/1.1"]) });
  world.server.script(async (connection) => {
    assert.equal((connection.socket as { alpnProtocol?: unknown }).alpnProtocol, "http/1.1");
    for (;;) {
      await connection.readRequest();
      await connection.replyOk("one");
    }
  });
  const transport = world.transport({ ...TRUST, http2: false });
  assert.equal(await fetched(transport, world.url()), "one");
});

test("tls.ALPNProtocols of the program's own wins over http2", async () => {
  await using world = await H2World.start(echoPaths, { server: overTls(["h2", "http/1.1"]) });
  const only2 = world.transport({ http2: true, tls: { ...TRUST.tls, ALPNProtocols: ["h2"] } });
  assert.equal(await fetched(only2, world.url("/two")), "/two");
  world.server.script(async (connection) => {
    await connection.readRequest();
    await connection.replyOk("one");
    await connection.stall();
  });
  const only1 = world.transport({ http2: true, tls: { ...TRUST.tls, ALPNProtocols: ["http/1.1"] } });
  assert.equal(await fetched(only1, world.url()), "one");
  const never = world.transport({ http2: false, tls: { ...TRUST.tls, ALPNProtocols: ["h2"] } });
  const error = await rejection(fetched(never, world.url()));
  assert.match(error.message, /tls\.ALPNProtocols offers and http2: false turns off/);
});

test("a route that changes its protocol is followed, both ways", async () => {
  await using world = await H2World.start(echoPaths, { server: overTls(["h2", "http/1.1"]) });
  const two = world.script(async (connection) => {
    await connection.reply(await connection.readRequest(), { body: "two" });
    await connection.wire.end();
  });
  let protocols: string[] = [];
  world.server.script(async (wire) => {
    const { alpnProtocol } = wire.socket as { alpnProtocol?: unknown };
    protocols.push(String(alpnProtocol));
    if (alpnProtocol === "h2") {
      await (two as (wire: WireConnection) => Promise<void>)(wire);
    } else {
      await wire.readRequest();
      await wire.replyOk("one");
      await wire.end();
    }
  });
  const transport = world.transport({ ...TRUST, http2: true });
  const client = clientOf(transport);
  const get = async (): Promise<string> => {
    const response = await client.get(world.url());
    const text = await response.text();
    await until(() => transport.snapshot().totals.idle + transport.snapshot().totals.active === 0, "its end");
    return `${response.connection.protocol} ${text}`;
  };
  assert.equal(await get(), "h2 two");
  // The server's own list cannot be changed; the client's is, in place of it.
  transport.updateTls({ tls: { ...TRUST.tls, ALPNProtocols: ["http/1.1"] } });
  assert.equal(await get(), "http/1.1 one");
  transport.updateTls({ tls: { ...TRUST.tls } });
  assert.equal(await get(), "h2 two");
  assert.deepEqual(protocols, ["h2", "http/1.1", "h2"]);
  protocols = [];
});

test("preconnect(5) makes one connection where HTTP/2 is spoken, and it is used", async () => {
  await using world = await H2World.start(echoPaths, { server: overTls(["h2", "http/1.1"]) });
  const transport = world.transport({ ...TRUST, http2: true });
  await transport.preconnect(world.server.origin, 5);
  assert.equal(world.server.connections, 1);
  const responses = await burst(transport, world.server.origin, 20);
  assert.equal(world.server.connections, 1);
  assert.equal(recordOf(transport).openedFor, "preconnect");
  assert.ok(responses.every(({ connection }) => connection.protocol === "h2"));
});

test("a prior-knowledge origin that speaks HTTP/1.1 is told apart from silence and garbage", async () => {
  await using world = await H2World.start(echoPaths);
  world.server.script(async (wire) => {
    await wire.reply("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    await wire.end();
  });
  const error = await rejection(fetched(world.transport(), world.url()));
  assert.match(error.message, /HTTP\/1\.1 on an HTTP\/2 connection/);
  assert.match(error.message, /priorKnowledge/);
  world.server.script(http2Script([{ send: [{ type: 99, payload: "zzz" }] }, "stall"], { settings: false }));
  const garbage = await rejection(fetched(world.transport(), world.url()));
  assert.match(garbage.message, /instead of its SETTINGS/);
});
