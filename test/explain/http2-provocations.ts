import assert from "node:assert/strict";
import type { Transport, TransportOptions } from "../../src/index.js";
import {
  answerEachStream,
  type Http2Script,
  type Http2WireOptions,
  type Http2WireRequest,
  http2Script,
  selfSigned,
  type WireServer,
} from "../../src/testing/index.js";
import { httpProxy } from "../transport/proxy-fixture.js";
import { fetched, rejection, type World } from "../transport/support.js";
import type { Provocation } from "./provocation.js";

export const CERTIFICATE: ReturnType<typeof selfSigned> = selfSigned({
  names: ["127.0.0.1", "a.test", "b.test", "c.test", "localhost"],
});

/** A server that speaks HTTP/2 over TLS, and no other. */
export function http2Server(
  world: World,
  script: Http2Script = answerEachStream,
  options?: Http2WireOptions,
): Promise<WireServer> {
  const { key, cert } = CERTIFICATE;
  return world.another({
    tls: { key, cert, ALPNProtocols: ["h2", "http/1.1"] },
    script: http2Script(script, options),
  });
}

/** So many requests at once, all of them answered when the last has come. */
export function answerTogether(count: number): Http2Script {
  return async (connection) => {
    for (;;) {
      const requests: Http2WireRequest[] = [];
      for (let read = 0; read < count; read += 1) requests.push(await connection.readRequest());
      for (const request of requests) await connection.reply(request, { body: "ok" });
    }
  };
}

export function atOnce(count: number, act: () => Promise<unknown>): Promise<unknown> {
  return Promise.all(Array.from({ length: count }, act));
}

export function overTls(world: World, options: TransportOptions = {}): Transport {
  return world.transport({ tls: { ca: CERTIFICATE.ca }, ...options });
}

/** Findings about connections that requests share, or could. */
export const HTTP2_PROVOCATIONS: Record<
  "stream-limit" | "server-resets" | "several-connections" | "http2-would-do" | "coalescing",
  Provocation
> = {
  "stream-limit": {
    async provoke(world) {
      const server = await http2Server(world, answerTogether(2), { settings: { maxConcurrentStreams: 2 } });
      const transport = overTls(world, { maxConnectionsPerOrigin: 1 });
      await fetchedPair(transport, server);
      await atOnce(8, () => fetched(transport, server.url()));
      return transport;
    },
    check(finding) {
      assert.equal(finding.count, 6);
      assert.match(finding.title, /the server allows 2 at once/);
      assert.match(finding.remedy, /SETTINGS_MAX_CONCURRENT_STREAMS/);
    },
  },
  "server-resets": {
    async provoke(world) {
      const server = await http2Server(world, async (connection) => {
        for (;;) {
          const { stream } = await connection.readRequest();
          await connection.send({ type: "RST_STREAM", stream, code: 2 });
        }
      });
      const transport = overTls(world);
      for (let count = 0; count < 4; count += 1) await rejection(fetched(transport, server.url()));
      return transport;
    },
    check(finding) {
      assert.equal(finding.count, 4);
      assert.equal(finding.severity, "high");
      assert.deepEqual(finding.evidence, ["INTERNAL_ERROR: 4 times"]);
    },
  },
  "several-connections": {
    async provoke(world) {
      const server = await http2Server(world);
      const proxies = [world.own(await httpProxy()), world.own(await httpProxy())];
      let turn = 0;
      const transport = overTls(world, { proxy: () => `http://127.0.0.1:${proxies[turn++ % 2]?.port}` });
      for (let count = 0; count < 4; count += 1) await fetched(transport, server.url());
      return transport;
    },
    check(finding) {
      assert.equal(finding.count, 1);
      assert.equal(finding.cost.connections, 1);
    },
  },
  "http2-would-do": {
    async provoke(world) {
      const { key, cert } = CERTIFICATE;
      const gate = world.server.gate();
      const server = await world.another({
        tls: { key, cert },
        script: [{ repeat: ["readRequest", { wait: gate }, { replyOk: "ok" }] }],
      });
      const transport = overTls(world, { http2: false });
      const burst = atOnce(6, () => fetched(transport, server.url()));
      await server.waitForRequests(6);
      gate.open();
      await burst;
      return transport;
    },
    check(finding) {
      assert.equal(finding.cost.connections, 5);
      assert.match(finding.remedy, /Remove `http2: false`/);
      assert.match(finding.doubt ?? "", /trunkline probe https:/);
    },
  },
  coalescing: {
    async provoke(world) {
      const server = await http2Server(world);
      const transport = overTls(world, {
        lookup: (_host, _options, callback) => callback(null, [{ address: "127.0.0.1", family: 4 }]),
      });
      for (const name of ["a.test", "b.test", "c.test"])
        await fetched(transport, `https://${name}:${server.port}/`);
      return transport;
    },
    check(finding) {
      assert.equal(finding.count, 3);
      assert.equal(finding.cost.connections, 2);
      assert.match(finding.evidence.join("\n"), /a\.test.*b\.test.*c\.test/);
    },
  },
};

async function fetchedPair(transport: Transport, server: WireServer): Promise<void> {
  await atOnce(2, () => fetched(transport, server.url()));
}
