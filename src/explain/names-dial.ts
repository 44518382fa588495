import type { DialReason } from "../trace/index.js";
import type { ReasonWords } from "./explanation.js";

/** Why a connection is dialed, in words. A record, so that a reason without words does not compile. */
export const DIAL_REASONS: Readonly<Record<DialReason, ReasonWords>> = {
  "first-use": {
    short: "there was none yet",
    meaning: "This was the first connection to this origin over this route.",
    cause: "A first request. If this is frequent, the transport is new each time.",
    remedy:
      "Nothing. If most of your dials are like this, share one Transport; `transport.preconnect(origin)` opens the connection in advance.",
  },
  "all-busy": {
    short: "all others were in use",
    meaning: "Every connection of the route was in use or still being made, so one more was dialed.",
    cause:
      "More concurrent requests than connections so far: this is how a pool grows to the concurrency it serves.",
    remedy:
      "Nothing, if it stops at your concurrency. To queue instead of dialing, set `maxConnectionsPerOrigin`; if bodies are left unread, read or close them, because they hold their connections.",
    saved: "fewer requests at once, or maxConnectionsPerOrigin to queue instead of dialing",
  },
  "previous-not-kept": {
    short: "the previous one could not be kept",
    meaning:
      "A connection that could have been reused had closed for a reason other than idleness or a limit.",
    cause:
      "The server closed it, the request asked to close it, the body was not read, or something failed. The record's `previous` names that connection.",
    remedy: "Find out why the previous connection was closed: `trunkline why <recording> c<previous>`.",
    saved: "keeping the previous connection open (transport.connections() says why it closed)",
  },
  "idle-expired": {
    short: "the previous one was idle for too long",
    meaning:
      "A connection that could have been reused had been idle too long and was closed, by this client or by the server.",
    cause: "Requests come further apart than the idle limit.",
    remedy:
      "If this client closed it (`idle-timeout`), raise `idleTimeout`; if the server did (`server-closed-idle`), raise the server's keep-alive timeout.",
    saved: "a longer idleTimeout, if the server keeps idle connections longer than that",
  },
  evicted: {
    short: "the previous one was closed to stay within a limit",
    meaning:
      "A connection that could have been reused had been closed to stay within a limit on connections.",
    cause:
      "`maxIdleConnections`, `maxIdleConnectionsPerOrigin` or `maxConnections` is smaller than the concurrency, or `closeIdle()` was called.",
    remedy: "Raise the limit to the number of concurrent requests.",
    saved: "a larger maxIdleConnections or maxIdleConnectionsPerOrigin",
  },
  "aged-out": {
    short: "the previous one had reached its maximum age or number of requests",
    meaning: "A connection that could have been reused had reached its maximum age or number of requests.",
    cause: "`maxConnectionAge`, `maxRequestsPerConnection`, or the server's `Keep-Alive: max`.",
    remedy: "Nothing, if the limit is meant to spread load or to follow DNS; otherwise raise it.",
    saved: "a larger maxConnectionAge or maxRequestsPerConnection",
  },
  "too-long-idle": {
    short: "the idle one was not safe for a request that cannot be sent twice",
    meaning:
      "There was an idle connection, but it had been idle longer than this server is known to tolerate, and the request cannot be sent twice.",
    cause:
      "A POST or another non-idempotent request after a pause: on a connection that the server had just closed, it would be lost.",
    remedy:
      "Set `idempotent: true` on the request if sending it twice is safe, or use a body that can be replayed.",
    saved: "idempotent: true on the request, if sending it twice is safe",
  },
  retry: {
    short: "the request had failed or been turned away on another one",
    meaning:
      "The request had met dead connections before, or a server that refused it or answered 421 (Misdirected Request), so this time it got a new connection.",
    cause:
      "Several idle connections closed at once: a server restarted, or a middlebox dropped them. Over HTTP/2, a server that refuses streams or answers 421.",
    remedy:
      "Nothing if rare. If frequent, the server's idle limit is shorter than `idleTimeout`: lower `idleTimeout`.",
  },
  preconnect: {
    short: "it was requested in advance",
    meaning: "The connection was requested in advance.",
    cause: "`transport.preconnect()` was called.",
    remedy: "Nothing, unless such connections close unused: then preconnect fewer, or later.",
  },
  "keep-alive-off": {
    short: "keep-alive is off",
    meaning: "The transport does not keep connections, so each request gets a new one.",
    cause: "`keepAlive: false`.",
    remedy: "Set `keepAlive: true`, the default.",
    saved: "keepAlive: true",
  },
  "streams-full": {
    short: "all others had reached their stream limit",
    meaning: "Every HTTP/2 connection of the route carried as many requests as the server allows at once.",
    cause:
      "More requests at once than the server's SETTINGS_MAX_CONCURRENT_STREAMS, or than `http2.maxStreams`.",
    remedy: "Nothing, or raise the server's limit.",
    saved: "fewer requests at once, or a larger limit in the server",
  },
};
