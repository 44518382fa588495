import assert from "node:assert/strict";
import { test } from "node:test";
import type { Trace } from "../../src/index.js";
import { answerTogether, http2Server, overTls } from "../explain/http2-provocations.js";
import { clientOf, fetched, rejection, until, World } from "./support.js";

// The hooks over HTTP/2, where calls share a connection: each hears of its own stream.

interface Heard {
  readonly trace: Trace;
  readonly events: [name: string, event: Record<string, unknown>][];
}

function listener(): Heard {
  const events: Heard["events"] = [];
  const hear =
    (name: string) =>
    (event: unknown): void => {
      events.push([name, { ...(event as object) }]);
    };
  const names = [
    "gotConnection",
    "wroteHeaderField",
    "wroteHeaders",
    "wroteRequest",
    "gotFirstResponseByte",
    "bodyEnd",
    "released",
    "closed",
  ];
  return { events, trace: Object.fromEntries(names.map((name) => [name, hear(name)])) as Trace };
}

const namesOf = ({ events }: Heard): string[] =>
  events.map(([name]) => name).filter((name) => name !== "wroteHeaderField");
const eventOf = ({ events }: Heard, wanted: string): Record<string, unknown> | undefined =>
  events.find(([name]) => name === wanted)?.[1];

const WHOLE = [
  "gotConnection",
  "wroteHeaders",
  "wroteRequest",
  "gotFirstResponseByte",
  "released",
  "bodyEnd",
];

test("trace: over HTTP/2 each call hears of its own stream, with pseudo-fields first", async () => {
  await using world = await World.start();
  const server = await http2Server(world, answerTogether(2));
  const transport = overTls(world);
  const client = clientOf(transport);
  const heard = [listener(), listener()];
  await Promise.all(
    heard.map(({ trace }, index) =>
      client.get(server.url(`/${index}`), { trace, headers: { "X-A": "b" } }).text(),
    ),
  );
  for (const one of heard) assert.deepEqual(namesOf(one).sort(), [...WHOLE].sort());
  assert.deepEqual(
    heard.map((one) => eventOf(one, "gotConnection")?.["reused"]),
    [false, true],
  );
  const fields = heard[1]?.events.filter(([name]) => name === "wroteHeaderField").map(([, event]) => event);
  assert.deepEqual(fields?.slice(0, 4), [
    { name: ":method", value: "GET" },
    { name: ":scheme", value: "https" },
    { name: ":authority", value: `127.0.0.1:${server.port}` },
    { name: ":path", value: "/1" },
  ]);
  assert.ok(fields.some(({ name, value }) => name === "x-a" && value === "b"));
  assert.deepEqual(
    heard.map((one) => eventOf(one, "released")?.["to"]),
    ["others", "idle"],
  );
});

test("trace: a stream that is given up is released, a connection that ends is closed once for each call on it", async () => {
  await using world = await World.start();
  const server = await http2Server(world, async (connection) => {
    await connection.readRequest();
    await connection.readRequest();
    await connection.readRequest();
    await connection.frame(({ type }) => type === "RST_STREAM");
    await connection.wire.end();
  });
  const transport = overTls(world);
  const client = clientOf(transport);
  const heard = [listener(), listener(), listener()];
  const abort = new AbortController();
  const calls = heard.map(({ trace }, index) =>
    rejection(client.post(server.url(), { trace, ...(index === 0 ? { signal: abort.signal } : {}) })),
  );
  await server.waitForRequests(3);
  abort.abort();
  await Promise.all(calls);
  const ends = heard.map((one) => namesOf(one).filter((name) => name === "released" || name === "closed"));
  assert.deepEqual(ends, [["released"], ["closed"], ["closed"]]);
  assert.equal(eventOf(heard[0] as Heard, "released")?.["to"], "others");
  assert.equal(eventOf(heard[1] as Heard, "closed")?.["reason"], "server-closed-unanswered");
});

test("trace: a connection made ahead of need is reused by its first request, and says for how long it was idle", async () => {
  await using world = await World.start();
  const server = await http2Server(world);
  const transport = overTls(world);
  await transport.preconnect(server.origin);
  await until(() => transport.snapshot().totals.idle === 1, "the connection");
  await new Promise((resolve) => setImmediate(resolve));
  const heard = listener();
  await clientOf(transport).get(server.url(), { trace: heard.trace }).text();
  const { reused, idleFor } = eventOf(heard, "gotConnection") ?? {};
  assert.equal(reused, true);
  assert.ok((idleFor as number) > 0);
  assert.equal(await fetched(transport, server.url()), "ok");
});
