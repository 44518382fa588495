import assert from "node:assert/strict";
import { createServer } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { TLSSocket } from "node:tls";
import type { ClosedBy, CloseReason, ConnectionRecord, DialReason, Transport } from "../../src/index.js";
import { selfSigned, type WireScript } from "../../src/testing/index.js";
import { block, clientOf, closedOnes, fetched, rejection, turns, until, World } from "./support.js";

// Every reason there is, provoked; a reason without its row does not compile.

interface ClosedExpectation {
  readonly by: ClosedBy;
  readonly evidence: RegExp;
  /** Brings it about and returns the transport; the first closed connection is looked at, or the one with this index. */
  provoke(world: World): Promise<Transport>;
  readonly index?: number;
}

const HEAD = "HTTP/1.1 200 OK\r\n";
const answerThen =
  (end: "end" | "reset"): WireScript =>
  async (connection) => {
    await connection.readRequest();
    await connection.replyOk("ok");
    if (end === "end") await connection.end();
    else connection.reset();
  };
const raw =
  (bytes: string): WireScript =>
  async (connection) => {
    await connection.readRequest();
    await connection.reply(bytes);
    await connection.stall();
  };

async function failing(transport: Transport, url: string): Promise<Transport> {
  await rejection(fetched(transport, url));
  return transport;
}

const CLOSE_REASONS: Record<
  Exclude<CloseReason, "coalesced" | "goaway" | "ping-timeout">,
  ClosedExpectation
> = {
  "idle-timeout": {
    by: "client",
    evidence: /idle for 1 s; the limit is 1 s/,
    async provoke(world) {
      const transport = world.stepped({ idleTimeout: 1000 });
      await fetched(transport, world.server.url());
      world.clock.advance(1001);
      return transport;
    },
  },
  "max-idle": {
    by: "client",
    evidence: /2 connections were idle; maxIdleConnections is 1/,
    async provoke(world) {
      const other = await world.another();
      const transport = world.transport({ maxIdleConnections: 1 });
      await fetched(transport, world.server.url());
      await fetched(transport, other.url());
      return transport;
    },
  },
  "max-idle-per-origin": {
    by: "client",
    evidence: /2 connections to this origin were idle; maxIdleConnectionsPerOrigin is 1/,
    async provoke(world) {
      const gate = world.server.gate();
      world.server.script([{ repeat: ["readRequest", { wait: gate }, { replyOk: "ok" }] }]);
      const transport = world.transport({ maxIdleConnectionsPerOrigin: 1 });
      const both = [fetched(transport, world.server.url()), fetched(transport, world.server.url())];
      await world.server.waitForRequests(2);
      gate.open();
      await Promise.all(both);
      return transport;
    },
  },
  evicted: {
    by: "client",
    evidence: /because of maxConnections \(1\)/,
    async provoke(world) {
      const other = await world.another();
      const transport = world.transport({ maxConnections: 1 });
      await fetched(transport, world.server.url());
      await fetched(transport, other.url());
      return transport;
    },
  },
  "max-age": {
    by: "client",
    evidence: /was 1 s old; maxConnectionAge is 1 s/,
    async provoke(world) {
      const transport = world.stepped({ maxConnectionAge: 1000 });
      await fetched(transport, world.server.url());
      world.clock.advance(1001);
      return transport;
    },
  },
  "address-gone": {
    by: "client",
    evidence: /^site\.test no longer resolves to 127\.0\.0\.1/,
    async provoke(world) {
      let address = "127.0.0.1";
      const transport = world.stepped({
        dns: { minTtl: 1000 },
        lookup: (_host, _options, callback) =>
          callback(null, [{ address, family: 4, ttl: 1 } as { address: string; family: number }]),
      });
      await fetched(transport, `http://site.test:${world.server.port}/`);
      address = "127.0.0.2";
      world.clock.advance(1001);
      world.clock.advance(1001);
      return transport;
    },
  },
  "tls-replaced": {
    by: "client",
    evidence: /^updateTls\(\) replaced the TLS options/,
    async provoke(world) {
      const { key, cert, ca } = selfSigned({ names: ["127.0.0.1"] });
      const server = await world.another({ tls: { key, cert } });
      const transport = world.transport({ tls: { ca } });
      await fetched(transport, `https://127.0.0.1:${server.port}/`);
      transport.updateTls({ tls: { ca } });
      return transport;
    },
  },
  "max-requests": {
    by: "client",
    evidence: /carried 2 requests; maxRequestsPerConnection is 2/,
    async provoke(world) {
      const transport = world.transport({ maxRequestsPerConnection: 2 });
      await fetched(transport, world.server.url());
      await fetched(transport, world.server.url());
      return transport;
    },
  },
  "keep-alive-off": {
    by: "client",
    evidence: /keepAlive: false/,
    async provoke(world) {
      const transport = world.transport({ keepAlive: false });
      await fetched(transport, world.server.url());
      return transport;
    },
  },
  "transport-closed": {
    by: "caller",
    evidence: /transport was closed/i,
    async provoke(world) {
      const transport = world.transport();
      await fetched(transport, world.server.url());
      await transport.close();
      return transport;
    },
  },
  "idle-closed-by-caller": {
    by: "caller",
    evidence: /closeIdle\(\) was called/,
    async provoke(world) {
      const transport = world.transport();
      await fetched(transport, world.server.url());
      transport.closeIdle();
      return transport;
    },
  },
  surplus: {
    by: "client",
    evidence: /no longer needed.*, and keepAlive is false/,
    async provoke(world) {
      const transport = world.transport({ keepAlive: false });
      const abort = new AbortController();
      const call = clientOf(transport).get(world.server.url(), { signal: abort.signal });
      abort.abort();
      await rejection(call);
      return transport;
    },
  },
  "server-closed-idle": {
    by: "server",
    evidence: /ended the connection after \d+ ms idle/,
    async provoke(world) {
      world.server.script(answerThen("end"));
      const transport = world.transport();
      await fetched(transport, world.server.url());
      return transport;
    },
  },
  "server-idle-timeout": {
    by: "server",
    evidence: /sent 408 after \d+ ms idle/,
    async provoke(world) {
      const gate = world.server.gate();
      world.server.script([
        "readRequest",
        { replyOk: "ok" },
        { wait: gate },
        { reply: "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" },
        "end",
      ]);
      const transport = world.transport();
      await fetched(transport, world.server.url());
      gate.open();
      return transport;
    },
  },
  "server-said-close": {
    by: "server",
    evidence: /response had Connection: close/,
    async provoke(world) {
      world.server.script(["readRequest", { replyOk: "ok", headers: { Connection: "close" } }, "stall"]);
      const transport = world.transport();
      await fetched(transport, world.server.url());
      return transport;
    },
  },
  "http-1.0": {
    by: "server",
    evidence: /answered with HTTP\/1\.0 and no keep-alive/,
    async provoke(world) {
      world.server.script(raw("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"));
      const transport = world.transport();
      assert.equal(await fetched(transport, world.server.url()), "ok");
      return transport;
    },
  },
  "closed-by-eof-body": {
    by: "server",
    evidence: /no length, so it ended with the connection/,
    async provoke(world) {
      world.server.script(["readRequest", { reply: `${HEAD}\r\nuntil the end` }, "end"]);
      const transport = world.transport();
      assert.equal(await fetched(transport, world.server.url()), "until the end");
      return transport;
    },
  },
  "server-closed-mid-response": {
    by: "server",
    evidence: /ended with 7 bytes of the body still to come/,
    async provoke(world) {
      world.server.script(["readRequest", { reply: `${HEAD}Content-Length: 10\r\n\r\nabc` }, "end"]);
      return failing(world.transport(), world.server.url());
    },
  },
  "server-closed-unanswered": {
    by: "server",
    evidence: /without answering, \d+ ms after the request began/,
    async provoke(world) {
      world.server.script(["readRequest", "end"]);
      return failing(world.transport(), world.server.url());
    },
  },
  reset: {
    by: "server",
    evidence: /ECONNRESET during a request/,
    async provoke(world) {
      world.server.script(["readRequest", "reset"]);
      return failing(world.transport(), world.server.url());
    },
  },
  "request-said-close": {
    by: "caller",
    evidence: /request had Connection: close/,
    async provoke(world) {
      const transport = world.transport();
      await clientOf(transport)
        .get(world.server.url(), { headers: { connection: "close" } })
        .text();
      return transport;
    },
  },
  "body-unread": {
    by: "caller",
    evidence: /closed unread: \d+ bytes of it were left \(GET status 200\)/,
    async provoke(world) {
      world.server.script(raw(`${HEAD}Content-Length: 1000000\r\n\r\nabc`));
      const transport = world.transport();
      await (await clientOf(transport).get(world.server.url())).close();
      return transport;
    },
  },
  "body-abandoned": {
    by: "caller",
    evidence: /abandoned part-way: \d+ bytes of it were left/,
    async provoke(world) {
      world.server.script(raw(`${HEAD}Content-Length: 1000000\r\n\r\nabc`));
      const transport = world.transport();
      for await (const chunk of await clientOf(transport).get(world.server.url())) {
        assert.equal(Buffer.from(chunk).toString(), "abc");
        break;
      }
      return transport;
    },
  },
  aborted: {
    by: "caller",
    evidence: /signal aborted the request/,
    async provoke(world) {
      world.server.script(["readRequest", "stall"]);
      const transport = world.transport();
      const abort = new AbortController();
      const call = clientOf(transport).get(world.server.url(), { signal: abort.signal });
      await world.server.waitForRequests(1);
      abort.abort();
      await rejection(call);
      return transport;
    },
  },
  timeout: {
    by: "client",
    evidence: /no response within 500 ms/,
    async provoke(world) {
      world.server.script(["readRequest", "stall"]);
      const transport = world.stepped({ headersTimeout: 500 });
      const call = fetched(transport, world.server.url());
      await world.server.waitForRequests(1);
      world.clock.advance(501);
      await rejection(call);
      return transport;
    },
  },
  "upload-unfinished": {
    by: "server",
    evidence: /answered 413 after \d+ bytes of the request, before its end/,
    async provoke(world) {
      world.server.script(async (connection) => {
        await connection.readHead();
        await connection.reply("HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n");
        await connection.stall();
      });
      const transport = world.transport();
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(Buffer.from("a")),
      });
      const response = await clientOf(transport).post(world.server.url(), { body });
      assert.equal(response.status, 413);
      return transport;
    },
  },
  upgraded: {
    by: "server",
    evidence: /switched protocols \(101\)/,
    async provoke(world) {
      world.server.script(
        raw("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
      );
      const transport = world.transport();
      const response = await clientOf(transport).get(world.server.url());
      assert.equal(response.status, 101);
      return transport;
    },
  },
  "request-body-failed": {
    by: "caller",
    evidence: /request body failed after 1 bytes/,
    async provoke(world) {
      world.server.script(async (connection) => {
        await connection.readHead();
        await connection.stall();
      });
      const transport = world.transport();
      async function* body(): AsyncGenerator<Uint8Array> {
        yield Buffer.from("a");
        throw new Error("disk on fire");
      }
      const error = await rejection(clientOf(transport).post(world.server.url(), { body: body() }));
      assert.match(error.message, /disk on fire/);
      return transport;
    },
  },
  "protocol-error": {
    by: "server",
    evidence: /SSH-2\.0/,
    async provoke(world) {
      world.server.script(raw("SSH-2.0-OpenSSH_9.2\r\n"));
      return failing(world.transport(), world.server.url());
    },
  },
  "unsolicited-data": {
    by: "server",
    evidence: /bytes followed the end of the response to GET, status 200/,
    async provoke(world) {
      world.server.script(raw(`${HEAD}Content-Length: 2\r\n\r\nok and more`));
      const transport = world.transport();
      assert.equal(await fetched(transport, world.server.url()), "ok");
      return transport;
    },
  },
  "limit-exceeded": {
    by: "client",
    evidence: /1,?024|1024/,
    async provoke(world) {
      world.server.script(raw(`${HEAD}X-Long: ${"a".repeat(2000)}\r\n\r\n`));
      return failing(world.transport({ maxHeaderBytes: 1024 }), world.server.url());
    },
  },
  "dial-failed": {
    by: "server",
    evidence: /refused/,
    async provoke(world) {
      const { origin } = world.server;
      await world.server.close();
      return failing(world.transport(), origin);
    },
  },
  "tls-error": {
    by: "server",
    // OpenSSL's words for it changed between Node 20 and 22.
    evidence: /^TLS failed after the handshake \((wrong version number|bad record type)\)/,
    async provoke(world) {
      const { key, cert } = selfSigned({ names: ["127.0.0.1"] });
      const server = createServer((socket) => {
        socket.on("error", () => undefined);
        const secured = new TLSSocket(socket, { isServer: true, key, cert });
        secured.on("error", () => undefined);
        secured.once("data", () => socket.write("this is no TLS record, nor will it ever be one"));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as { port: number };
      const transport = world.transport({ tls: { ca: cert } });
      await failing(transport, `https://127.0.0.1:${port}/`);
      server.close();
      return transport;
    },
  },
  "write-error": {
    by: "server",
    evidence: /^EPIPE: the peer no longer accepts data/,
    async provoke(world) {
      const transport = world.transport({
        dial: async () =>
          new Duplex({
            read: () => undefined,
            write: (_chunk, _encoding, done) =>
              done(Object.assign(new Error("write EPIPE"), { code: "EPIPE", syscall: "write" })),
          }),
      });
      return failing(transport, "http://anywhere.test/");
    },
  },
};

for (const [reason, expected] of Object.entries(CLOSE_REASONS)) {
  test(`close reason ${reason}: is reported with its party and its evidence`, async () => {
    await using world = await World.start();
    const transport = await expected.provoke(world);
    const [record] = await closedOnes(transport, 1);
    assert.equal(record?.closed?.reason, reason, JSON.stringify(record?.closed));
    assert.equal(record.closed.by, expected.by);
    assert.match(record.closed.evidence, expected.evidence);
    assert.equal(record.state, "closed");
    assert.ok(record.closedAt !== undefined && record.closedAt >= record.openedAt);
  });
}

interface DialExpectation {
  /** Brings it about; the newest connection is the one looked at. */
  provoke(world: World): Promise<Transport>;
  /** Whether the record names the connection it stands in for. */
  readonly previous?: true;
  readonly couldHaveReused?: RegExp;
}

async function newest(transport: Transport): Promise<ConnectionRecord> {
  return transport.connections().at(-1) as ConnectionRecord;
}

const DIAL_REASONS: Record<Exclude<DialReason, "streams-full">, DialExpectation> = {
  "first-use": {
    async provoke(world) {
      const transport = world.transport();
      await fetched(transport, world.server.url());
      return transport;
    },
  },
  "all-busy": {
    couldHaveReused: /fewer requests at once/,
    async provoke(world) {
      const gate = world.server.gate();
      world.server.onConnection(1, ["readRequest", { wait: gate }, { replyOk: "ok" }]);
      const transport = world.transport();
      const first = fetched(transport, world.server.url());
      await world.server.waitForRequests(1);
      await fetched(transport, world.server.url());
      gate.open();
      await first;
      return transport;
    },
  },
  "previous-not-kept": {
    previous: true,
    couldHaveReused: /keep-alive in the server/,
    async provoke(world) {
      world.server.script(["readRequest", { replyOk: "ok", headers: { Connection: "close" } }, "end"]);
      const transport = world.transport();
      await fetched(transport, world.server.url());
      await fetched(transport, world.server.url());
      return transport;
    },
  },
  "idle-expired": {
    previous: true,
    couldHaveReused: /longer idleTimeout/,
    async provoke(world) {
      const transport = world.stepped({ idleTimeout: 1000 });
      await fetched(transport, world.server.url());
      world.clock.advance(1001);
      await fetched(transport, world.server.url());
      return transport;
    },
  },
  evicted: {
    previous: true,
    couldHaveReused: /larger maxIdleConnections/,
    async provoke(world) {
      const transport = world.transport({ maxIdleConnections: 0 });
      await fetched(transport, world.server.url());
      await fetched(transport, world.server.url());
      return transport;
    },
  },
  "aged-out": {
    previous: true,
    couldHaveReused: /larger maxRequestsPerConnection/,
    async provoke(world) {
      const transport = world.transport({ maxRequestsPerConnection: 1 });
      await fetched(transport, world.server.url());
      await fetched(transport, world.server.url());
      return transport;
    },
  },
  "too-long-idle": {
    previous: true,
    couldHaveReused: /idempotent: true/,
    async provoke(world) {
      const transport = world.stepped();
      await fetched(transport, world.server.url());
      world.clock.advance(4001);
      await clientOf(transport).post(world.server.url(), { body: "x" }).text();
      return transport;
    },
  },
  retry: {
    previous: true,
    async provoke(world) {
      const gate = world.server.gate();
      const dying: WireScript = ["readRequest", { wait: gate }, { replyOk: "ok" }, "readRequest", "end"];
      world.server.onConnection(1, dying).onConnection(2, dying);
      const transport = world.transport();
      const both = [fetched(transport, world.server.url()), fetched(transport, world.server.url())];
      await world.server.waitForRequests(2);
      gate.open();
      await Promise.all(both);
      const response = await clientOf(transport).get(world.server.url());
      assert.equal(response.attempts, 3);
      assert.equal(await response.text(), "ok");
      return transport;
    },
  },
  preconnect: {
    async provoke(world) {
      const transport = world.transport();
      await transport.preconnect(world.server.origin);
      return transport;
    },
  },
  "keep-alive-off": {
    couldHaveReused: /keepAlive: true/,
    async provoke(world) {
      const transport = world.transport({ keepAlive: false });
      await fetched(transport, world.server.url());
      return transport;
    },
  },
};

for (const [reason, expected] of Object.entries(DIAL_REASONS)) {
  test(`dial reason ${reason}: is reported with the connection it stands in for`, async () => {
    await using world = await World.start();
    const transport = await expected.provoke(world);
    const record = await newest(transport);
    assert.equal(record.openedFor, reason);
    assert.equal(record.previous !== undefined, expected.previous === true, `previous: ${record.previous}`);
    assert.ok(record.previous === undefined || record.previous < record.id);
    assert.ok(record.dial.attempts.some((attempt) => attempt.outcome === "connected"));
  });
}

for (const [reason, expected] of Object.entries(DIAL_REASONS)) {
  if (expected.couldHaveReused === undefined) continue;
  test(`Response.why: shows what would have saved a dial for ${reason}`, async () => {
    await using world = await World.start();
    const transport = await expected.provoke(world);
    const decision = transport.recording().decisions.at(-1);
    assert.equal(decision?.dial?.reason, reason);
    assert.equal(decision.dial.fate, "served-it");
    assert.match(decision.couldHaveReused ?? "", expected.couldHaveReused as RegExp);
  });
}

test("Response.why: describes a reused connection, as data and as a sentence", async () => {
  await using world = await World.start();
  const transport = world.transport();
  await fetched(transport, world.server.url());
  const response = await clientOf(transport).get(world.server.url());
  const decision = response.why();
  assert.equal(decision.reused, true);
  assert.equal(decision.connection, response.connection.id);
  assert.equal(decision.candidates[0]?.verdict, "taken");
  assert.match(String(decision), /went out on connection \d+, which had been idle for/);
  assert.deepEqual(JSON.parse(JSON.stringify(decision)).connection, response.connection.id);
});

test("server-closed-idle: is also reported where only the probe could see it, after a stall", async () => {
  await using world = await World.start({ script: answerThen("end") });
  world.server.onConnection(2, [{ repeat: ["readRequest", { replyOk: "second" }] }]);
  const transport = world.transport();
  const gate = world.server.gate();
  world.server.onConnection(1, ["readRequest", { replyOk: "ok" }, { wait: gate }, "end"]);
  await fetched(transport, world.server.url());
  gate.open();
  await until(() => world.server.log.some((event) => event.event === "fin-sent"), "the FIN");
  block(30);
  assert.equal(await clientOf(transport).post(world.server.url(), { body: "x" }).text(), "second");
  await turns(1);
  const [record] = await closedOnes(transport, 1);
  assert.equal(record?.closed?.reason, "server-closed-idle");
});
