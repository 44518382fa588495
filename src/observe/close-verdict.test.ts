import assert from "node:assert/strict";
import { test } from "node:test";
import type { Life } from "./life.js";
import type { ObservedConnection } from "./observed-connection.js";
import { OriginLog } from "./origin-log.js";

const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n";

interface Step {
  /** Milliseconds since the step before. */
  readonly after?: number;
  readonly client?: string;
  readonly server?: string;
}

function live(steps: readonly Step[]): { connection: ObservedConnection; life: Life; now: number } {
  const log = new OriginLog("http://a");
  const life = log.dialed(0);
  const connection = log.accept(life, {});
  let now = 0;
  for (const { after = 1, client, server } of steps) {
    now += after;
    if (client !== undefined) connection.fromClient(Buffer.from(client), now);
    if (server !== undefined) connection.fromServer(Buffer.from(server), now);
  }
  return { connection, life, now };
}

const done: readonly Step[] = [{ client: REQUEST }, { server: `${HEAD}body` }];
const http10 = "GET / HTTP/1.0\r\n\r\n";

for (const [what, steps, side, reset, after, verdict] of [
  ["the client ends it at once after a response", done, "client", false, 1, "after-response"],
  ["the client ends it after idling", done, "client", false, 5000, "after-idling"],
  ["the client resets it with all of a response sent", done, "client", true, 1, "body-unread"],
  [
    "the client ends it in the middle of a body",
    [{ client: REQUEST }, { server: `${HEAD}bo` }],
    "client",
    false,
    1,
    "body-unread",
  ],
  [
    "the client ends it in the middle of a body it has taken much of",
    [{ client: REQUEST }, { server: HEAD.replace("4", "9999999") }, { server: "x".repeat(2_000_000) }],
    "client",
    false,
    1,
    "body-abandoned",
  ],
  ["the client ends it before an answer", [{ client: REQUEST }], "client", false, 1, "aborted"],
  ["the client ends it in the middle of a head", [{ client: "GET /" }], "client", false, 1, "aborted"],
  ["the client ends it without a request", [], "client", false, 1, "surplus"],
  [
    "the request said close",
    [{ client: REQUEST.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n") }, { server: `${HEAD}body` }],
    "server",
    false,
    1,
    "request-said-close",
  ],
  [
    "the request was HTTP/1.0",
    [{ client: http10 }, { server: `${HEAD}body` }],
    "client",
    false,
    1,
    "keep-alive-off",
  ],
  [
    "the response said close",
    [{ client: REQUEST }, { server: HEAD.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\nbody") }],
    "server",
    false,
    1,
    "server-said-close",
  ],
  [
    "the response said close, and the client was first",
    [{ client: REQUEST }, { server: HEAD.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\nbody") }],
    "client",
    false,
    1,
    "server-said-close",
  ],
  [
    "the response was HTTP/1.0",
    [{ client: REQUEST }, { server: `${HEAD.replace("1.1", "1.0")}body` }],
    "server",
    false,
    1,
    "http-1.0",
  ],
  [
    "the body ends with the connection",
    [{ client: REQUEST }, { server: "HTTP/1.1 200 OK\r\n\r\nbody" }],
    "server",
    false,
    1,
    "closed-by-eof-body",
  ],
  ["the server ends an idle one", done, "server", false, 5000, "server-closed-idle"],
  [
    "the server answers 408 to nobody",
    [...done, { after: 5000, server: "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n" }],
    "server",
    false,
    1,
    "server-idle-timeout",
  ],
  [
    "the server ends it without an answer",
    [{ client: REQUEST }],
    "server",
    false,
    1,
    "server-closed-unanswered",
  ],
  [
    "the server ends it in the middle of a body",
    [{ client: REQUEST }, { server: `${HEAD}bo` }],
    "server",
    false,
    1,
    "server-closed-mid-response",
  ],
  [
    "the server resets it in the middle of a body",
    [{ client: REQUEST }, { server: `${HEAD}bo` }],
    "server",
    true,
    1,
    "reset",
  ],
  [
    "it was upgraded",
    [{ client: REQUEST }, { server: "HTTP/1.1 101 Switching Protocols\r\n\r\n" }],
    "client",
    false,
    1,
    "upgraded",
  ],
] as const satisfies readonly (readonly [
  string,
  readonly Step[],
  "client" | "server",
  boolean,
  number,
  string,
])[]) {
  test(`closeVerdict: ${verdict} when ${what}`, () => {
    const { connection, life, now } = live(steps);
    connection.ended(side, reset, now + after);
    assert.equal(life.ending?.verdict, verdict);
    // What the other side does afterwards changes nothing.
    connection.ended(side === "client" ? "server" : "client", true, now + after + 1);
    assert.deepEqual([life.ending?.verdict, life.ending?.side], [verdict, side]);
  });
}

test("ObservedConnection: informational responses, HEAD and pipelined requests are counted right", () => {
  const { connection, life } = live([
    { client: REQUEST.replace("GET", "HEAD") + REQUEST },
    { server: "HTTP/1.1 103 Early Hints\r\n\r\n" },
    { server: HEAD },
  ]);
  assert.deepEqual([life.requests, connection.idle], [2, false]);
  connection.fromServer(Buffer.from(`${HEAD}body`), 9);
  assert.deepEqual([connection.idle, connection.idleSince], [true, 9]);
});
