import type { Explanation } from "./explanation.js";
import type { FindingKind } from "./report.js";

/** Diagnosed problems, in words. */
export const FINDING_KINDS: Readonly<Record<FindingKind, Explanation & { readonly certainty: string }>> = {
  "client-per-request": {
    meaning:
      "A Transport, Agent, Pool or session is made for nearly every request: each has its own connections, so none can be reused.",
    cause: "The constructor is called inside the function that makes the request.",
    remedy:
      "Make one at module level and share it. Making a Trunkline `Client` each time is fine: clients without their own transport share one.",
    certainty:
      "Certain when many are made at one place with one or two requests each. Processes that make one each and then exit are not counted.",
  },
  "keep-alive-off": {
    meaning: "The client asks for, or is configured for, one request per connection.",
    cause:
      "`keepAlive: false`, an agent without `keepAlive`, `agent: false`, or a `Connection: close` header, which node-fetch before 2.6.13 and minipass-fetch send by themselves if they are given no agent. undici closes its connection after each HEAD, whatever the program asks for.",
    remedy: "Turn on keep-alive and remove the header; use GET instead of HEAD if bodies are small.",
    certainty:
      "Certain that the client closed it; that it is a mistake is a guess, because some balancers need this.",
  },
  "body-unread": {
    meaning:
      "Responses are abandoned with their bodies unread: dropped, or closed when the body is too long to be read on closing. Each holds its connection until then, and then costs it.",
    cause: "Code that looks at the status and ignores the body.",
    remedy:
      "Read or close every body, which `await using response` does; use HEAD if only the status of something large matters, but not with fetch or undici, which close the connection after it.",
    certainty:
      "Certain for connections closed this way. What the garbage collector finds depends on when it runs.",
  },
  "body-abandoned": {
    meaning: "Bodies are abandoned part-way; each costs a connection.",
    cause: "`break` out of a stream, `cancel()`, or a size limit.",
    remedy: "Read to the end, request a range, or accept the cost.",
    certainty:
      "Certain that it happened; that it is a mistake is a guess: stopping a huge download early is right.",
  },
  "idle-limit-churn": {
    meaning: "Connections are closed by a cap on idle ones and dialed again soon after.",
    cause: "The cap is smaller than the number of concurrent requests.",
    remedy: "Raise the cap to that number.",
    certainty: "Certain: each was replaced by a dial within a minute.",
  },
  "idle-timeout-race": {
    meaning:
      "The client keeps idle connections longer than the server does: a request may meet a connection that the server is just closing.",
    cause: "The server's keep-alive timeout (often 5 s) is shorter than the client's.",
    remedy: "Set the client's idle timeout below the server's, or raise the server's.",
    certainty:
      "The limit is announced, or learned from idle connections that closed at about the same age, an age at which none was still usable.",
  },
  "idle-timeout-short": {
    meaning: "The client drops idle connections that the next request, soon afterwards, would have used.",
    cause:
      "The client's idle timeout is shorter than the pause between requests: 5 s in Node's global agent, 4 s in undici and agentkeepalive.",
    remedy: "Raise the client's idle timeout, if the server keeps connections that long.",
    certainty:
      "Certain that they were dialed again; whether the server would have kept them is not known until you try.",
  },
  "server-closes-each": {
    meaning: "The server closes the connection after its responses.",
    cause: "Keep-alive is off in the server or in a proxy, or responses have no length.",
    remedy: "Turn on keep-alive there; no client setting helps.",
    certainty:
      "Certain that the responses said so or had no length. A server that is shutting down does the same.",
  },
  "http-1.0-peer": {
    meaning: "The server answers with HTTP/1.0 and does not offer to keep the connection.",
    cause: "An old server, or a proxy that speaks HTTP/1.0.",
    remedy: "Use HTTP/1.1 in the server or the proxy.",
    certainty: "Certain: the responses said so.",
  },
  "duplicate-module": {
    meaning:
      "A client library is loaded from more than one place in one process: each copy has its own pools, defaults and global settings.",
    cause: "Two versions in node_modules, or one installed and one bundled.",
    remedy: "Run `npm dedupe`, or use one version everywhere.",
    certainty:
      "Certain that there are copies; the counts show whether both make requests to the same origin.",
  },
  "route-split": {
    meaning: "One server is addressed in several ways, so its connections are in separate pools.",
    cause: "`localhost` here and `127.0.0.1` there, a trailing dot, or options that differ.",
    remedy: "Use one spelling, and one set of options.",
    certainty: "A guess: two spellings may be two servers.",
  },
  "unbounded-burst": {
    meaning: "A burst of requests opened many connections at once, most of which carried little.",
    cause: "`Promise.all` over a long list with no limit on connections.",
    remedy: "Set `maxConnectionsPerOrigin`, so that requests queue for connections instead.",
    certainty: "Certain about the burst; whether it troubles the server is not known.",
  },
  queueing: {
    meaning: "Requests waited for a connection because a limit was reached.",
    cause: "A limit on connections that is smaller than the number of concurrent requests.",
    remedy:
      "Make fewer requests at once, or raise the limit if the server can handle more; use a Pool instead of undici's Client, which has one connection.",
    certainty: "Certain. It may be intended: a limit that protects a server makes requests wait.",
  },
  "slow-dns": {
    meaning: "DNS takes a large part of the time it takes to connect.",
    cause:
      "A slow resolver, search domains tried in vain, or a busy thread pool: `dns.lookup` uses libuv's four threads.",
    remedy:
      "Keep connections, so that names are looked up less often; set the option `dns`, which caches names for their time to live; end a name with a dot to skip search domains.",
    certainty: "Certain about the time; the cause is a guess.",
  },
  "tls-not-resumed": {
    meaning: "New TLS connections do full handshakes instead of resuming a session.",
    cause:
      "The server issues no session tickets, several servers behind one name do not share ticket keys, or the client has no session cache.",
    remedy:
      "Issue session tickets in the server, with keys shared between its instances; use one transport in the client.",
    certainty: "Certain about the handshakes; which side is the cause is a guess.",
  },
  "stale-retries": {
    meaning:
      "Requests met connections that the server had closed while they were idle; they were retried, or failed.",
    cause: "The server's idle limit, a restart, or a middlebox that drops idle connections.",
    remedy: "Set the idle timeout below the limit; mark repeatable requests as idempotent.",
    certainty: "Certain that it happened.",
  },
  "over-dialing": {
    meaning: "Connections are dialed but never used, or there are more than concurrent requests.",
    cause: "A client that dials although a connection is about to become free, or too much preconnecting.",
    remedy: "Set a limit per origin, use a client that assigns connections late, or preconnect less.",
    certainty: "Certain for connections closed unused; a burst that was cancelled looks the same.",
  },
  "dial-failures": {
    meaning: "Connections could not be made.",
    cause:
      "A wrong name or port, a server that is down, a firewall, or a certificate. If the client's own time limit ends most of its requests before they have a connection, that is counted here.",
    remedy:
      "See the error code: refused means that nothing is listening, timed out that nothing answers, EMFILE and EADDRNOTAVAIL that file descriptors or local ports are used up.",
    certainty: "Certain that they failed.",
  },
  "server-hangs-up": {
    meaning:
      "The server closes connections without answering, although they were new or in use a moment before, or in the middle of its responses.",
    cause:
      "A handler that crashes, a process that is killed, a proxy whose upstream does either, or a Content-Length that is larger than the body.",
    remedy: "Check the server's log at that time; no client setting helps.",
    certainty:
      "Certain that no whole answer came, and that no idle limit explains it: connections idle for 50 ms or more are not counted here.",
  },
  "server-restarts": {
    meaning:
      "The server closes idle connections at irregular ages, some younger than others that were reused.",
    cause: "The server is restarted or replaced, or a balancer moves connections.",
    remedy: "Retry requests that are safe to repeat; let the server finish its requests before it exits.",
    certainty: "Certain that it is not an idle limit; that it is a restart is a guess.",
  },
  "server-idle-short": {
    meaning: "The server announces an idle limit that the client obeys, and requests come later than that.",
    cause:
      "The server's default (5 s in Node), or a limit of a second or two, too short for Node's agent, which subtracts a second.",
    remedy: "Set a longer keep-alive in the server; no client setting changes this.",
    certainty: "Certain: the responses announced it.",
  },
  "network-forgets-idle": {
    meaning:
      "The first request after a pause gets no answer at all, while those that follow at once do: something on the network path drops idle connections.",
    cause: "A NAT gateway, a firewall or a balancer whose idle timeout drops connections silently.",
    remedy: "Set the client's idle timeout below that; `trunkline probe` measures how long connections live.",
    certainty:
      "Certain that only the first after a pause failed; a server that stalls at that moment looks the same.",
  },
  "process-stood-still": {
    meaning: "The process was paused for a while, and connections were dead when it resumed.",
    cause: "A paused container, a serverless function between calls, a machine that slept, SIGSTOP.",
    remedy: "Retry requests that are safe to repeat; no client setting is wrong.",
    certainty: "Certain about the pause if it was long and used no CPU time.",
  },
  "client-timeouts": {
    meaning: "Requests are cut off by the client's own time limit, and each costs its connection.",
    cause: "A server that is slower than the limit, or a limit that is too short.",
    remedy: "Find out why the server is slow, or raise the limit.",
    certainty: "Certain about who cut them off; whether an answer would have come is not known.",
  },
  "head-over-limit": {
    meaning: "The client refuses responses whose headers exceed its limit.",
    cause: "A header that grows, often a cookie; Node and undici accept 16 KiB.",
    remedy: "Raise the limit if you trust the server, and find out which header grows.",
    certainty: "Certain: the error code says so.",
  },
  "protocol-errors": {
    meaning: "Responses are not valid HTTP, which costs the connection.",
    cause: "A faulty server, or another protocol on that port.",
    remedy: "Fix the server: the error code says what was wrong.",
    certainty: "Certain: the error code says so.",
  },
  "pool-destroyed": {
    meaning: "The program itself closes its pool or its connection after each request.",
    cause:
      "`agent.destroy()`, `client.close()` or, in Java, `HttpURLConnection.disconnect()` beside each request.",
    remedy: "Remove the call; close the pool once, when the program ends.",
    certainty: "Certain if the call was seen; from outside it is a guess.",
  },
  "worker-per-job": {
    meaning: "Threads or processes are made for a request or two each: their connections close with them.",
    cause: "A worker, or a child process, for each job.",
    remedy: "Use a few long-lived ones that take the jobs in turn.",
    certainty:
      "Certain about the count; if jobs are rare, one connection each is no loss. Workers of test runners are not counted.",
  },
  "upload-unfinished": {
    meaning: "The server answers before the whole request body is sent, so the connection cannot be kept.",
    cause: "An answer of 413, 401 or a redirect to an upload that is still being sent.",
    remedy:
      "Have the server read the whole body before it answers; or ask first, with `Expect: 100-continue`.",
    certainty: "Certain: the answer came before the body was complete.",
  },
  "listeners-left": {
    meaning: "Each request adds listeners to a kept socket and never removes them: Node warns of a leak.",
    cause: 'Code that does `request.on("socket", (socket) => socket.on(…))`.',
    remedy: "Listen on the request, or remove the listener when the request is over.",
    certainty: "Certain: Node warned about it, and the socket is one of the program's connections.",
  },
  "stream-limit": {
    meaning:
      "Every HTTP/2 connection to the origin had reached its stream limit, so requests waited, or another connection was dialed.",
    cause:
      "More requests at once than the server allows on a connection (SETTINGS_MAX_CONCURRENT_STREAMS, often 100 or 128), or a small `http2.maxStreams`.",
    remedy: "Raise the server's limit, remove a lower one in the client, or send fewer requests at once.",
    certainty: "Certain that the limit was reached. It may be intended: it protects the server.",
  },
  "server-resets": {
    meaning: "The server resets or refuses requests over HTTP/2, while the connection stays open.",
    cause:
      "A handler that fails (INTERNAL_ERROR), a proxy's time limit (CANCEL), a server that is overloaded (REFUSED_STREAM), or a client that asks too much of it (ENHANCE_YOUR_CALM).",
    remedy:
      "It depends on the code: check the server's log, raise a time limit, or send fewer requests at once.",
    certainty: "Certain that it happened, and with which code; only the server knows why.",
  },
  "several-connections": {
    meaning:
      "Several HTTP/2 connections to one origin were open at once, although one could have carried all requests.",
    cause:
      "A client that makes a session for each job, opens connections before it knows that they can be shared, or reaches the origin by several routes (proxies, TLS options).",
    remedy: "Use one transport, agent or session for the origin, and one route to it.",
    certainty:
      "Certain about the connections and the requests at once; a server limit that is not known is assumed to be 100.",
  },
  "http2-would-do": {
    meaning:
      "A client that does not offer HTTP/2 opens several TLS connections to an origin at once: HTTP/2 would need one.",
    cause:
      "`http2: false`, a missing `allowH2`, or a client that speaks only HTTP/1.1, such as `node:https`.",
    remedy: "Turn on HTTP/2, if the server speaks it.",
    certainty:
      "Certain that it was not offered; whether the server speaks it is not known: `trunkline probe` finds out.",
  },
  coalescing: {
    meaning:
      "Several origins lead to one server with one certificate, and each has its own HTTP/2 connection.",
    cause:
      "One service under several names (`img1`, `img2`, `api` and so on), which made sense for HTTP/1.1.",
    remedy:
      "Set `http2: { coalesce: true }`, so that these origins share a connection; or use one name for everything that the server serves.",
    certainty:
      "Certain about address and certificate; whether the server answers the same under each name is not known.",
  },
};
