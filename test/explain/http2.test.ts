import assert from "node:assert/strict";
import { test } from "node:test";
import { explainById } from "../../src/explain/index.js";
import { clientOf, fetched, rejection, turns, until, World } from "../transport/support.js";
import { answerTogether, atOnce, CERTIFICATE, http2Server, overTls } from "./http2-provocations.js";

test("why: of a cold burst the request whose demand dialed is not reused, the others are, in the order of assignment", async () => {
  await using world = await World.start();
  const server = await http2Server(world, answerTogether(5));
  const transport = overTls(world);
  const responses = await Promise.all(Array.from({ length: 5 }, () => clientOf(transport).get(server.url())));
  const seen = responses.map(({ connection }) => [
    connection.reused,
    connection.requestNumber,
    connection.stream,
  ]);
  assert.deepEqual(seen, [
    [false, 1, 1],
    [true, 2, 3],
    [true, 3, 5],
    [true, 4, 7],
    [true, 5, 9],
  ]);
  assert.deepEqual(
    responses.map(({ connection }) => connection.idleFor),
    [undefined, 0, 0, 0, 0],
  );
  const [first, second] = responses.map((response) => response.why());
  assert.deepEqual(
    [first?.reused, first?.dial?.reason, first?.dial?.fate],
    [false, "first-use", "served-it"],
  );
  assert.match(String(first), /dialed for it because there was none yet \(first-use\)/);
  assert.deepEqual([second?.reused, second?.dial], [true, undefined]);
  assert.match(String(second), /which carried 1 other request at the time/);
  await Promise.all(responses.map((response) => response.text()));
  const { exchanges, connections } = transport.recording();
  assert.deepEqual(exchanges.map(({ stream }) => stream).sort(), [1, 3, 5, 7, 9].sort());
  assert.deepEqual(
    connections.map(({ protocol, requests, streams }) => [protocol, requests, streams?.most]),
    [["h2", 5, 5]],
  );
});

test("why: a request that joins others on a warm connection says so, without a decision kept", async () => {
  await using world = await World.start();
  const server = await http2Server(world, answerTogether(2));
  const transport = overTls(world);
  await Promise.all([fetched(transport, server.url()), fetched(transport, server.url())]);
  const [first, second] = await Promise.all([
    clientOf(transport).get(server.url()),
    clientOf(transport).get(server.url()),
  ]);
  assert.ok((first?.connection.idleFor ?? 0) > 0);
  assert.equal(second?.connection.idleFor, 0);
  assert.match(String(first?.why()), /which had been idle for/);
  assert.match(String(second?.why()), /which carried 1 other request at the time/);
  await Promise.all([first?.text(), second?.text()]);
  const last = transport.recording().exchanges.at(-1);
  assert.match(explainById(transport.recording(), `r${last?.id}`), /It went out as stream 7/);
});

test("why: a full connection and one that drains are candidates, with their streams, limit and reason", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  const server = await http2Server(
    world,
    async (connection) => {
      const first = await connection.readRequest();
      if (connection.wire.id === 1) {
        await connection.send({ type: "GOAWAY", lastStream: first.stream, code: 0, debug: "maintenance" });
        await gate.promise;
      }
      await connection.reply(first, { body: "ok" });
      for (;;) await connection.reply(await connection.readRequest(), { body: "ok" });
    },
    { settings: { maxConcurrentStreams: 7 } },
  );
  const transport = overTls(world);
  const slow = clientOf(transport).get(server.url());
  await until(() => transport.snapshot().totals.draining === 1, "the GOAWAY");
  const next = await clientOf(transport).get(server.url());
  const draining = next.why().candidates.find(({ verdict }) => verdict === "draining");
  assert.deepEqual(draining?.facts, { streams: 1, limit: 7, reason: "goaway", by: "server" });
  assert.equal(next.why().dial?.reason, "previous-not-kept");
  await next.text();
  gate.open();
  assert.equal(await (await slow).text(), "ok");
  const [closed] = transport.connections();
  assert.equal(closed?.closed?.reason, "goaway");
  assert.match(closed.closed.evidence, /GOAWAY with NO_ERROR, last stream 1 and the message "maintenance"/);
});

test("why: a request that waits as all are full names the stream limit", async () => {
  await using world = await World.start();
  const server = await http2Server(world, answerTogether(2), { settings: { maxConcurrentStreams: 2 } });
  const transport = overTls(world, { maxConnectionsPerOrigin: 1 });
  await atOnce(2, () => fetched(transport, server.url()));
  const responses = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const response = await clientOf(transport).get(server.url());
      await response.text();
      return response;
    }),
  );
  const facts = responses[2]?.why().candidates.find(({ verdict }) => verdict === "full")?.facts;
  assert.deepEqual(facts, { streams: 2, limit: 2 });
  const [origin] = transport.explain().origins;
  assert.deepEqual(origin?.protocols, { h2: 1 });
  assert.deepEqual(origin?.streams, {
    atOnce: 2,
    onOne: 2,
    limit: 2,
    waited: 2,
    refused: 0,
    reset: 0,
    saved: 1,
  });
});

test("explain: says the protocol of each origin, streams at once and what HTTP/1.1 would have needed", async () => {
  await using world = await World.start();
  const server = await http2Server(world, answerTogether(20));
  const transport = overTls(world);
  await fetched(transport, world.server.url());
  await atOnce(20, () => fetched(transport, server.url()));
  const text = String(transport.explain());
  assert.match(text, /^https:\S+: 20 requests, 1 connection \(HTTP\/2\), 95 % reuse$/m);
  assert.match(text, /^ {2}up to 20 requests at once on one connection/m);
  assert.match(text, /^ {2}HTTP\/1\.1 would have needed at least 19 more connections$/m);
  assert.match(text, /^http:\S+: 1 request, 1 connection \(HTTP\/1\.1\), 0 % reuse$/m);
});

test("explain: a stream that the server resets is not a dead idle connection", async () => {
  await using world = await World.start();
  const server = await http2Server(world, async (connection) => {
    for (let number = 0; ; number += 1) {
      const request = await connection.readRequest();
      if (number % 3 === 1) await connection.send({ type: "RST_STREAM", stream: request.stream, code: 8 });
      else await connection.reply(request, { body: "ok" });
    }
  });
  const transport = overTls(world);
  for (let count = 0; count < 6; count += 1) await fetched(transport, server.url()).catch(() => undefined);
  const report = transport.explain();
  assert.deepEqual(
    report.findings.filter(({ origin }) => origin !== undefined).map(({ kind }) => kind),
    ["server-resets"],
    String(report),
  );
  assert.ok((report.origins[0]?.streams?.reset ?? 0) >= 3);
});

test("explain: more went out at once than the server then announces", async () => {
  await using world = await World.start();
  const server = await http2Server(world, answerTogether(5), { settings: { maxConcurrentStreams: 2 } });
  const transport = overTls(world);
  await atOnce(5, () => fetched(transport, server.url()));
  assert.match(
    String(transport.explain()),
    /^ {2}up to 5 requests at once on one connection, before the server announced a limit of 2$/m,
  );
  assert.match(
    explainById(transport.recording(), `c${transport.connections()[0]?.id}`),
    /with up to 5 requests at once, before the server announced a limit of 2\./,
  );
});

test("explain: a request that its own time limit ended is one that failed, and each failure has its code", async () => {
  await using world = await World.start();
  const server = await http2Server(world, async (connection) => {
    await connection.readRequest();
    await connection.stall();
  });
  const transport = world.stepped({ tls: { ca: CERTIFICATE.ca } });
  const slow = rejection(clientOf(transport).get(server.url(), { timeout: 1_000 }));
  await until(() => transport.snapshot().totals.streams === 1, "the request on its connection");
  world.clock.advance(1_000);
  await slow;
  assert.deepEqual(transport.explain().failed, { ERR_TRUNKLINE_TIMEOUT: 1 });
});

test("closed: what a server's GOAWAY objected to is in the evidence of a connection that it then cuts off", async () => {
  await using world = await World.start();
  const server = await http2Server(world, async (connection) => {
    const { stream } = await connection.readRequest();
    await connection.send({ type: "GOAWAY", lastStream: stream, code: 11, debug: "too_many_pings" });
    await connection.wire.end();
  });
  const transport = overTls(world);
  await rejection(fetched(transport, server.url()));
  await turns(2);
  const [{ closed } = {}] = transport.connections();
  assert.equal(closed?.reason, "goaway");
  assert.match(
    closed.evidence,
    /GOAWAY with ENHANCE_YOUR_CALM, last stream 1 and the message "too_many_pings"/,
  );
});

test("body-unread: over HTTP/2 it holds streams and costs no connection", async () => {
  await using world = await World.start();
  const server = await http2Server(world, async (connection) => {
    for (;;) {
      const { stream } = await connection.readRequest();
      await connection.send(
        { type: "HEADERS", stream, status: 200, headers: [] },
        { type: "DATA", stream, data: "x".repeat(16_384) },
      );
    }
  });
  const transport = world.stepped({ tls: { ca: CERTIFICATE.ca } });
  const held = await Promise.all(Array.from({ length: 3 }, () => clientOf(transport).get(server.url())));
  world.clock.advance(1_500);
  const found = transport.explain().findings.find(({ kind }) => kind === "body-unread");
  assert.deepEqual([found?.count, found?.cost.connections], [3, 0]);
  assert.match(found?.title ?? "", /holds a stream of its HTTP\/2 connection/);
  await Promise.all(held.map((response) => response.close()));
});
