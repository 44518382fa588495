import type { DialReason } from "../trace/index.js";
import type { ReasonWords } from "./names.js";

/** Why a connection is dialed, in words. A record, so that a reason without words does not compile. */
export const DIAL_REASONS: Readonly<Record<DialReason, ReasonWords>> = {
  "first-use": {
    short: "there was none yet",
    meaning:
      "The first connection to this origin over this route: there was none, and there never had been one.",
    cause: "A first request. Seen often, the transport is new each time.",
    remedy:
      "Nothing. Where it is most of your dials, share one Transport; `transport.preconnect(origin)` makes the connection ahead of need.",
  },
  "all-busy": {
    short: "all others were in use",
    meaning:
      "Every connection of the route was carrying a request or was still being made, so one more was dialed.",
    cause: "More requests at once than connections so far: how a pool grows to the concurrency it serves.",
    remedy:
      "Nothing, if it stops at your concurrency. To queue instead of dialing, set `maxConnectionsPerOrigin`; if bodies are left unread, read or close them, as they hold their connections.",
    saved: "fewer requests at once, or maxConnectionsPerOrigin to queue instead of dialing",
  },
  "previous-not-kept": {
    short: "the previous one could not be kept",
    meaning:
      "A connection that would have been used again had closed for a reason other than idleness or a limit.",
    cause:
      "The server closed it, the request asked for that, the body was not read, or something failed. The record's `previous` names the connection.",
    remedy: "Look at why the previous connection was closed: `trunkline why <recording> c<previous>`.",
    saved: "see why the previous connection was closed: transport.connections()",
  },
  "idle-expired": {
    short: "the previous one was idle for too long",
    meaning:
      "A connection that would have been used again had been closed because it was idle for too long, by this client or by the server.",
    cause: "Requests come further apart than the idle limit.",
    remedy:
      "Where this client closed it (`idle-timeout`), raise `idleTimeout`; where the server did (`server-closed-idle`), raise the server's keep-alive timeout.",
    saved: "a longer idleTimeout, where the server keeps idle connections longer than that",
  },
  evicted: {
    short: "the previous one was closed to keep within a limit",
    meaning:
      "A connection that would have been used again had been closed to keep within a limit on connections.",
    cause:
      "`maxIdleConnections`, `maxIdleConnectionsPerOrigin` or `maxConnections` is smaller than the concurrency, or `closeIdle()` was called.",
    remedy: "Raise the limit to the number of requests at once.",
    saved: "a larger maxIdleConnections or maxIdleConnectionsPerOrigin",
  },
  "aged-out": {
    short: "the previous one had reached its age or number of requests",
    meaning:
      "A connection that would have been used again had reached the most requests or the greatest age that it may have.",
    cause: "`maxConnectionAge`, `maxRequestsPerConnection`, or the server's `Keep-Alive: max`.",
    remedy: "Nothing, if the limit is meant to spread load or to follow DNS; else raise it.",
    saved: "a larger maxConnectionAge or maxRequestsPerConnection",
  },
  "too-long-idle": {
    short: "the idle one was not safe for a request that cannot be sent twice",
    meaning:
      "There was an idle connection, but it had been idle for longer than this server is known to tolerate, and the request cannot be sent twice.",
    cause:
      "A POST or another request that is not idempotent, after a pause: on a connection that the server has just ended it would be lost.",
    remedy:
      "`idempotent: true` on the request where sending it twice does no harm, or a body that can be replayed.",
    saved: "idempotent: true on the request, where sending it twice does no harm",
  },
  retry: {
    short: "the request had met dead connections before",
    meaning:
      "The request had met two dead connections before, or a server that refused it or said that it is not the one for its host (421), so this time it got a new one.",
    cause:
      "Several idle connections ended at once: a server restarted, or a middlebox forgot them. Over HTTP/2, a server that refuses streams or answers 421.",
    remedy:
      "Nothing if rare. If frequent, the server's idle limit is shorter than `idleTimeout`: lower that.",
  },
  preconnect: {
    short: "it was asked for ahead of need",
    meaning: "The connection was asked for ahead of need.",
    cause: "`transport.preconnect()` was called.",
    remedy: "Nothing, unless such connections close unused: then ask for fewer, or later.",
  },
  "keep-alive-off": {
    short: "keep-alive is off",
    meaning: "The transport keeps no connections, so each request gets a new one.",
    cause: "`keepAlive: false`.",
    remedy: "`keepAlive: true`, which is the default.",
    saved: "keepAlive: true",
  },
  "streams-full": {
    short: "all others carried as many streams as the server allows",
    meaning: "Every HTTP/2 connection of the route carried as many requests as the server allows at once.",
    cause:
      "More requests at once than the server's SETTINGS_MAX_CONCURRENT_STREAMS, or than `http2.maxStreams`.",
    remedy: "Nothing, or a larger limit in the server.",
    saved: "fewer requests at once, or a larger limit in the server",
  },
};
