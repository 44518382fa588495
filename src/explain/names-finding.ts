import type { Explanation } from "./names.js";
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
    cause:
      "`keepAlive: false`, an agent without `keepAlive`, `agent: false`, or a `Connection: close` header. undici ends its connection after each HEAD, whatever the program asks for.",
    remedy: "Turn keep-alive on and leave the header out; GET instead of HEAD where bodies are small.",
    certainty:
      "Sure that the client ended it; that it is a mistake is a guess, as some balancers need it so.",
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
    meaning: "Bodies are cut off part-way; each costs a connection.",
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
      "The limit is announced, or learned from idle connections that ended at about one age, above every age after which one was still used.",
  },
  "idle-timeout-short": {
    meaning: "The client drops idle connections that the next request, soon after, would have used.",
    cause:
      "The client's idle timeout is shorter than the pause between requests: 5 s in Node's global agent, 4 s in undici and agentkeepalive.",
    remedy: "Raise the client's idle timeout, if the server keeps connections as long.",
    certainty:
      "Sure that they were dialed again; whether the server would have kept them is not known until tried.",
  },
  "server-closes-each": {
    meaning: "The server ends the connection with its responses.",
    cause: "Keep-alive is off in the server or in a proxy, or responses have no length.",
    remedy: "Turn keep-alive on there; no setting of the client helps.",
    certainty:
      "Sure that the responses said so or had no length. A server that is shutting down says so, too.",
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
    remedy:
      "Make fewer requests at once, or raise the limit if the server bears more; a Pool instead of undici's Client, which has one connection.",
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
    remedy:
      "By the error's code: refused means nobody listens, timed out nobody answers, EMFILE and EADDRNOTAVAIL that descriptors or local ports are used up.",
    certainty: "Sure that they failed.",
  },
  "server-hangs-up": {
    meaning:
      "The server ends connections without answering the request on them, though they were new or in use a moment before.",
    cause: "A handler that crashes, a process that is killed, or a proxy whose upstream does so.",
    remedy: "Look at the server's log at that time; no setting of the client helps.",
    certainty:
      "Sure that no answer came, and that no idle limit explains it: a connection idle for 50 ms or more is not counted here.",
  },
  "server-restarts": {
    meaning:
      "The server ends idle connections at uneven ages, below ages after which others were used again.",
    cause: "It is restarted or replaced, or a balancer moves connections.",
    remedy: "Send again what may be sent twice; let the server finish what is under way before it ends.",
    certainty: "Sure that it is no idle limit; that it is a restart is a guess.",
  },
  "server-idle-short": {
    meaning: "The server announces an idle limit that the client obeys, and requests come later than that.",
    cause:
      "The server's default (5 s in Node), or a limit of a second or two, of which Node's agent keeps nothing: it takes a second off.",
    remedy: "A longer keep-alive in the server; no setting of the client changes it.",
    certainty: "Sure: it is what the responses announced.",
  },
  "network-forgets-idle": {
    meaning:
      "What comes first after a pause gets no answer at all, while requests that follow at once do: something on the way forgets idle connections.",
    cause:
      "A NAT gateway, a firewall or a balancer with an idle timeout that drops connections without a word.",
    remedy: "An idle timeout in the client below that; `trunkline probe` finds how long connections live.",
    certainty:
      "Sure that only the first after a pause failed; a server that stands still just then looks alike.",
  },
  "process-stood-still": {
    meaning: "The process did not run for a while, and connections were dead when it went on.",
    cause: "A paused container, a serverless function between calls, a machine that slept, SIGSTOP.",
    remedy: "Send again what may be sent twice; nothing of the client's settings is wrong.",
    certainty: "Sure about the standstill where it was long and used no processor time.",
  },
  "client-timeouts": {
    meaning: "Requests are cut off by the client's own time limit, and each costs its connection.",
    cause: "A server that is slower than the limit, or a limit that is too short.",
    remedy: "Find out why the server is slow, or raise the limit.",
    certainty: "Sure about who cut them off; whether an answer would have come is not known.",
  },
  "head-over-limit": {
    meaning: "The client refuses responses whose headers are larger than it takes.",
    cause: "A header that grows, often a cookie; Node and undici take 16 KiB.",
    remedy: "Raise the limit where the server is trusted, and see which header grows.",
    certainty: "Sure: it is the error's code.",
  },
  "protocol-errors": {
    meaning: "Responses are no valid HTTP, and cost the connection.",
    cause: "A faulty server, or another protocol on that port.",
    remedy: "The error's code names what was wrong: mend the server.",
    certainty: "Sure: it is the error's code.",
  },
  "pool-destroyed": {
    meaning: "The program ends its pool or its connection itself after each request.",
    cause:
      "`agent.destroy()`, `client.close()` or, in Java, `HttpURLConnection.disconnect()` beside each request.",
    remedy: "Leave the call out; once, when the program ends, is enough.",
    certainty: "Sure where the call was seen; from outside it is a guess.",
  },
  "worker-per-job": {
    meaning: "Threads or processes are made for a request or two each: their connections end with them.",
    cause: "A worker, or a child process, for each job.",
    remedy: "A few long-lived ones that take the jobs in turn.",
    certainty:
      "Sure about the count; where jobs are rare, a connection each is no loss. Workers of test runners are not counted.",
  },
  "upload-unfinished": {
    meaning: "The server answers before the request's body is whole, so the connection cannot be kept.",
    cause: "An answer of 413, 401 or a redirect to an upload that is still being sent.",
    remedy: "Ask first with `Expect: 100-continue`, or let the server read the body to its end.",
    certainty: "Sure: the answer was there and the body was not.",
  },
  "listeners-left": {
    meaning: "Listeners are put on a kept socket for each request and never taken off: Node warns of a leak.",
    cause: 'Code that does `request.on("socket", (socket) => socket.on(…))`.',
    remedy: "Listen on the request, or take the listener off when the request is over.",
    certainty: "Sure: Node warned of it, and the socket is one of the program's connections.",
  },
  "stream-limit": {
    meaning:
      "Every HTTP/2 connection to the origin carried as many requests as it may, so requests waited, or another connection was dialed.",
    cause:
      "More requests at once than the server allows on a connection (SETTINGS_MAX_CONCURRENT_STREAMS, often 100 or 128), or a small `http2.maxStreams`.",
    remedy: "A larger limit in the server, no smaller one in the client, or fewer requests at once.",
    certainty: "Sure that the limit was met. It may be meant: it protects the server.",
  },
  "server-resets": {
    meaning: "The server resets requests over HTTP/2, or refuses them, while the connection lives on.",
    cause:
      "A handler that fails (INTERNAL_ERROR), a time limit of a proxy (CANCEL), a server that is overloaded (REFUSED_STREAM) or finds that the client asks too much (ENHANCE_YOUR_CALM).",
    remedy:
      "By the code: it says whether the server's log, a time limit or fewer requests at once will help.",
    certainty: "Sure that it happened, and with which code; why is known to the server only.",
  },
  "several-connections": {
    meaning: "Several HTTP/2 connections to one origin at once, where one could have carried all requests.",
    cause:
      "A client that makes a session for each job, that opens connections before it knows that they are shared, or that reaches the origin by several routes (proxies, TLS options).",
    remedy: "One transport, agent or session for the origin, and one route to it.",
    certainty:
      "Sure about the connections and the requests at once; the limit of the server is taken for 100 where it is not known.",
  },
  "http2-would-do": {
    meaning:
      "A client that offers no HTTP/2 opens several TLS connections at once to an origin: HTTP/2 would need one.",
    cause:
      "`http2: false`, `allowH2` left out, or a client that speaks HTTP/1.1 alone, as `node:https` does.",
    remedy: "Turn HTTP/2 on, if the server has it.",
    certainty:
      "Sure that it was not offered; whether the server has it is not known until it is asked: `trunkline probe` does.",
  },
  coalescing: {
    meaning:
      "Several origins lead to one server with one certificate, and each has an HTTP/2 connection of its own.",
    cause: "One service under several names: `img1`, `img2`, `api` and so on, as was good for HTTP/1.1.",
    remedy: "One name for what the server answers under all of them.",
    certainty:
      "Sure about address and certificate; whether the server answers alike under each name is not known.",
  },
};
