import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Client, type FindingKind, Transport } from "../../src/index.js";
import { selfSigned, type WireScript } from "../../src/testing/index.js";
import { clientOf, fetched, rejection, turns, until, World } from "../transport/support.js";
import { HTTP2_PROVOCATIONS } from "./http2-provocations.js";
import type { Provocation } from "./provocation.js";

// Every kind of finding that one Trunkline process can show, provoked through Trunkline; a kind without its row does
// not compile.

const times = async (count: number, act: (index: number) => Promise<unknown>): Promise<void> => {
  for (let index = 0; index < count; index += 1) await act(index);
};

const answerAndClose: WireScript = [
  "readRequest",
  { replyOk: "ok", headers: { Connection: "close" } },
  "end",
];
const large = "x".repeat(600_000);

const NO_TICKET = 0x4000; // SSL_OP_NO_TICKET

/** What only a watch over other clients or from outside sees. */
type Elsewhere =
  | "server-hangs-up"
  | "server-restarts"
  | "server-idle-short"
  | "network-forgets-idle"
  | "process-stood-still"
  | "client-timeouts"
  | "head-over-limit"
  | "pool-destroyed"
  | "worker-per-job"
  | "listeners-left"
  | "protocol-errors"
  | "upload-unfinished"
  // A transport learns the limit after the second, which is another finding then.
  | "stale-retries";

const PROVOCATIONS: Record<Exclude<FindingKind, Elsewhere>, Provocation> = {
  "client-per-request": {
    async provoke(world) {
      await times(12, async () => {
        const transport = new Transport();
        await fetched(transport, world.server.url());
        await transport.close();
      });
      return world.transport();
    },
    check(finding) {
      assert.match(finding.site ?? "", /provoke\.test\.[jt]s:\d+:\d+$/);
      assert.ok(finding.count >= 12 && finding.cost.connections >= 11);
    },
  },
  "keep-alive-off": {
    async provoke(world) {
      const transport = world.transport();
      await times(5, () =>
        clientOf(transport)
          .get(world.server.url(), { headers: { connection: "close" } })
          .text(),
      );
      return transport;
    },
    check(finding) {
      assert.equal(finding.count, 5);
      assert.match(finding.site ?? "", /provoke\.test\.[jt]s:\d+:\d+$/);
    },
  },
  "body-unread": {
    async provoke(world) {
      world.server.script([{ repeat: ["readRequest", { replyOk: large }] }]);
      const transport = world.transport();
      await times(4, async () => (await clientOf(transport).get(world.server.url())).close());
      return transport;
    },
    check(finding) {
      assert.equal(finding.count, 4);
      assert.match(finding.site ?? "", /provoke\.test\.[jt]s:\d+:\d+$/);
    },
  },
  "body-abandoned": {
    async provoke(world) {
      world.server.script([{ repeat: ["readRequest", { replyOk: large }] }]);
      const transport = world.transport();
      await times(4, async () => {
        for await (const chunk of await clientOf(transport).get(world.server.url()))
          if (chunk.length > 0) break;
      });
      return transport;
    },
    check(finding) {
      assert.equal(finding.count, 4);
      assert.match(finding.site ?? "", /provoke\.test\.[jt]s:\d+:\d+$/);
    },
  },
  "idle-limit-churn": {
    async provoke(world) {
      const transport = world.transport({ maxIdleConnectionsPerOrigin: 2 });
      await times(4, async () => {
        await Promise.all(Array.from({ length: 8 }, () => fetched(transport, world.server.url())));
      });
      return transport;
    },
    check(finding) {
      assert.match(finding.remedy, /maxIdleConnectionsPerOrigin: 8/);
    },
  },
  "idle-timeout-race": {
    async provoke(world) {
      const transport = world.stepped();
      world.server.script(["readRequest", { replyOk: "ok" }]);
      await times(4, async (index) => {
        await fetched(transport, world.server.url());
        world.clock.advance(5_000);
        const connection = await world.server.connection(index + 1);
        await connection.end();
        await until(() => transport.snapshot().totals.idle === 0, "the end of the connection");
      });
      return transport;
    },
    check(finding) {
      assert.match(finding.title, /5 s/);
      assert.match(finding.remedy, /idleTimeout: 4000/);
    },
  },
  "idle-timeout-short": {
    async provoke(world) {
      const transport = world.stepped({ idleTimeout: 1_000 });
      await times(4, async () => {
        await fetched(transport, world.server.url());
        world.clock.advance(1_500);
      });
      return transport;
    },
  },
  "server-closes-each": {
    async provoke(world) {
      world.server.script(answerAndClose);
      const transport = world.transport();
      await times(5, () => fetched(transport, world.server.url()));
      return transport;
    },
  },
  "http-1.0-peer": {
    async provoke(world) {
      world.server.script([
        "readRequest",
        { reply: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok" },
        "end",
      ]);
      const transport = world.transport();
      await times(3, () => fetched(transport, world.server.url()));
      return transport;
    },
  },
  "duplicate-module": {
    async provoke(world) {
      // What a second copy of the package does when it is loaded.
      const copies = (globalThis as { [key: symbol]: Set<string> })[Symbol.for("trunkline.copies")];
      copies?.add("/srv/app/node_modules/other/node_modules/trunkline/dist/");
      return world.transport();
    },
    check(finding) {
      assert.equal(finding.count, 2);
      (globalThis as { [key: symbol]: Set<string> })[Symbol.for("trunkline.copies")]?.delete(
        "/srv/app/node_modules/other/node_modules/trunkline/dist/",
      );
    },
  },
  "route-split": {
    async provoke(world) {
      const transport = world.transport();
      await fetched(transport, world.server.url());
      await fetched(transport, `http://localhost:${world.server.port}/`);
      return transport;
    },
    check(finding) {
      assert.equal(finding.evidence.length, 2);
    },
  },
  "unbounded-burst": {
    async provoke(world) {
      const gate = world.server.gate();
      world.server.script([{ repeat: ["readRequest", { wait: gate }, { replyOk: "ok" }] }]);
      const transport = world.transport();
      const burst = Promise.all(Array.from({ length: 80 }, () => fetched(transport, world.server.url())));
      await world.server.waitForRequests(80);
      gate.open();
      await burst;
      return transport;
    },
    check(finding) {
      assert.equal(finding.count, 80);
    },
  },
  queueing: {
    async provoke(world) {
      const transport = world.stepped({ maxConnectionsPerOrigin: 1 });
      const gate = world.server.gate();
      world.server.script([{ repeat: ["readRequest", { wait: gate }, { replyOk: "ok" }] }]);
      const all = Promise.all(Array.from({ length: 5 }, () => fetched(transport, world.server.url())));
      await world.server.waitForRequests(1);
      world.clock.advance(100);
      gate.open();
      await all;
      return transport;
    },
    check(finding) {
      assert.equal(finding.count, 4);
      assert.ok(finding.cost.milliseconds >= 400);
    },
  },
  "slow-dns": {
    async provoke(world) {
      const transport = world.stepped({
        lookup: (_host, _options, callback) => {
          world.clock.advance(300);
          callback(null, [{ address: "127.0.0.1", family: 4 }]);
        },
      });
      await fetched(transport, `http://slow.test:${world.server.port}/`);
      return transport;
    },
  },
  "tls-not-resumed": {
    async provoke(world) {
      const { key, cert, ca } = selfSigned({ names: ["127.0.0.1"] });
      const server = await world.another({
        tls: { key, cert, maxVersion: "TLSv1.2", secureOptions: NO_TICKET },
        script: answerAndClose,
      });
      const transport = world.transport({ tls: { ca } });
      await times(6, () => fetched(transport, server.url()));
      return transport;
    },
  },
  "over-dialing": {
    async provoke(world) {
      const transport = world.stepped({ idleTimeout: 1_000 });
      const aborts = Array.from({ length: 6 }, () => new AbortController());
      const given = aborts.map((abort) => rejection(aborted(transport, world.server.url(), abort.signal)));
      for (const abort of aborts) abort.abort();
      await Promise.all(given);
      await until(() => transport.snapshot().totals.dialing === 0, "the end of the dials");
      world.clock.advance(1_500);
      return transport;
    },
  },
  "dial-failures": {
    async provoke(world) {
      const transport = world.transport();
      // Port 1 of the loopback interface: nobody listens there.
      await rejection(fetched(transport, "http://127.0.0.1:1/"));
      return transport;
    },
    check(finding) {
      assert.equal(finding.count, 1);
      assert.match(finding.evidence.join("\n"), /REFUSED/);
    },
  },
  ...HTTP2_PROVOCATIONS,
};

function aborted(transport: Transport, url: string, signal: AbortSignal): Promise<string> {
  return new Client({ transport }).get(url, { signal }).text();
}

for (const [kind, { provoke, check }] of Object.entries(PROVOCATIONS)) {
  test(`finding ${kind}: is raised when it is provoked`, async () => {
    await using world = await World.start();
    const transport = await provoke(world);
    await turns(3);
    const report = transport.explain();
    const found = report.findings.find((finding) => finding.kind === kind);
    assert.ok(
      found !== undefined,
      `findings: ${report.findings.map((finding) => finding.kind).join(", ")}\n${String(report)}`,
    );
    assert.ok(found.title !== "" && found.remedy !== "" && found.evidence.length > 0);
    assert.match(String(report), new RegExp(`\\(${kind.replaceAll(".", "\\.")}\\)`));
    check?.(found);
  });
}

test("findings: a healthy program raises none", async () => {
  await using world = await World.start();
  const transport = world.transport();
  await Promise.all(
    Array.from({ length: 20 }, () => times(20, () => fetched(transport, world.server.url()))),
  );
  const { findings, requests, connections } = transport.explain();
  const own = findings.filter((finding) => finding.origin !== undefined);
  assert.deepEqual(own, []);
  assert.equal(requests, 400);
  assert.equal(connections, world.server.connections);
});

test("finding body-unread: responses that nobody reads are found while they hold their connections", async () => {
  await using world = await World.start({ script: [{ repeat: ["readRequest", { replyOk: large }] }] });
  const transport = world.stepped();
  const held = await Promise.all(
    Array.from({ length: 3 }, () => clientOf(transport).get(world.server.url())),
  );
  const kinds = (): string[] => transport.explain().findings.map((finding) => finding.kind);
  assert.ok(!kinds().includes("body-unread"), "they may yet be read");
  world.clock.advance(1_500);
  assert.ok(kinds().includes("body-unread"));
  const busy = clientOf(transport).get(world.server.url());
  const decision = (await busy).why();
  assert.ok(decision.candidates.some((candidate) => candidate.facts["bodyUnread"] === true));
  assert.match(decision.couldHaveReused ?? "", /reading or closing the response body of request \d+/);
  await Promise.all([...held, await busy].map((response) => response.close()));
});

test("finding body-unread: responses that were dropped are found by the garbage collector, with their place", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  await using world = await World.start({ script: [{ repeat: ["readRequest", { replyOk: large }] }] });
  const transport = world.transport();
  const forget = async (): Promise<void> => {
    await clientOf(transport).get(world.server.url());
  };
  for (let count = 1; count <= 5; count += 1) {
    await forget();
    await until(() => {
      collect();
      return transport.connections().filter((record) => record.state === "closed").length === count;
    }, "the dropped response to be found");
  }
  const found = transport.explain().findings.find((finding) => finding.kind === "body-unread");
  assert.equal(found?.count, 5);
  assert.match(found.site ?? "", /provoke\.test\.[jt]s:\d+:\d+$/);
  // The first was not looked for yet; the others are counted once each.
  assert.match(found.evidence.at(-1) ?? "", /sampled 4 times/);
});

test("explain: connections made ahead of need are opened by no request", async () => {
  await using world = await World.start();
  const transport = world.transport();
  await transport.preconnect(world.server.origin, 2);
  await fetched(transport, world.server.url());
  const { connections, reuse } = transport.explain();
  assert.equal(connections, 2);
  assert.equal(reuse, 1);
});
