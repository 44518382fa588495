import type { Case } from "./case.js";
import { keepAliveOn, readBodies, readWhole } from "./remedies.js";
import type { Finding } from "./report.js";
import { percent, plural } from "./words.js";

/** Fewer than these may be a single request's wish. */
const REPEATED = 3;
/** A server that closes one response in a hundred limits requests for each connection, which is no fault. */
const EACH = 0.2;

export function keepAliveOff(one: Case): Finding | undefined {
  const off = one.closed("keep-alive-off");
  const said = one.closed("request-said-close");
  const count = off + said;
  if (count < REPEATED) return undefined;
  const { site, lines } = one.sites("keep-alive-off");
  return one.finding("keep-alive-off", count, count, {
    title: `The client uses a connection for one request: ${plural(count, "connection")} closed by its own wish`,
    evidence: [
      ...(off > 0 ? [`${plural(off, "connection")} closed as keep-alive is off in the client`] : []),
      ...(said > 0 ? [`${plural(said, "connection")} closed as the request said Connection: close`] : []),
      ...lines,
    ],
    remedy: keepAliveOn(one.facts.client),
    doubt: "It may be meant, where each request must reach another server behind a load balancer.",
    ...(site === undefined ? {} : { site }),
  });
}

export function bodyUnread(one: Case): Finding | undefined {
  const closed = one.closed("body-unread");
  const leaked = one.count("leakedBodies");
  const count = Math.max(closed, leaked);
  if (count < 2) return undefined;
  const { site, lines } = one.sites("body-unread");
  return one.finding("body-unread", count, count, {
    title: `${plural(count, "response")} ${count === 1 ? "was" : "were"} given up with the body unread, which pins and costs connections`,
    evidence: [
      ...(closed > 0 ? [`${plural(closed, "connection")} closed with an unread body`] : []),
      ...(leaked > 0 ? [`${plural(leaked, "response")} dropped unread, or holding a connection now`] : []),
      ...lines,
    ],
    remedy: readBodies(one.facts.client),
    doubt: "How many are found depends on when the garbage collector runs; there may be more.",
    ...(site === undefined ? {} : { site }),
  });
}

export function bodyAbandoned(one: Case): Finding | undefined {
  const count = one.closed("body-abandoned");
  if (count < 2) return undefined;
  const { site, lines } = one.sites("body-abandoned");
  return one.finding("body-abandoned", count, count, {
    title: `${plural(count, "large body", "large bodies")} given up part-way: each cost its connection`,
    evidence: [
      `${plural(count, "connection")} closed in the middle of a body (${percent(count / Math.max(1, one.requests))} of the requests)`,
      ...lines,
    ],
    remedy: readWhole(one.facts.client),
    doubt: "It may be right: not reading the rest of a huge body can be cheaper than a new connection.",
    ...(site === undefined ? {} : { site }),
  });
}

export function serverClosesEach(one: Case): Finding | undefined {
  const said = one.closed("server-said-close");
  const ended = one.closed("closed-by-eof-body");
  const count = said + ended;
  if (count < REPEATED || count < EACH * one.requests) return undefined;
  return one.finding("server-closes-each", count, count, {
    title: `The server ends the connection with its responses: ${count} of ${plural(one.requests, "request")}`,
    evidence: [
      ...(said > 0 ? [`${plural(said, "response")} said Connection: close`] : []),
      ...(ended > 0 ? [`${plural(ended, "response")} had no length and ended with the connection`] : []),
    ],
    remedy:
      "Turn keep-alive on in the server or in the proxy before it, and let it send Content-Length or chunks; no setting of the client changes it",
    doubt: "A server that is shutting down says so too.",
  });
}

export function http10Peer(one: Case): Finding | undefined {
  const count = one.closed("http-1.0");
  if (count < 2) return undefined;
  return one.finding("http-1.0-peer", count, count, {
    title: `The server answers with HTTP/1.0 and keeps no connection: ${plural(count, "connection")} for one response each`,
    evidence: [`${plural(count, "response")} were HTTP/1.0 without Connection: keep-alive`],
    remedy: "Speak HTTP/1.1 in the server or the proxy before it; for nginx: `proxy_http_version 1.1;`",
  });
}
