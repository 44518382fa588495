import type { Explanation } from "./explanation.js";
import type { FindingKind } from "./report.js";

/** Diagnosed problems, in words. */
export const FINDING_KINDS: Readonly<Record<FindingKind, Explanation & { readonly certainty: string }>> = {
  "client-per-request": {
    meaning:
      "A Transport, Agent, Pool or session is made for each request or so: connections belong to it, so nothing can be reused.",
    cause: "The constructor is called inside the function that makes the request.",
    remedy:
      "Make one where the module starts and share it. A Trunkline `Client` may be made each time: clients without a transport of their own share one.",
    certainty:
      "Sure when many are made at one place with one or two requests each. A program that ends after each request looks the same only when merged from many processes of one creation each, which are not counted.",
  },
  "keep-alive-off": {
    meaning: "The client asks for, or is configured for, one request a connection.",
    cause: "`keepAlive: false`, an agent without `keepAlive`, or a `Connection: close` header.",
    remedy: "Turn keep-alive on and leave the header out.",
    certainty: "Sure: it is what was sent.",
  },
  "body-unread": {
    meaning:
      "Responses are given up with their bodies unread: dropped, or closed when a body is too long to be read on closing. Each holds its connection until then, and costs it.",
    cause: "Code that looks at the status and forgets the body.",
    remedy:
      "Read or close every body, which `await using response` does; where only the status matters of something large, use HEAD.",
    certainty: "Sure for connections closed so. What the garbage collector found depends on when it ran.",
  },
  "body-abandoned": {
    meaning: "Large bodies are cut off part-way; each costs a connection.",
    cause: "`break` out of a stream, `cancel()`, or a size limit.",
    remedy: "Read to the end, ask for a range, or accept the cost.",
    certainty:
      "Sure that it happened; that it is a mistake is a guess: stopping a huge download early is right.",
  },
  "idle-limit-churn": {
    meaning: "Connections are closed by a cap on idle ones and dialed again soon after.",
    cause: "The cap is smaller than the number of requests at once.",
    remedy: "Raise the cap to that number.",
    certainty: "Sure: each was replaced by a dial within a minute.",
  },
  "idle-timeout-race": {
    meaning:
      "The client keeps idle connections longer than the server does: a request may meet a connection that the server is just ending.",
    cause: "The server's keep-alive timeout (often 5 s) is shorter than the client's.",
    remedy: "Set the client's idle timeout below the server's, or raise the server's.",
    certainty:
      "The server's limit is learned from how long idle connections lived; a server that restarted several times can look alike.",
  },
  "idle-timeout-short": {
    meaning: "The client drops idle connections that the next request, soon after, would have used.",
    cause: "The client's idle timeout is shorter than the pause between requests.",
    remedy: "Raise the client's idle timeout, if the server keeps connections as long.",
    certainty:
      "Sure that they were dialed again; whether the server would have kept them is not known until tried.",
  },
  "server-closes-each": {
    meaning: "The server ends the connection with its responses.",
    cause: "Keep-alive is off in the server or in a proxy, or responses have no length.",
    remedy: "Turn keep-alive on there; no setting of the client helps.",
    certainty: "Sure: it is what the responses said.",
  },
  "http-1.0-peer": {
    meaning: "The server answers with HTTP/1.0 and does not offer to keep the connection.",
    cause: "An old server, or a proxy that speaks HTTP/1.0.",
    remedy: "HTTP/1.1 in the server or the proxy.",
    certainty: "Sure: it is what the responses said.",
  },
  "duplicate-module": {
    meaning:
      "A client library is loaded from more than one place in one process: each copy has pools, defaults and global settings of its own.",
    cause: "Two versions in node_modules, or one as a module and one bundled.",
    remedy: "`npm dedupe`, or one version for all.",
    certainty: "Sure that there are copies; whether both make requests to the same origin is in the counts.",
  },
  "route-split": {
    meaning: "One server is addressed in several ways, so its connections are in several pools.",
    cause: "`localhost` here and `127.0.0.1` there, a trailing dot, or options that differ.",
    remedy: "Use one spelling, and one set of options.",
    certainty: "A guess: two spellings may be two servers.",
  },
  "unbounded-burst": {
    meaning: "A burst of requests opened many connections at once, most of which carried little.",
    cause: "`Promise.all` over a long list with no limit on connections.",
    remedy: "`maxConnectionsPerOrigin`, so that requests queue for connections instead.",
    certainty: "Sure about the burst; whether the server minds is not known.",
  },
  queueing: {
    meaning: "Requests waited for a connection because a limit was reached.",
    cause: "A limit on connections that is smaller than the number of requests at once.",
    remedy: "Raise the limit, or make fewer requests at once.",
    certainty: "Sure. It may be meant: a limit that protects a server makes requests wait.",
  },
  "slow-dns": {
    meaning: "Name resolution takes a large part of the time it takes to connect.",
    cause:
      "A slow resolver, search domains that are tried in vain, or a thread pool that is busy: `dns.lookup` uses libuv's four threads.",
    remedy:
      "Keep connections, so that names are looked up less often; the option `dns`, which caches names for their time to live; a name that ends in a dot skips search domains.",
    certainty: "Sure about the time; the cause is a guess.",
  },
  "tls-not-resumed": {
    meaning: "New TLS connections do full handshakes instead of resuming a session.",
    cause:
      "The server gives no session tickets, or several servers behind one name do not share their keys; or the client has no session cache.",
    remedy:
      "Session tickets in the server, with keys shared between its instances; one transport in the client.",
    certainty: "Sure about the handshakes; which side is the cause is a guess.",
  },
  "stale-retries": {
    meaning:
      "Requests met connections that the server had ended while they were idle; they were sent again, or failed.",
    cause: "The server's idle limit, a restart, or a middlebox that forgets idle connections.",
    remedy: "Set the idle timeout below the limit; mark requests that may be repeated as idempotent.",
    certainty: "Sure that it happened.",
  },
  "over-dialing": {
    meaning: "Connections are dialed that nobody uses, or more than there are requests at once.",
    cause: "A client that dials although a connection is about to come free, or too much preconnecting.",
    remedy: "A limit for each origin, a client that binds late, or less preconnecting.",
    certainty: "Sure for connections closed unused; a burst that was cancelled looks alike.",
  },
  "dial-failures": {
    meaning: "Connections could not be made.",
    cause: "A wrong name or port, a server that is down, a firewall, or a certificate.",
    remedy: "The evidence has the error codes: refused means nobody listens, timed out means nobody answers.",
    certainty: "Sure that they failed.",
  },
};
