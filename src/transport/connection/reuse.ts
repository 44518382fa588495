import type { Duplex } from "node:stream";
import { BODY_NONE, BODY_UNTIL_CLOSE, type ResponseHeadParser } from "../../http1/index.js";
import type { Member } from "../../pool/index.js";
import { fileSystem } from "../../runtime/index.js";
import type { CloseCause } from "../../trace/index.js";
import type { Exchange, Link } from "../exchange/index.js";
import { CLOSED_BY_EOF_BODY, closedBeforeUse, REQUEST_SAID_CLOSE, unsolicitedBeforeUse } from "./causes.js";
import { descriptorOf, isEncrypted, type Wire } from "./wire.js";

/** Milliseconds after an answer in which the event loop is not thought to have been held up. */
const SAME_TURN_MS = 1;
/** An answer over TLS of more bytes than this may have filled a read of the socket below, which cannot be seen. */
const ONE_TLS_READ_BYTES = 8 * 1024;
/** Enough to tell a 408 from other bytes. */
const found = Buffer.allocUnsafeSlow(16);
const intoFound = [found];
/** The content type of a TLS record that holds an alert: on an idle connection, the end of the session. */
const TLS_ALERT = 0x15;
/** TLS 1.3 seals its alerts as data, of which no other record is so short: two octets, their kind, and a tag of 16. */
const TLS_DATA = 0x17;
const SEALED_ALERT_BYTES = 19;

/**
 * Design rule 11: why a connection that was used before cannot carry this exchange, as far as can be told at once. In
 * the turn of the loop in which an answer came, what the server sent behind it (its end, or bytes that nobody asked
 * for) may be in the kernel still. What can be repeated takes that risk, as long as nothing speaks for it; all else
 * is looked at first, and so is what was idle for longer, since the loop may have been held up all the while.
 */
export function unfitForUse(wire: Wire, exchange: Exchange, idleFor: number): CloseCause | undefined {
  if (exchange.repeatable && idleFor <= SAME_TURN_MS && !wire.mayHoldMore) return undefined;
  return probe(wire.socket, idleFor);
}

/**
 * Looks into the kernel for what the event loop has not seen yet, without waiting: why a connection on which nothing
 * is due cannot be used, `undefined` while the peer keeps it open and silent. 2 to 3 µs. Where the socket has no
 * descriptor (Windows, custom streams) only what Node has read already can be seen.
 *
 * Bytes that are found are consumed, which is of no matter: nothing is due, and the connection is given up.
 */
function probe(socket: Duplex | undefined, idleFor: number): CloseCause | undefined {
  if (socket === undefined || socket.destroyed || hasEnded(socket)) return closedBeforeUse(idleFor);
  if (socket.readableLength > 0) return unsolicitedBeforeUse(found, 0, idleFor);
  const descriptor = descriptorOf(socket);
  if (descriptor < 0) return undefined;
  // The usual outcome is a thrown EAGAIN, whose stack nobody reads. Frozen intrinsics refuse the assignment.
  const { stackTraceLimit } = Error;
  const limited = Reflect.set(Error, "stackTraceLimit", 0);
  try {
    // `readSync` does the same in a sixth more time.
    const bytes = fileSystem.readvSync(descriptor, intoFound);
    if (bytes === 0 || (isEncrypted(socket) && endsSession(bytes))) return closedBeforeUse(idleFor);
    return unsolicitedBeforeUse(found, bytes, idleFor);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    if (code === "EAGAIN" || code === "EWOULDBLOCK") return undefined;
    const evidence = `${code}, found before the next request`;
    return { reason: code === "ECONNRESET" ? "reset" : "server-closed-idle", by: "server", evidence };
  } finally {
    if (limited) Reflect.set(Error, "stackTraceLimit", stackTraceLimit);
  }
}

/** Whether the record that was found is an alert. */
function endsSession(bytes: number): boolean {
  const [type, , , high, low] = found;
  if (type === TLS_ALERT) return true;
  return type === TLS_DATA && bytes >= 5 && high === 0 && low === SEALED_ALERT_BYTES;
}

/** Whether the peer's end has been read, although its event is still to come. */
function hasEnded(socket: Duplex): boolean {
  const state = (socket as { readonly _readableState?: { readonly ended?: boolean } })._readableState;
  return state?.ended === true;
}

/** Whether more than a short read may lie behind the answer, which has just been read to its end. */
export function mayBeFollowed(exchange: Exchange, parser: ResponseHeadParser, tls: boolean): boolean {
  // A server that does not know that these have no body sends it.
  if (exchange.method === "HEAD" || (parser.bodyKind === BODY_NONE && parser.announcesBody)) return true;
  return tls && exchange.bytesRead > ONE_TLS_READ_BYTES;
}

/** What decides, at the end of a response, whether its connection can be used again. */
interface ReuseFacts {
  readonly exchange: Exchange;
  readonly parser: ResponseHeadParser;
  /** Bytes followed the end of the response. */
  readonly extraBytes: boolean;
  /** The request's body was still being sent. */
  readonly uploading: boolean;
  /** The peer has ended its side. */
  readonly sawEnd: boolean;
  readonly keepAlive: boolean;
}

/** Why the connection cannot be used again; `undefined` when it can. A join of both directions, decided here only. */
export function whyNotReusable(facts: ReuseFacts): CloseCause | undefined {
  const { exchange, parser } = facts;
  if (facts.extraBytes) {
    return {
      reason: "unsolicited-data",
      by: "server",
      evidence: `bytes followed the end of the response to ${exchange.method}, status ${parser.status}`,
    };
  }
  if (parser.status === 101) {
    return {
      reason: "upgraded",
      by: "server",
      evidence: "the server switched protocols (101), so the connection no longer speaks HTTP/1.1",
    };
  }
  if (parser.bodyKind === BODY_UNTIL_CLOSE) return CLOSED_BY_EOF_BODY;
  if ((parser.status === 204 || parser.status === 205) && parser.announcesBody) {
    return {
      reason: "protocol-error",
      by: "server",
      evidence: `the response had status ${parser.status}, which allows no body, but announced one`,
    };
  }
  if (facts.uploading) {
    return {
      reason: "upload-unfinished",
      by: "server",
      evidence: `the server answered ${parser.status} after ${exchange.bytesWritten} bytes of the request, before its end`,
    };
  }
  if (exchange.outgoing.close) {
    return facts.keepAlive
      ? REQUEST_SAID_CLOSE
      : { reason: "keep-alive-off", by: "client", evidence: "the transport has keepAlive: false" };
  }
  if (parser.saidClose) {
    return { reason: "server-said-close", by: "server", evidence: "the response had Connection: close" };
  }
  if (!parser.keepAlive) {
    return {
      reason: "http-1.0",
      by: "server",
      evidence: `the server answered with HTTP/1.${parser.minorVersion} and no keep-alive`,
    };
  }
  if (facts.sawEnd) {
    return {
      reason: "server-said-close",
      by: "server",
      evidence: "the server ended the connection with its response",
    };
  }
  return undefined;
}

/** What the server says of how long and for how many requests it keeps the connection. */
export function takeHints(member: Member<Link>, parser: ResponseHeadParser): void {
  if (parser.keepAliveTimeout >= 0) member.serverIdleLimit = withMargin(parser.keepAliveTimeout * 1000);
  if (parser.keepAliveMax >= 0) member.serverRequestsLeft = parser.keepAliveMax;
}

/** The announced limit less what the way and both clocks may take: a second, or half of a shorter limit. */
function withMargin(announced: number): number {
  return announced - Math.min(1000, announced / 2);
}
