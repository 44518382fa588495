import assert from "node:assert/strict";
import { test } from "node:test";
import { Transport, type TransportOptions } from "../../src/index.js";
import { createAuthority } from "../../src/testing/index.js";
import { dnsServer } from "./dns-fixture.js";
import { fetched, rejection, until, World } from "./support.js";

const authority = createAuthority();
const other = createAuthority("Other Root");
const names = ["127.0.0.1", "site.test"];

const serverOf = ({ key, cert }: { key: string; cert: string }): { key: string; cert: string } => ({
  key,
  cert,
});

// ── DNS ────────────────────────────────────────────────────────────────────────────────────────────────────

test("dns: dials to one name share an answer, and requests go where the name leads after its address is gone", async () => {
  await using world = await World.start({ host: "0.0.0.0" });
  let address = "127.0.0.1";
  let lookups = 0;
  const transport = world.stepped({
    dns: {},
    lookup: (_host, _options, callback) => {
      lookups += 1;
      callback(null, [{ address, family: 4, ttl: 2 } as { address: string; family: number }]);
    },
  });
  const url = `http://site.test:${world.server.port}/`;
  await Promise.all([fetched(transport, url), fetched(transport, url)]);
  assert.deepEqual([lookups, transport.snapshot().totals.idle], [1, 2]);
  address = "127.0.0.2";
  world.clock.advance(2000);
  assert.deepEqual([lookups, transport.snapshot().totals.idle], [2, 2]);
  world.clock.advance(2000);
  assert.deepEqual([lookups, transport.snapshot().totals.idle], [3, 0]);
  await fetched(transport, url);
  assert.equal(transport.connections().at(-1)?.dial.attempts[0]?.address, "127.0.0.2");
  assert.equal(lookups, 3);
});

test("dns: a connection in use to an address that is gone finishes its exchange first; retire: false keeps all", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  world.server.script([{ repeat: ["readRequest", { wait: gate }, { replyOk: "ok" }] }]);
  let address = "127.0.0.1";
  const options: TransportOptions = {
    lookup: (_host, _options, callback) =>
      callback(null, [{ address, family: 4, ttl: 2 } as { address: string; family: number }]),
  };
  const url = `http://site.test:${world.server.port}/`;
  const retiring = world.stepped({ ...options, dns: {} });
  const keeping = world.stepped({ ...options, dns: { retire: false } });
  const both = [fetched(retiring, url), fetched(keeping, url)];
  await world.server.waitForRequests(2);
  address = "127.0.0.2";
  world.clock.advance(2000);
  world.clock.advance(2000);
  assert.equal(retiring.snapshot().totals.draining, 1);
  gate.open();
  assert.deepEqual(await Promise.all(both), ["ok", "ok"]);
  const closed = retiring.connections()[0]?.closed;
  assert.deepEqual([closed?.reason, closed?.by], ["address-gone", "client"]);
  assert.match(closed?.evidence ?? "", /^site\.test no longer resolves to 127\.0\.0\.1/);
  assert.equal(keeping.snapshot().totals.idle, 1);
});

test("dns: the system's and DNS servers' names resolve for real", async () => {
  await using world = await World.start();
  const transport = world.transport({ dns: {}, happyEyeballs: { delay: 10 } });
  assert.equal(await fetched(transport, `http://localhost:${world.server.port}/`), "ok");
});

test("dns.servers: they are asked, once for dials at one time, and again when the time to live is over", async () => {
  await using world = await World.start({ host: "0.0.0.0" });
  let addresses = ["127.0.0.1"];
  await using dns = await dnsServer((name) => (name === "site.test" ? { addresses, ttl: 7 } : undefined));
  const transport = world.stepped({ dns: { servers: [dns.server] }, keepAlive: false });
  const url = `http://site.test:${world.server.port}/`;
  await Promise.all([fetched(transport, url), fetched(transport, url)]);
  world.clock.advance(6999);
  await fetched(transport, url);
  assert.deepEqual(dns.asked.toSorted(), ["site.test A", "site.test AAAA"]);
  addresses = ["127.0.0.2", "127.0.0.3"];
  world.clock.advance(1);
  await fetched(transport, url);
  assert.equal(dns.asked.length, 4);
  assert.ok(
    ["127.0.0.2", "127.0.0.3"].includes(transport.connections().at(-1)?.dial.attempts[0]?.address ?? ""),
  );
  const unknown = await rejection(fetched(transport, `http://unknown.invalid:${world.server.port}/`));
  assert.deepEqual([unknown["code"], unknown["phase"]], ["ERR_TRUNKLINE_DNS", "dns"]);
});

// ── idle connections kept ready ────────────────────────────────────────────────────────────────────────────

test("minIdleConnectionsPerOrigin: that many are ready beyond those in use, and one that ends is replaced", async () => {
  await using world = await World.start();
  const transport = world.stepped({ minIdleConnectionsPerOrigin: 2 });
  const idle = (): number => transport.snapshot().totals.idle;
  await fetched(transport, world.server.url());
  await until(() => idle() === 3, "two ready beside the one that was used");
  assert.deepEqual(
    transport.connections().map(({ openedFor }) => openedFor),
    ["first-use", "preconnect", "preconnect"],
  );
  for (const number of [1, 2, 3]) await (await world.server.connection(number)).end();
  await until(() => idle() === 0, "all closed by the server");
  assert.equal(transport.snapshot().totals.dialing, 0, "not before a second is over");
  world.clock.advance(1000);
  await until(() => idle() === 2, "two ready again");
  world.clock.advance(301_000); // idle limits pass on the way, and after five minutes nobody needs the origin any more
  await until(() => transport.snapshot().totals.dialing === 0, "the last dials");
  world.clock.advance(61_000);
  assert.deepEqual([idle(), transport.snapshot().totals.dialing], [0, 0]);
});

test("minIdleConnectionsPerOrigin: a server that is away is dialed less and less often", async () => {
  await using world = await World.start();
  const transport = world.stepped({ minIdleConnectionsPerOrigin: 1 });
  const origin = world.server.url();
  await fetched(transport, origin);
  await until(() => transport.snapshot().totals.idle === 2, "one ready");
  await world.server.close();
  await until(() => transport.snapshot().totals.idle === 0, "all closed");
  const before = transport.snapshot().totals.opened;
  for (let second = 0; second < 60; second += 1) {
    world.clock.advance(1000);
    await until(() => transport.snapshot().totals.dialing === 0, "the dial to fail");
  }
  const dials = transport.snapshot().totals.opened - before;
  assert.ok(dials >= 4 && dials <= 7, `${dials} dials in a minute`);
});

test("minIdleConnectionsPerOrigin: more than may be idle is refused", () => {
  assert.throws(
    () => new Transport({ minIdleConnectionsPerOrigin: 3, maxIdleConnectionsPerOrigin: 2 }),
    /Cannot keep 3 idle connections/,
  );
});

// ── a machine that was suspended ───────────────────────────────────────────────────────────────────────────

test("suspend: idle time that the monotonic clock did not see ends connections over their limit", async () => {
  await using world = await World.start();
  const transport = world.stepped({ idleTimeout: 55_000 });
  await fetched(transport, world.server.url());
  world.clock.suspend(30_000);
  await fetched(transport, world.server.url());
  assert.equal(world.server.connections, 1, "within the limit");
  world.clock.suspend(3_600_000);
  await fetched(transport, world.server.url());
  assert.equal(world.server.connections, 2);
  const { reason, by, evidence } = transport.connections()[0]?.closed ?? assert.fail();
  assert.deepEqual([reason, by], ["idle-timeout", "client"]);
  assert.match(evidence, /3600 s of them while this machine was suspended/);
  world.clock.suspend(-3_600_000); // a clock set back
  await fetched(transport, world.server.url());
  assert.equal(world.server.connections, 2);
});

// ── TLS options that change ────────────────────────────────────────────────────────────────────────────────

test("updateTls: idle connections close, those in use finish, new ones use the new certificate", async () => {
  await using world = await World.start();
  const tls = {
    ...serverOf(authority.issue({ names })),
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: false,
  };
  const server = await world.another({ tls });
  const [first, second] = ["first", "second"].map((name) =>
    authority.issue({ names: [name], clientAuth: true }),
  );
  assert.ok(first !== undefined && second !== undefined);
  const seen: string[] = [];
  const gate = server.gate();
  server.script(async (connection) => {
    const certificate =
      "getPeerCertificate" in connection.socket ? connection.socket.getPeerCertificate() : undefined;
    for await (const request of connection.eachRequest()) {
      seen.push(certificate?.subjectaltname ?? "none");
      if (request.target === "/slow") await gate.promise;
      await connection.replyOk("ok");
    }
  });
  const transport = world.transport({ tls: { ca: authority.cert, key: first.key, cert: first.cert } });
  const url = `https://127.0.0.1:${server.port}`;
  const slow = fetched(transport, `${url}/slow`);
  await server.waitForRequests(1);
  await fetched(transport, `${url}/`);
  transport.updateTls({ tls: { ca: authority.cert, key: second.key, cert: second.cert } });
  await fetched(transport, `${url}/`);
  gate.open();
  assert.equal(await slow, "ok");
  assert.deepEqual(seen, ["DNS:first", "DNS:first", "DNS:second"]);
  const records = transport.connections();
  assert.deepEqual(
    records.map(({ route }) => route),
    ["direct tls:custom", "direct tls:custom", "direct tls:custom-2"],
  );
  assert.deepEqual(
    records.map(({ closed }) => closed?.reason),
    ["tls-replaced", "tls-replaced", undefined],
  );
  assert.equal(records[2]?.dial.resumed, false, "a session of the old identity was offered");
  assert.throws(
    () => transport.updateTls({ keepAlive: true } as never),
    /takes tls, tlsByOrigin and proxyTls/,
  );
});

test("tlsByOrigin: an origin's own options are laid over the general ones, and name its route", async () => {
  await using world = await World.start();
  const mine = await world.another({ tls: serverOf(authority.issue({ names })) });
  const theirs = await world.another({ tls: { ...serverOf(other.issue({ names })), maxVersion: "TLSv1.2" } });
  const origin = `https://127.0.0.1:${theirs.port}`;
  const transport = world.transport({
    tls: { ca: authority.cert, minVersion: "TLSv1.3" },
    tlsByOrigin: { [origin]: { ca: other.cert, minVersion: "TLSv1.2" } },
  });
  assert.equal(await fetched(transport, `https://127.0.0.1:${mine.port}/`), "ok");
  assert.equal(await fetched(transport, origin), "ok");
  assert.deepEqual(
    transport.connections().map(({ route }) => route),
    ["direct tls:custom", "direct tls:own"],
  );
  const strict = world.transport({ tls: { ca: other.cert, minVersion: "TLSv1.3" } });
  const error = await rejection(fetched(strict, origin));
  assert.equal(error["code"], "ERR_TRUNKLINE_TLS_HANDSHAKE");
  assert.match(error.message, /share no TLS version; see tls\.minVersion/);
  for (const name of ["127.0.0.1", "http://127.0.0.1", "https://127.0.0.1/path"]) {
    assert.throws(() => new Transport({ tlsByOrigin: { [name]: {} } }), /is not an https origin/, name);
  }
});
