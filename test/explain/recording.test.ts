import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { explainById, readRecording } from "../../src/index.js";
import { clientOf, fetched, rejection, until, World } from "../transport/support.js";

async function inFolder(act: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "trunkline-"));
  try {
    await act(join(folder, "recording.jsonl"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("Transport.recordTo: the file has what the recorder has, from before and after it began", () =>
  inFolder(async (path) => {
    await using world = await World.start();
    const transport = world.transport({ maxIdleConnectionsPerOrigin: 1 });
    await fetched(transport, world.server.url("/before?token=1"));
    const recording = transport.recordTo(path);
    await Promise.all(Array.from({ length: 4 }, () => fetched(transport, world.server.url("/after"))));
    await rejection(fetched(transport, "http://127.0.0.1:1/"));
    await recording.close();
    const read = await readRecording(path);
    assert.equal(read.complete, true);
    assert.equal(read.unreadable, 0);
    const { connections, exchanges, decisions, limits, startedAt } = JSON.parse(
      JSON.stringify(transport.recording()),
    );
    assert.deepEqual(read.connections, connections);
    assert.deepEqual(read.exchanges, exchanges);
    assert.deepEqual(read.decisions, decisions);
    assert.deepEqual(read.limits, limits);
    assert.equal(read.startedAt, startedAt);
    for (const { id } of read.exchanges) assert.match(explainById(read, `r${id}`), /^GET http/);
    for (const { id } of read.connections)
      assert.match(explainById(read, `c${id}`), new RegExp(`^Connection ${id} `));
    assert.throws(() => explainById(read, "r999999"), /has no request r999999: it has r\d+ to r\d+/);
    assert.throws(() => explainById(read, "x1"), /write r92 for request 92/);
  }));

test("Transport.recordTo: readable after the process was killed, and complete up to its exit when it exits", () =>
  inFolder(async (path) => {
    await using world = await World.start();
    const program = `
      import { Transport, Client } from ${JSON.stringify(new URL("../../src/index.js", import.meta.url).href)};
      const transport = new Transport();
      transport.recordTo(process.argv[1]);
      const client = new Client({ transport });
      for (let i = 0; i < 50; i += 1) await client.get(process.argv[2]).text();
      if (process.argv[3] === "exit") process.exit(0);
      setTimeout(() => process.kill(process.pid, "SIGKILL"), 600);
    `;
    for (const how of ["exit", "kill"]) {
      const child = spawn(
        process.execPath,
        ["--input-type=module", "-e", program, path, world.server.url(), how],
        { stdio: ["ignore", "ignore", "inherit"] },
      );
      await once(child, "exit");
      const read = await readRecording(path);
      assert.equal(read.exchanges.length, 50, how);
      assert.equal(read.complete, false);
      assert.equal(read.unreadable, 0);
    }
  }));

test("Transport.recordTo: refused without a recorder, and where the file cannot be written", async () => {
  await using world = await World.start();
  assert.throws(() => world.transport({ recorder: false }).recordTo("/nowhere"), /recorder: false/);
  assert.throws(() => world.transport().recordTo("/nowhere/at/all"), { code: "ENOENT" });
});

test("diagnostics channels: tell of each connection, exchange and decision, and throw into nobody's request", async () => {
  await using world = await World.start();
  const seen: string[] = [];
  const names = [
    "trunkline:connection:open",
    "trunkline:connection:close",
    "trunkline:exchange:end",
    "trunkline:decision",
  ];
  const listener = (message: unknown, name: string | symbol): void => {
    assert.equal(typeof message, "object");
    seen.push(String(name));
  };
  for (const name of names) subscribe(name, listener);
  try {
    const transport = world.transport();
    await fetched(transport, world.server.url());
    await fetched(transport, world.server.url());
    transport.closeIdle();
    await until(() => transport.snapshot().totals.idle === 0, "the close");
  } finally {
    for (const name of names) unsubscribe(name, listener);
  }
  assert.deepEqual(seen.sort(), [
    "trunkline:connection:close",
    "trunkline:connection:open",
    "trunkline:decision",
    "trunkline:exchange:end",
    "trunkline:exchange:end",
  ]);
});

test("Decision: a dial that served another is reported as such once that is known", async () => {
  await using world = await World.start();
  const transport = world.transport();
  const gate = world.server.gate();
  world.server.onConnection(1, [{ repeat: ["readRequest", { wait: gate }, { replyOk: "ok" }] }]);
  const first = fetched(transport, world.server.url("/first"));
  await world.server.waitForRequests(1);
  const response = clientOf(transport).get(world.server.url("/second"));
  gate.open();
  await first;
  const second = await response;
  await second.text();
  await until(() => transport.snapshot().totals.dialing === 0, "the dial");
  const decision = transport.recording().decisions.find((one) => one.exchange === second.why().exchange);
  assert.ok(decision?.dial !== undefined);
  assert.ok(["served-it", "went-idle"].includes(decision.dial.fate), decision.dial.fate);
  const busy = decision.candidates.find((candidate) => candidate.verdict === "busy");
  assert.equal(busy?.facts["method"], "GET");
  assert.equal(typeof busy?.facts["forMs"], "number");
});

test("Decision: names the connection that had just closed, and why", async () => {
  await using world = await World.start({
    script: ["readRequest", { replyOk: "ok", headers: { Connection: "close" } }, "end"],
  });
  const transport = world.transport();
  await fetched(transport, world.server.url());
  const response = await clientOf(transport).get(world.server.url());
  const why = response.why();
  const closed = why.candidates.find((candidate) => candidate.verdict === "closed");
  assert.equal(closed?.facts["reason"], "server-said-close");
  assert.equal(closed?.facts["by"], "server");
  assert.match(String(why), /What would have avoided the dial: keep-alive in the server/);
  await response.text();
});

test("a failed dial is linked to the requests it made fail, and they to it", async () => {
  await using world = await World.start();
  const transport = world.transport();
  await rejection(fetched(transport, "http://127.0.0.1:1/"));
  const { connections, decisions, exchanges } = transport.recording();
  const failed = connections.find((record) => record.closed?.reason === "dial-failed");
  assert.deepEqual(
    failed?.delayed,
    exchanges.map((exchange) => exchange.id),
  );
  assert.equal(decisions[0]?.connection, 0);
  assert.deepEqual(decisions[0]?.dial, { connection: failed?.id, reason: "first-use", fate: "failed" });
  const report = transport.explain();
  assert.equal(report.connections, 0, "a dial that failed is no connection");
});
