import assert from "node:assert/strict";
import { constants } from "node:crypto";
import { connect as connectNet } from "node:net";
import { test } from "node:test";
import { createAuthority } from "../../../src/testing/index.js";
import { httpProxy, socksProxy } from "../../transport/proxy-fixture.js";
import { clientOf, fetched, rejection, until } from "../../transport/support.js";
import { burst, echoPaths, H2World, overTls, recordOf, settled, TRUST } from "./h2-world.js";

// HTTP/2 by every way to a server.

const authority = createAuthority();
const proxyTls = authority.issue({ names: ["127.0.0.1", "localhost"] });

test("through a CONNECT tunnel: ALPN is agreed on inside, and a burst takes one tunnel", async () => {
  await using world = await H2World.start(echoPaths, { server: overTls(["h2", "http/1.1"]) });
  await using proxy = await httpProxy();
  const transport = world.world.transport({ ...TRUST, proxy: `http://127.0.0.1:${proxy.port}` });
  const responses = await burst(transport, world.server.origin, 30);
  assert.ok(responses.every(({ connection }) => connection.protocol === "h2"));
  assert.equal(world.server.connections, 1);
  assert.deepEqual(proxy.log.seen, [`CONNECT 127.0.0.1:${world.server.port}`]);
});

test("through an HTTPS proxy: ALPN outside stays http/1.1, and is h2 inside", async () => {
  await using world = await H2World.start(echoPaths, { server: overTls(["h2", "http/1.1"]) });
  await using proxy = await httpProxy({ tls: proxyTls });
  const transport = world.world.transport({
    ...TRUST,
    proxy: `https://localhost:${proxy.port}`,
    proxyTls: { ca: authority.cert },
  });
  const responses = await burst(transport, world.server.origin, 10);
  assert.ok(responses.every(({ connection }) => connection.protocol === "h2"));
  assert.equal(world.server.connections, 1);
});

test("through SOCKS: over TLS by ALPN, in clear text by prior knowledge", async () => {
  await using secure = await H2World.start(echoPaths, { server: overTls(["h2", "http/1.1"]) });
  await using plain = await H2World.start(echoPaths);
  await using proxy = await socksProxy();
  const url = `socks5h://127.0.0.1:${proxy.port}`;
  const transport = secure.world.transport({ ...TRUST, http2: { priorKnowledge: true }, proxy: url });
  for (const world of [secure, plain]) {
    const responses = await burst(transport, world.server.origin, 10);
    assert.ok(responses.every(({ connection }) => connection.protocol === "h2"));
    assert.equal(world.server.connections, 1);
  }
});

test("by prior knowledge through a proxy that forwards: is refused before anything is dialed", async () => {
  await using world = await H2World.start(echoPaths);
  await using proxy = await httpProxy();
  const transport = world.transport({ proxy: `http://127.0.0.1:${proxy.port}` });
  const error = await rejection(fetched(transport, world.url()));
  assert.match(
    error.message,
    /^Cannot speak HTTP\/2 by prior knowledge through the proxy .*; remove http2\.priorKnowledge/,
  );
  assert.equal(proxy.log.connections, 0);
});

test("by a dial of the program's own, whose sockets are streams", async () => {
  await using world = await H2World.start(echoPaths);
  const transport = world.transport({
    dial: async () => connectNet({ host: "127.0.0.1", port: world.server.port }),
  });
  const responses = await burst(transport, "http://nowhere.test", 20);
  assert.equal(responses.length, 20);
  assert.equal(world.server.connections, 1);
  assert.equal(recordOf(transport).protocol, "h2");
});

test("TLS sessions are resumed under HTTP/2", async () => {
  await using world = await H2World.start(echoPaths, { server: overTls(["h2", "http/1.1"]) });
  const transport = world.world.transport({ ...TRUST, tls: { ...TRUST.tls, maxVersion: "TLSv1.2" } });
  const client = clientOf(transport);
  const first = await client.get(world.url());
  await first.text();
  assert.equal(first.connection.tls?.resumed, false);
  transport.closeIdle();
  await until(() => recordOf(transport).state === "closed", "the first to close");
  const second = await client.get(world.url());
  await second.text();
  assert.equal(second.connection.tls?.resumed, true);
  assert.equal(second.connection.protocol, "h2");
});

test("TLS that RFC 9113 forbids is refused, with what to do", async () => {
  const server = overTls(["h2"]);
  await using world = await H2World.start(echoPaths, {
    server: {
      tls: {
        ...server.tls,
        maxVersion: "TLSv1.2",
        ciphers: "ECDHE-ECDSA-AES128-SHA256",
        secureOptions: constants.SSL_OP_NO_TICKET,
      },
    },
  });
  const error = await rejection(fetched(world.world.transport({ ...TRUST }), world.url()));
  assert.match(
    error.message,
    /negotiated HTTP\/2 over TLSv1\.2 with ECDHE-ECDSA-AES128-SHA256, which RFC 9113 section 9\.2 forbids; .*http2: false/,
  );
  assert.equal(error["phase"], "tls");
});

test("a certificate that does not fit fails all who waited for the probe, once, and nothing is left", async () => {
  await using world = await H2World.start(echoPaths, { server: overTls(["h2"]) });
  const transport = world.world.transport();
  const errors = await Promise.all(
    Array.from({ length: 20 }, () => rejection(fetched(transport, world.url()))),
  );
  for (const error of errors) assert.equal(error["phase"], "tls", error.message);
  assert.equal(transport.snapshot().totals.opened, 1);
  await settled(transport);
});
