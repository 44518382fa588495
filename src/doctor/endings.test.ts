import assert from "node:assert/strict";
import { Agent, type IncomingMessage } from "node:http";
import { PassThrough, Writable } from "node:stream";
import { test } from "node:test";
import type { CloseReason } from "../trace/index.js";
import { httpEnding, isStalled, isUnread } from "./http-ending.js";
import { isByTimer } from "./sockets.js";
import { Tally } from "./tally.js";
import { undiciEnding } from "./undici-ending.js";
import { Pool, Watched } from "./watched.js";

type Frame = readonly [file: string, name: string];

function sites(frames: readonly Frame[]): readonly NodeJS.CallSite[] {
  return frames.map(
    ([file, name]) =>
      ({
        getFileName: () => file,
        getFunctionName: () => name,
        getMethodName: () => null,
      }) as unknown as NodeJS.CallSite,
  );
}

function connection(parts: {
  active?: number;
  requests?: number;
  request?: unknown;
  response?: unknown;
  socket?: unknown;
}): Watched {
  const watched = new Watched(
    new Pool(new Tally("http://a.test", "node:http", () => {}), undefined),
    "first-use",
    0,
  );
  return Object.assign(watched, { requests: 1, ...parts });
}

const plainAgent = Object.assign(Object.create(Agent.prototype) as Agent, {
  keepAlive: true,
  maxFreeSockets: 1,
  maxSockets: Number.POSITIVE_INFINITY,
  maxTotalSockets: Number.POSITIVE_INFINITY,
  sockets: { a: [undefined] },
  freeSockets: {},
});
const fullAgent = Object.assign(Object.create(Agent.prototype) as Agent, plainAgent, {
  freeSockets: { a: ["another"] },
});
const keepAlive = {
  agent: plainAgent,
  shouldKeepAlive: true,
  method: "GET",
  getHeader: () => undefined,
};
const whole = {
  complete: true,
  readableEnded: true,
  readableDidRead: true,
  httpVersion: "1.1",
  statusCode: 200,
  headers: { "content-length": "2" },
};
const partial = {
  complete: false,
  readableEnded: false,
  readableDidRead: true,
  readableFlowing: true,
  headers: {},
};
const untouched = { ...partial, readableFlowing: null, readableDidRead: false, destroyed: false };
const AGENT = "node:_http_agent";
const guard: Frame[] = [[AGENT, "freeSocketOnReadGuard"]];
const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
const abort = Object.assign(new Error("aborted"), { code: "ABORT_ERR", name: "AbortError" });

test("httpEnding: names the reason from who destroys the socket and what was seen before", () => {
  const rows: [
    string,
    CloseReason,
    Parameters<typeof connection>[0],
    { error?: unknown; frames?: readonly Frame[]; read?: number },
  ][] = [
    ["a guard that read the end", "server-closed-idle", {}, { frames: guard, read: -4095 }],
    ["a guard that read a reset", "reset", {}, { frames: guard, read: -104 }],
    ["a guard that read bytes", "unsolicited-data", {}, { frames: guard, read: 12 }],
    ["the agent's timer", "idle-timeout", {}, { frames: [[AGENT, "onTimeout"]] }],
    [
      "agent.destroy()",
      "transport-closed",
      {},
      {
        frames: [
          [AGENT, "destroy"],
          ["/app.js", "main"],
        ],
      },
    ],
    [
      "a full agent",
      "max-idle-per-origin",
      { request: { ...keepAlive, agent: fullAgent }, response: whole },
      { frames: [[AGENT, ""]] },
    ],
    [
      "an agent that is not full and drops one all the same",
      "server-closed-idle",
      { request: keepAlive, response: whole },
      { frames: [[AGENT, ""]] },
    ],
    [
      "an agent that finds bytes or an end before it uses one again",
      "server-closed-idle",
      { request: keepAlive, response: whole },
      {
        frames: [
          [AGENT, "addRequest"],
          ["/app.js", "main"],
        ],
      },
    ],
    ["a package's own idle timer", "idle-timeout", {}, { frames: [["node:net", "_onTimeout"]] }],
    [
      "a package's own time limit",
      "timeout",
      { active: 1, request: keepAlive },
      {
        frames: [
          ["node:_http_client", "destroy"],
          ["/node_modules/axios/index.js", "abort"],
          ["node:internal/timers", "listOnTimeout"],
        ],
      },
    ],
    [
      "a head that the parser refuses",
      "protocol-error",
      { active: 1, request: keepAlive },
      { frames: [["node:_http_client", "socketOnData"]] },
    ],
    [
      "an upload that is answered early",
      "upload-unfinished",
      {
        active: 1,
        request: { ...keepAlive, method: "POST", writableFinished: false },
        response: { ...whole, statusCode: 413 },
      },
      { error: reset },
    ],
    [
      "an agent without keep-alive",
      "keep-alive-off",
      { request: { ...keepAlive, agent: { keepAlive: false } }, response: whole },
      { frames: [[AGENT, ""]] },
    ],
    [
      "a hint of no time",
      "idle-timeout",
      { request: keepAlive, response: { ...whole, headers: { "keep-alive": "timeout=1" } } },
      { frames: [[AGENT, ""]] },
    ],
    ["an idle reset", "reset", {}, { error: reset }],
    ["an idle end without a guard", "server-closed-idle", { socket: { readableEnded: true } }, {}],
    [
      "a caller that destroys an idle socket",
      "idle-closed-by-caller",
      { socket: {} },
      { frames: [["/app.js", "main"]] },
    ],
    ["a reset before any answer", "reset", { active: 1, request: keepAlive }, { error: reset }],
    [
      "an end before any answer",
      "server-closed-unanswered",
      { active: 1, request: keepAlive },
      { frames: [["node:net", "onReadableStreamEnd"]] },
    ],
    ["an abort before any answer", "aborted", { active: 1, request: keepAlive }, { error: abort }],
    [
      "a time limit before any answer",
      "timeout",
      { active: 1, request: keepAlive },
      { error: Object.assign(new Error("x", { cause: { name: "TimeoutError" } }), abort) },
    ],
    [
      "a socket's timeout",
      "timeout",
      { active: 1, request: keepAlive },
      { frames: [["node:net", "_onTimeout"]] },
    ],
    [
      "a response that is none",
      "protocol-error",
      { active: 1, request: keepAlive },
      { error: { code: "HPE_INVALID_CONSTANT" } },
    ],
    [
      "Connection: close of the server",
      "server-said-close",
      { active: 1, request: keepAlive, response: { ...whole, headers: { connection: "close" } } },
      {},
    ],
    [
      "Connection: close of the request",
      "request-said-close",
      { active: 1, request: { ...keepAlive, getHeader: () => "close" }, response: whole },
      {},
    ],
    [
      "HTTP/1.0",
      "http-1.0",
      { active: 1, request: keepAlive, response: { ...whole, httpVersion: "1.0" } },
      {},
    ],
    [
      "a body without a length",
      "closed-by-eof-body",
      { active: 1, request: keepAlive, response: { ...whole, headers: {} } },
      {},
    ],
    ["an unread body", "body-unread", { active: 1, request: keepAlive, response: untouched }, {}],
    [
      "a body given up",
      "body-abandoned",
      { active: 1, request: keepAlive, response: partial },
      { frames: [["node:_http_incoming", "_destroy"]] },
    ],
    ["a body aborted", "aborted", { active: 1, request: keepAlive, response: partial }, { error: abort }],
    [
      "a body cut off",
      "server-closed-mid-response",
      { active: 1, request: keepAlive, response: partial },
      { error: reset },
    ],
    [
      "an upgrade",
      "upgraded",
      { active: 1, request: { ...keepAlive, upgradeOrConnect: true }, response: whole },
      {},
    ],
  ];
  for (const [name, expected, parts, { error, frames = [], read = 0 }] of rows)
    assert.equal(httpEnding(connection(parts), error, sites(frames), read), expected, name);
});

test("undiciEnding: names the reason from undici's errors and the last exchange", () => {
  const request = { method: "GET", reset: null };
  const answer = (...headers: string[]): { statusCode: number; headers: Buffer[] } => ({
    statusCode: 200,
    headers: headers.map((part) => Buffer.from(part)),
  });
  const reading = { [Symbol("parser")]: { paused: false } };
  const paused = { [Symbol("parser")]: { paused: true } };
  const info = (message: string): Error => Object.assign(new Error(message), { code: "UND_ERR_INFO" });
  const other = Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" });
  const rows: [string, CloseReason, Parameters<typeof connection>[0], unknown, Frame[]?][] = [
    ["its idle timer", "idle-timeout", { request, response: answer() }, info("socket idle timeout")],
    ["an idle end", "server-closed-idle", { request, response: answer() }, other],
    ["an end before any answer", "server-closed-unanswered", { active: 1, request }, other],
    [
      "an end in a body",
      "server-closed-mid-response",
      { active: 1, request, response: answer(), socket: reading },
      other,
    ],
    [
      "an end while nobody reads",
      "body-unread",
      { active: 1, request, response: answer(), socket: paused },
      other,
    ],
    [
      "Connection: close of the server",
      "server-said-close",
      { request, response: answer("Connection", "close") },
      info("reset"),
    ],
    [
      "HEAD",
      "request-said-close",
      { request: { ...request, method: "HEAD" }, response: answer() },
      info("reset"),
    ],
    ["HTTP/1.0", "http-1.0", { request, response: answer("content-length", "2") }, info("reset")],
    ["a body without a length", "closed-by-eof-body", { request, response: answer() }, info("reset")],
    [
      "pipelining: 0",
      "keep-alive-off",
      { request, response: answer(), socket: { [Symbol("client")]: { [Symbol("pipelining")]: 0 } } },
      info("reset"),
    ],
    ["close()", "transport-closed", { request, response: answer() }, { code: "UND_ERR_DESTROYED" }],
    ["a limit on the headers", "timeout", { active: 1, request }, { code: "UND_ERR_HEADERS_TIMEOUT" }],
    ["a reset while idle", "reset", { request }, reset],
    ["a response that is none", "protocol-error", { active: 1, request }, { code: "HPE_INVALID_VERSION" }],
    [
      "bytes nobody asked for",
      "unsolicited-data",
      { request, response: answer() },
      { code: "UND_ERR_SOCKET", message: "bad response" },
    ],
    ["an abort before any answer", "aborted", { active: 1, request }, info("aborted")],
    [
      "a cancelled body",
      "body-abandoned",
      { active: 1, request, response: answer(), socket: paused },
      info("aborted"),
      [["/app.js", "main"]],
    ],
    [
      "a body the garbage collector found",
      "body-unread",
      { active: 1, request, response: answer(), socket: paused },
      info("aborted"),
    ],
    [
      "an upgrade",
      "upgraded",
      { active: 1, request: { ...request, upgrade: "websocket" }, response: answer() },
      undefined,
    ],
  ];
  for (const [name, expected, parts, error, frames = []] of rows)
    assert.equal(undiciEnding(connection(parts), error, sites(frames)), expected, name);
});

test("isUnread: a response that a library has piped on is read where somebody reads the last stream", () => {
  const piped = () => {
    const response = new PassThrough() as PassThrough & IncomingMessage;
    const copy = new PassThrough();
    const last = response.pipe(copy).pipe(new PassThrough());
    return { response, last };
  };
  const unread = piped();
  assert.equal(isUnread(unread.response), true);
  const dropped = piped();
  dropped.last.resume();
  assert.equal(isUnread(dropped.response), false);
  const written = piped();
  written.last.pipe(new Writable());
  assert.equal(isUnread(written.response), false);
});

test("isStalled: a response that waits for a file to take it does not stand still", () => {
  const full = (sink: Writable): PassThrough & IncomingMessage => {
    const response = new PassThrough({ highWaterMark: 1 }) as PassThrough & IncomingMessage;
    response.pipe(sink);
    response.write("ab");
    response.pause();
    response.write("cd");
    return response;
  };
  assert.equal(isStalled(full(new PassThrough({ highWaterMark: 1 })), 4), true);
  assert.equal(isStalled(full(new PassThrough({ highWaterMark: 1 })), 1e6), false);
  const busy = new Writable({ highWaterMark: 1, write: () => {} });
  assert.equal(isStalled(full(busy), 4), false);
});

test("isByTimer: only what a timer calls itself, not what goes on after a pause", () => {
  const timer: Frame = ["node:internal/timers", "listOnTimeout"];
  const later: Frame = ["node:internal/process/task_queues", "processTicksAndRejections"];
  assert.equal(isByTimer(sites([["/app.js", "abort"], timer])), true);
  assert.equal(isByTimer(sites([["/app.js", "abort"], later, timer])), false);
  assert.equal(isByTimer(sites([["/app.js", "abort"]])), false);
});
