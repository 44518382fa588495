import { Agent, type ClientRequest, type IncomingMessage } from "node:http";
import { Agent as SecureAgent } from "node:https";
import type { Socket } from "node:net";
import { type Readable, Transform } from "node:stream";
import { codeOrName } from "../errors/index.js";
import type { CloseReason } from "../trace/index.js";
import { isByTimer, isTimeLimit, isTimeout, READ_END } from "./sockets.js";
import { fileOf, hasFrame, hasUserCode, packageNameOf } from "./stack.js";
import { BUFFERED, type Watched } from "./watched.js";

const AGENT = "node:_http_agent";
const CLIENT = "node:_http_client";
const ECONNRESET = new Set(["ECONNRESET", "EPIPE"]);

/** Why a connection of `node:http` closes, from the stack that destroys it and what was seen of it before. */
export function httpEnding(
  connection: Watched,
  error: unknown,
  sites: readonly NodeJS.CallSite[],
  read: number,
): CloseReason {
  if (connection.active === 0) return idleEnding(connection, error, sites, read);
  const request = connection.request as ClientRequest | undefined;
  const response = connection.response as IncomingMessage | undefined;
  if ((request as { upgradeOrConnect?: boolean } | undefined)?.upgradeOrConnect === true) return "upgraded";
  if (response === undefined) return unansweredEnding(connection, error, sites);
  if (isUploading(request)) return "upload-unfinished";
  if (response.complete && response.readableEnded) return notKept(connection, request, response);
  if (isTimeout(error) || (isByTimer(sites) && !response.complete)) return "timeout";
  if (codeOrName(error) === "ABORT_ERR") return "aborted";
  const givenUp =
    hasFrame(sites, "node:_http_incoming", /destroy/i) || hasFrame(sites, CLIENT, /destroy|abort/i);
  if (isUnread(response) || (givenUp && !response.readableDidRead)) {
    if (isRedirect(response) && sites.some(isOfRedirects)) connection.pool.tally.count("redirectBodies");
    return "body-unread";
  }
  if (givenUp) return "body-abandoned";
  if (response.complete) return notKept(connection, request, response);
  if (codeOrName(error)?.startsWith("HPE_") === true) return "protocol-error";
  if (ECONNRESET.has(codeOrName(error) ?? "") || hasEnded(connection)) return "server-closed-mid-response";
  return hasUserCode(sites) ? "aborted" : "server-closed-mid-response";
}

/** As deep as libraries pipe a response through streams of their own: a copy, a limit, a decoder. */
const DEEPEST = 8;

/** Whether nobody has begun to read a response, nor asked for it to be dropped. */
export function isUnread(response: IncomingMessage): boolean {
  return isHeld(response, DEEPEST);
}

/** Whether nobody reads a stream: neither it nor, where a library has piped it on, what it was piped into. */
function isHeld(stream: Readable, depth: number): boolean {
  if (stream.readableEnded || stream.destroyed) return false;
  const next = pipesOf(stream);
  if (next.length === 0) return stream.readableFlowing === null && !stream.readableDidRead;
  // What only passes on waits for its own reader; anything else takes what it is given, and that is reading.
  return depth > 0 && next.every((one) => one instanceof Transform && isHeld(one, depth - 1));
}

/**
 * Whether reading a response, of which so many bytes have come, has begun and stands still, as when a copy of it that
 * nobody reads is full.
 */
export function isStalled(response: IncomingMessage, bytes: number): boolean {
  if (response.complete || response.readableFlowing !== false || response.readableLength === 0) return false;
  const streams = streamsBehind(response, DEEPEST);
  return streams !== undefined && bytes <= BUFFERED * (1 + streams);
}

/** The streams that a response is piped through; nothing where it ends in one that takes it, a file for instance. */
function streamsBehind(stream: Readable, depth: number): number | undefined {
  let most = 0;
  for (const one of pipesOf(stream)) {
    const behind = one instanceof Transform && depth > 0 ? streamsBehind(one, depth - 1) : undefined;
    if (behind === undefined) return undefined;
    most = Math.max(most, 1 + behind);
  }
  return most;
}

function pipesOf(stream: Readable): readonly unknown[] {
  const { pipes } = (stream as { _readableState?: { pipes?: unknown } })._readableState ?? {};
  return Array.isArray(pipes) ? pipes : [];
}

function unansweredEnding(
  connection: Watched,
  error: unknown,
  sites: readonly NodeJS.CallSite[],
): CloseReason {
  const code = codeOrName(error);
  if (isTimeout(error) || hasFrame(sites, "node:net", /_onTimeout/)) return "timeout";
  // The parser's error comes after, with the request's.
  if (code?.startsWith("HPE_") === true || hasFrame(sites, CLIENT, /^socketOnData$/)) return "protocol-error";
  if (hasFrame(sites, AGENT, /^destroy$/)) return "transport-closed";
  if ((code === "ECONNRESET" || code === "EPIPE") && isUploading(connection.request as ClientRequest))
    return "upload-unfinished";
  const byRequest = hasFrame(sites, CLIENT, /^(?:destroy|abort|_destroy)$/);
  if (code === "ECONNRESET" && !byRequest) return "reset";
  if (code === "EPIPE") return "write-error";
  if (hasEnded(connection) && !hasUserCode(sites)) return "server-closed-unanswered";
  if (isByTimer(sites) || isTimeLimit(error)) return "timeout";
  if (code === "ABORT_ERR" || byRequest || hasUserCode(sites)) return "aborted";
  return "server-closed-unanswered";
}

function isRedirect({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 300 && statusCode < 400;
}

/** Packages that follow redirects drop their bodies: no user's code can read them. */
function isOfRedirects(site: NodeJS.CallSite): boolean {
  const file = fileOf(site);
  return file !== undefined && packageNameOf(file) !== undefined;
}

/** Whether the answer came while the request's body was still being sent. */
function isUploading(request: ClientRequest | undefined): boolean {
  if (request === undefined || request.writableFinished !== false) return false;
  return request.method !== "GET" && request.method !== "HEAD";
}

function idleEnding(
  connection: Watched,
  error: unknown,
  sites: readonly NodeJS.CallSite[],
  read: number,
): CloseReason {
  const request = connection.request as ClientRequest | undefined;
  const response = connection.response as IncomingMessage | undefined;
  if (codeOrName(error) === "ECONNRESET") return "reset";
  if (hasFrame(sites, AGENT, /Guard/))
    return read > 0 ? "unsolicited-data" : read < 0 && read !== READ_END ? "reset" : "server-closed-idle";
  // Newer versions look at an idle socket before they use it again, and find that the server has ended it.
  if (hasFrame(sites, AGENT, /addRequest$/)) return "server-closed-idle";
  if (hasFrame(sites, AGENT, /timeout/i) || hasFrame(sites, "node:net", /_onTimeout/)) return "idle-timeout";
  if (hasFrame(sites, AGENT, /^destroy$/)) return "transport-closed";
  if (sites.some((site) => site.getFileName() === AGENT)) return notTakenBack(connection, request, response);
  if (hasEnded(connection)) return "server-closed-idle";
  // A package that ends idle connections after a while does it from a timer; the user's own code is the user's wish.
  if (isByTimer(sites) && !hasUserCode(sites)) return "idle-timeout";
  return "idle-closed-by-caller";
}

/** The agent was offered the connection after an exchange and did not keep it. */
function notTakenBack(
  connection: Watched,
  request: ClientRequest | undefined,
  response: IncomingMessage | undefined,
): CloseReason {
  const agent = agentOf(request);
  if (agent === undefined || !keepsAlive(agent) || request?.shouldKeepAlive === false)
    return notKept(connection, request, response);
  const cap = capReached(agent, connection.socket);
  if (cap === "max-idle-per-origin") connection.pool.tally.least("idleCapReached", agent.maxFreeSockets);
  if (cap !== undefined) return cap;
  const announced = /^timeout=(\d+)/.exec(String(response?.headers["keep-alive"] ?? ""))?.[1];
  const { agentKeepAliveTimeoutBuffer: buffer = 1000 } = agent as { agentKeepAliveTimeoutBuffer?: number };
  if (announced !== undefined && Number(announced) * 1000 <= buffer) {
    connection.pool.tally.count("announcedTooShort");
    return "idle-timeout";
  }
  // What is left: an agent of another kind has had enough of it, or the server ended it just now.
  return Object.getPrototypeOf(agent) === Agent.prototype ||
    Object.getPrototypeOf(agent) === SecureAgent.prototype
    ? "server-closed-idle"
    : "max-age";
}

/** The cap on idle or on all connections that keeps an agent from taking one back. */
function capReached(agent: Agent, socket: unknown): CloseReason | undefined {
  const lists = (agent.sockets ?? {}) as Record<string, readonly unknown[] | undefined>;
  const name = Object.keys(lists).find((one) => lists[one]?.includes(socket) === true);
  const free = name === undefined ? 0 : (agent.freeSockets[name]?.length ?? 0);
  const all = free + (name === undefined ? 0 : (lists[name]?.length ?? 0));
  if (free >= agent.maxFreeSockets) return "max-idle-per-origin";
  const { totalSocketCount = 0 } = agent as { totalSocketCount?: number };
  return all > agent.maxSockets || totalSocketCount > agent.maxTotalSockets ? "max-idle" : undefined;
}

/** Why a connection is not kept after an exchange that was complete. */
function notKept(
  connection: Watched,
  request: ClientRequest | undefined,
  response: IncomingMessage | undefined,
): CloseReason {
  const agent = agentOf(request);
  if (agent === undefined || !keepsAlive(agent)) return "keep-alive-off";
  if (/\bclose\b/i.test(String(request?.getHeader("connection") ?? ""))) return "request-said-close";
  if (response === undefined) return "server-closed-unanswered";
  const { headers, httpVersion, statusCode } = response;
  const said = String(headers.connection ?? "");
  if (httpVersion === "1.0" && !/keep-alive/i.test(said)) return "http-1.0";
  if (/\bclose\b/i.test(said)) return "server-said-close";
  const bodiless = request?.method === "HEAD" || statusCode === 204 || statusCode === 304;
  if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined) {
    // After a HEAD without a length Node closes by itself.
    if (request?.method === "HEAD") connection.pool.tally.count("closedAfterHead");
    return bodiless ? "keep-alive-off" : "closed-by-eof-body";
  }
  return "server-said-close";
}

function agentOf(request: ClientRequest | undefined): Agent | undefined {
  const agent = (request as { agent?: unknown } | undefined)?.agent;
  return typeof agent === "object" && agent !== null ? (agent as Agent) : undefined;
}

function keepsAlive(agent: Agent): boolean {
  return (agent as { keepAlive?: unknown }).keepAlive === true;
}

function hasEnded(connection: Watched): boolean {
  const socket = connection.socket as (Socket & { _readableState?: { ended?: boolean } }) | undefined;
  return socket !== undefined && (socket.readableEnded || socket._readableState?.ended === true);
}
