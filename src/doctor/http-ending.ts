import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { CloseReason } from "../trace/index.js";
import { codeOf, isTimeout, READ_END } from "./sockets.js";
import { hasFrame, hasUserCode } from "./stack.js";
import type { Watched } from "./watched.js";

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
  if (response === undefined) return unansweredEnding(error, sites);
  if (response.complete && response.readableEnded) return notKept(request, response);
  if (isTimeout(error)) return "timeout";
  if (codeOf(error) === "ABORT_ERR") return "aborted";
  if (isUnread(response)) return "body-unread";
  if (hasFrame(sites, "node:_http_incoming", /destroy/i) || hasFrame(sites, CLIENT, /destroy|abort/i))
    return response.readableDidRead ? "body-abandoned" : "body-unread";
  if (response.complete) return notKept(request, response);
  if (codeOf(error)?.startsWith("HPE_") === true) return "protocol-error";
  if (ECONNRESET.has(codeOf(error) ?? "") || hasEnded(connection)) return "server-closed-mid-response";
  return hasUserCode(sites) ? "aborted" : "server-closed-mid-response";
}

/** Whether nobody has begun to read a response, nor asked for it to be dropped. */
export function isUnread(response: IncomingMessage): boolean {
  return (
    response.readableFlowing === null &&
    !response.readableDidRead &&
    !response.readableEnded &&
    !response.destroyed
  );
}

/** Whether reading a response has begun and stands still, as when a copy of it that nobody reads is full. */
export function isStalled(response: IncomingMessage): boolean {
  return !response.complete && response.readableFlowing === false && response.readableLength > 0;
}

function unansweredEnding(error: unknown, sites: readonly NodeJS.CallSite[]): CloseReason {
  const code = codeOf(error);
  if (isTimeout(error) || hasFrame(sites, "node:net", /_onTimeout/)) return "timeout";
  if (code?.startsWith("HPE_") === true) return "protocol-error";
  if (code === "ECONNRESET" && !hasFrame(sites, CLIENT, /^destroy$/)) return "reset";
  if (code === "EPIPE") return "write-error";
  if (code === "ABORT_ERR" || hasUserCode(sites) || hasFrame(sites, CLIENT, /destroy|abort/i))
    return "aborted";
  return "server-closed-unanswered";
}

function idleEnding(
  connection: Watched,
  error: unknown,
  sites: readonly NodeJS.CallSite[],
  read: number,
): CloseReason {
  const request = connection.request as ClientRequest | undefined;
  const response = connection.response as IncomingMessage | undefined;
  if (codeOf(error) === "ECONNRESET") return "reset";
  if (hasFrame(sites, AGENT, /Guard/))
    return read > 0 ? "unsolicited-data" : read < 0 && read !== READ_END ? "reset" : "server-closed-idle";
  if (hasFrame(sites, AGENT, /timeout/i)) return "idle-timeout";
  if (hasFrame(sites, AGENT, /^destroy$/)) return "transport-closed";
  if (sites.some((site) => site.getFileName() === AGENT)) return notTakenBack(request, response);
  if (hasEnded(connection)) return "server-closed-idle";
  return "idle-closed-by-caller";
}

/** The agent was offered the connection after an exchange and did not keep it. */
function notTakenBack(
  request: ClientRequest | undefined,
  response: IncomingMessage | undefined,
): CloseReason {
  const agent = agentOf(request);
  if (agent === undefined || !keepsAlive(agent) || request?.shouldKeepAlive === false)
    return notKept(request, response);
  // The server's `Keep-Alive: timeout=0`, or less than the agent thinks it takes.
  if (/timeout=[01]\b/.test(String(response?.headers["keep-alive"] ?? ""))) return "server-said-close";
  return agent.maxFreeSockets > 0 || Number.isFinite(agent.maxSockets) ? "max-idle-per-origin" : "max-idle";
}

/** Why a connection is not kept after an exchange that was complete. */
function notKept(request: ClientRequest | undefined, response: IncomingMessage | undefined): CloseReason {
  const agent = agentOf(request);
  if (agent === undefined || !keepsAlive(agent)) return "keep-alive-off";
  if (/\bclose\b/i.test(String(request?.getHeader("connection") ?? ""))) return "request-said-close";
  if (response === undefined) return "server-closed-unanswered";
  const { headers, httpVersion, statusCode } = response;
  const said = String(headers.connection ?? "");
  if (httpVersion === "1.0" && !/keep-alive/i.test(said)) return "http-1.0";
  if (/\bclose\b/i.test(said)) return "server-said-close";
  const bodiless = request?.method === "HEAD" || statusCode === 204 || statusCode === 304;
  if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined)
    // After a HEAD without a length Node closes by itself.
    return bodiless ? "keep-alive-off" : "closed-by-eof-body";
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
