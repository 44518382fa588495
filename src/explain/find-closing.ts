import { plural } from "../errors/index.js";
import type { OriginView } from "./origin-view.js";
import type { Finding } from "./report.js";
import { code, percent } from "./words.js";

/** Fewer than these may be a single request's wish. */
const REPEATED = 3;
/** A server that closes one response in a hundred limits requests for each connection, which is not a fault. */
const EACH = 0.2;

export function keepAliveOff(one: OriginView): Finding | undefined {
  // An interceptor's own agent keeps nothing, whatever the program's would.
  const off = Math.max(0, one.closed("keep-alive-off") - one.count("passedOn"));
  const said = one.closed("request-said-close");
  const count = off + said;
  if (count < REPEATED) return undefined;
  const { site, lines } = one.sites("keep-alive-off");
  const head = one.count("closedAfterHead");
  if (head >= count / 2) return closedAfterHead(one, count, head, { site, lines });
  return one.finding("keep-alive-off", count, count, {
    title: `The client closes its connection after each request: ${plural(count, "connection")}`,
    evidence: [
      ...(off > 0 ? [`${plural(off, "connection")} closed because keep-alive is off in the client`] : []),
      ...(said > 0
        ? [`${plural(said, "connection")} closed because the request said Connection: close`]
        : []),
      ...lines,
    ],
    remedy: said > off ? one.advice.withoutCloseHeader() : one.advice.keepAliveOn(said > 0),
    doubt: "This may be intended if each request must reach a different server behind a load balancer.",
    ...(site === undefined ? {} : { site }),
  });
}

/** The program asks for nothing of the kind: its client does so by itself. */
function closedAfterHead(
  one: OriginView,
  count: number,
  head: number,
  { site, lines }: { site?: string | undefined; lines: string[] },
): Finding {
  return one.finding("keep-alive-off", count, count, {
    title: `The client closes its connection after each HEAD: ${plural(head, "connection")} for one request each`,
    evidence: [
      `${plural(head, "connection")} closed by the client after a HEAD, because it does not trust servers to send no body`,
      ...lines,
    ],
    remedy:
      one.facts.client === "node:http"
        ? "Have the server send Content-Length in response to HEAD, as it does to GET: without it Node does not keep the connection. Or send GET and read the body"
        : `If the body is small, send GET instead of HEAD and read the body: ${code("await (await fetch(url)).arrayBuffer()")}; or send the HEAD through ${code("node:http")}, which keeps the connection`,
    doubt: "If the body is large, a connection may cost less than the body.",
    ...(site === undefined ? {} : { site }),
  });
}

export function bodyUnread(one: OriginView): Finding | undefined {
  // The body of a redirect is not the user's to read.
  const closed = Math.max(0, one.closed("body-unread") - one.count("redirectBodies"));
  const leaked = one.count("leakedBodies");
  const count = Math.max(closed, leaked);
  if (count < 2) return undefined;
  const { site, lines } = one.sites("body-unread");
  if (one.sharesConnections) return unreadStreams(one, count, { site, lines });
  return one.finding("body-unread", count, count, {
    title: `${plural(count, "response")} ${count === 1 ? "was" : "were"} abandoned with the body unread, which ties up connections and costs new ones`,
    evidence: [
      ...(closed > 0 ? [`${plural(closed, "connection")} closed with an unread body`] : []),
      ...(leaked > 0 ? [`${plural(leaked, "response")} dropped unread, or still holding a connection`] : []),
      ...lines,
    ],
    remedy: one.advice.readBodies(),
    doubt: "The number found depends on when the garbage collector runs; there may be more.",
    ...(site === undefined ? {} : { site }),
  });
}

/** Over HTTP/2 it costs no connection, but the room on one. */
function unreadStreams(
  one: OriginView,
  count: number,
  { site, lines }: { site?: string | undefined; lines: string[] },
): Finding {
  return one.finding("body-unread", count, 0, {
    severity: count >= 10 ? "medium" : "low",
    title: `${plural(count, "response")} dropped with the body unread: each holds a stream of its HTTP/2 connection until the garbage collector finds it`,
    evidence: [
      `${plural(count, "response")} dropped unread, or holding a stream now`,
      ...(one.facts.least.streamLimit === undefined
        ? []
        : [`a connection may carry ${one.facts.least.streamLimit} at once`]),
      ...lines,
    ],
    remedy: one.advice.readBodies(),
    doubt: "The number found depends on when the garbage collector runs; there may be more.",
    ...(site === undefined ? {} : { site }),
  });
}

export function bodyAbandoned(one: OriginView): Finding | undefined {
  const count = one.closed("body-abandoned");
  if (count < 2) return undefined;
  const { site, lines } = one.sites("body-abandoned");
  return one.finding("body-abandoned", count, count, {
    title: `${plural(count, "body", "bodies")} abandoned part-way: each cost its connection`,
    evidence: [
      `${plural(count, "connection")} closed in the middle of a body (${percent(count / Math.max(1, one.requests))} of the requests)`,
      ...lines,
    ],
    remedy: one.advice.readWhole(),
    doubt: "This may be right: not reading the rest of a huge body can be cheaper than a new connection.",
    ...(site === undefined ? {} : { site }),
  });
}

export function serverClosesEach(one: OriginView): Finding | undefined {
  const said = one.closed("server-said-close");
  const ended = one.closed("closed-by-eof-body");
  const count = said + ended;
  if (count < REPEATED || count < EACH * one.requests) return undefined;
  return one.finding("server-closes-each", count, count, {
    title: `The server closes the connection after its responses: ${count} of ${plural(one.requests, "request")}`,
    evidence: [
      ...(said > 0 ? [`${plural(said, "response")} said Connection: close`] : []),
      ...(ended > 0 ? [`${plural(ended, "response")} had no length and ended with the connection`] : []),
    ],
    remedy:
      ended > said
        ? "Have the server send Content-Length or chunks; no client setting changes this"
        : "Turn on keep-alive in the server or the proxy in front of it: in Node remove `Connection: close` and `server.maxRequestsPerSocket`, in nginx set `keepalive_timeout 65;`; no client setting changes this",
    doubt: "A server that is shutting down does the same.",
  });
}

export function http10Peer(one: OriginView): Finding | undefined {
  const count = one.closed("http-1.0");
  if (count < 2) return undefined;
  return one.finding("http-1.0-peer", count, count, {
    title: `The server answers with HTTP/1.0 and does not keep connections: ${plural(count, "connection")} for one response each`,
    evidence: [`${plural(count, "response")} were HTTP/1.0 without Connection: keep-alive`],
    remedy: "Use HTTP/1.1 in the server or the proxy in front of it; for nginx: `proxy_http_version 1.1;`",
  });
}
