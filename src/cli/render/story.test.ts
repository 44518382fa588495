import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConnectionRecord, Recording } from "../../index.js";
import { decideStyle } from "../terminal.js";
import { connectionStory } from "./story.js";

const start = 1_000_000;

const first: ConnectionRecord = {
  id: 1,
  origin: "http://a.test",
  protocol: "http/1.1",
  state: "idle",
  route: "direct",
  openedFor: "first-use",
  dial: { dns: 1, connect: 1, attempts: [{ address: "192.0.2.1", outcome: "connected", milliseconds: 1 }] },
  openedAt: start,
  requests: 2,
  bytesRead: 100,
  bytesWritten: 50,
};

const second: ConnectionRecord = {
  ...first,
  id: 7,
  state: "closed",
  openedFor: "previous-not-kept",
  previous: 1,
  dial: {
    connect: 2,
    tls: 3,
    resumed: true,
    attempts: [
      { address: "2001:db8::1", outcome: "ECONNREFUSED", milliseconds: 1 },
      { address: "192.0.2.1", outcome: "connected", milliseconds: 2 },
    ],
  },
  openedAt: start + 10,
  closedAt: start + 20,
  requests: 1,
  closed: { reason: "server-closed-idle", by: "server", evidence: "FIN after 4 ms\u001b[2J" },
};

const recording: Recording = {
  version: 1,
  startedAt: start,
  connections: [first, second],
  exchanges: [
    {
      id: 1,
      connection: 1,
      origin: "http://a.test",
      method: "GET",
      path: "/",
      status: 200,
      outcome: "complete",
      reused: false,
      attempt: 1,
      queuedAt: start,
      sentAt: start + 2,
      headersAt: start + 6,
      endedAt: start + 10,
      bytesRead: 100,
      bytesWritten: 50,
    },
  ],
  decisions: [],
  dropped: { connections: 0, exchanges: 0, decisions: 0 },
};

test("connectionStory: shows in one line why a connection was opened, how, what it did and why it ended", () => {
  const [one, two, ...none] = connectionStory(recording, decideStyle(false, 80, {}));
  assert.equal(
    one,
    "connection 1 to http://a.test (direct, http/1.1): opened because there was none yet (first-use); " +
      "dns 1.0 ms, connect 1.0 ms; 2 requests, 100 bytes in, 50 bytes out; idle, kept for the next request",
  );
  assert.match(two!, /^connection 7 .*the previous one could not be kept \(previous-not-kept 1\); /);
  assert.match(
    two!,
    /tls 3\.0 ms \(resumed\); tried 2001:db8::1 ECONNREFUSED after 1\.0 ms, 192\.0\.2\.1 connected after 2\.0 ms; /,
  );
  assert.match(
    two!,
    /closed by the server after 10\.0 ms: the server closed it while it was idle \(server-closed-idle; FIN after 4 ms\?\[2J\)$/,
  );
  assert.deepEqual(none, []);
});

test("connectionStory: draws the timelines of all connections on one scale where pictures belong", () => {
  const style = { ...decideStyle(true, 26, { NO_COLOR: "1" }), columns: 26 };
  const lines = connectionStory(recording, style);
  assert.equal(lines[1], "  |dc----####..........|");
  assert.equal(lines[3], "  |          ccttt.....|");
  assert.match(
    lines[4]!,
    /d dns {2}c connect {2}t tls {2}- waiting {2}# receiving {2}\. idle {2}\(20\.0 ms across\)/,
  );
});

test("connectionStory: shows twenty connections and counts the rest", () => {
  const connections = Array.from({ length: 30 }, (_, index) => ({ ...first, id: index + 1 }));
  const many = { ...recording, connections, dropped: { connections: 5, exchanges: 0, decisions: 0 } };
  const lines = connectionStory(many, decideStyle(false, 80, {}));
  assert.equal(lines.length, 21);
  assert.match(lines[20]!, /^and 15 more connections/);
});

test("connectionStory: has nothing to say of no connections", () => {
  assert.deepEqual(
    connectionStory({ ...recording, connections: [], exchanges: [] }, decideStyle(true, 80, {})),
    [],
  );
});

test("connectionStory: streams of HTTP/2 that were there at the same time are drawn below each other", () => {
  const exchange = (id: number, sent: number, ended: number): Recording["exchanges"][number] => ({
    ...(recording.exchanges[0] as Recording["exchanges"][number]),
    id,
    stream: 2 * id - 1,
    sentAt: start + sent,
    headersAt: start + ended - 2,
    endedAt: start + ended,
  });
  const shared: Recording = {
    ...recording,
    connections: [
      {
        ...first,
        protocol: "h2",
        requests: 3,
        streams: { active: 0, most: 2, limit: 100, refused: 0, reset: 1 },
      },
    ],
    exchanges: [exchange(1, 2, 10), exchange(2, 2, 18), exchange(3, 12, 20)],
  };
  const style = { ...decideStyle(true, 44, { NO_COLOR: "1" }), columns: 44 };
  const [line, ...drawn] = connectionStory(shared, style);
  assert.match(line ?? "", /h2\): .*3 requests \(up to 2 streams at once\), 1 reset by the server/);
  const rows = drawn.filter((row) => row.startsWith("  |"));
  assert.equal(rows.length, 3);
  // The connection by itself; the first and, after it, the third; the second beside them.
  assert.doesNotMatch(rows[0] ?? "", /[-#]/);
  assert.match(rows[1] ?? "", /-+#+ +-+#+/);
  assert.match(rows[2] ?? "", /-+#+/);
});
