import type { CloseReason } from "../trace/index.js";
import type { ReasonWords } from "./names.js";

/** Why a connection closes, in words. A record, so that a reason without words does not compile. */
export const CLOSE_REASONS: Readonly<Record<CloseReason, ReasonWords>> = {
  // policy of this client
  "idle-timeout": {
    short: "idle for as long as this client keeps them",
    meaning: "It was idle for as long as this client keeps idle connections.",
    cause:
      "No request came within `idleTimeout`, within what the server announced in `Keep-Alive: timeout`, or within what was learned of the server: the evidence says which.",
    remedy:
      "Nothing, unless requests come again soon after: then raise `idleTimeout`, if the server keeps connections for longer.",
    saved: "a longer idleTimeout, where the server keeps idle connections longer than that",
  },
  "max-idle": {
    short: "more were idle than the client keeps in all",
    meaning:
      "There were more idle connections than `maxIdleConnections` in all; the one idle for longest went.",
    cause: "More connections come free at once than the limit keeps.",
    remedy: "Raise `maxIdleConnections`.",
    saved: "a larger maxIdleConnections",
  },
  "max-idle-per-origin": {
    short: "more were idle than the client keeps for an origin",
    meaning:
      "There were more idle connections to the origin than `maxIdleConnectionsPerOrigin`; the one idle for longest went.",
    cause: "Requests at once outnumber the limit. Go's default of 2 is the classic case.",
    remedy: "Raise `maxIdleConnectionsPerOrigin` to the number of requests at once.",
    saved: "a larger maxIdleConnectionsPerOrigin",
  },
  evicted: {
    short: "made room for another origin",
    meaning: "It was closed while it could be reused, so that a request that could not use it got its slot.",
    cause: "`maxConnections` is reached and other origins need connections.",
    remedy: "Raise `maxConnections`, or leave it out.",
    saved: "a larger maxConnections",
  },
  "max-age": {
    short: "as old as the client lets one become",
    meaning: "It was as old as `maxConnectionAge` allows.",
    cause: "The setting.",
    remedy:
      "Nothing: it is how a client follows DNS changes and load balancers. Raise it if the handshakes cost too much.",
    saved: "a larger maxConnectionAge",
  },
  "address-gone": {
    short: "DNS no longer gives its address",
    meaning: "Its address is no longer one that DNS gives for the name it was dialed for.",
    cause:
      "The server moved, or a load balancer took the address out: two answers in a row lacked it. Only with the option `dns`.",
    remedy:
      "Nothing: requests go where the name leads now. Where a name's servers take turns in its answers, `dns: { retire: false }`.",
  },
  "tls-replaced": {
    short: "made with TLS options that were replaced",
    meaning: "The transport's TLS options were replaced, and it was made with the old ones.",
    cause: "`transport.updateTls()`: a new certificate, key or authority.",
    remedy: "Nothing: new connections use the new options.",
  },
  "max-requests": {
    short: "carried as many requests as it may",
    meaning: "It carried as many requests as it may.",
    cause: "`maxRequestsPerConnection`, or the server's `Keep-Alive: max`.",
    remedy: "Raise the one that the evidence names.",
    saved: "a larger maxRequestsPerConnection, or Keep-Alive: max of the server",
  },
  "keep-alive-off": {
    short: "keep-alive is off",
    meaning: "The transport keeps no connections.",
    cause: "`keepAlive: false`.",
    remedy: "`keepAlive: true`, which is the default.",
  },
  "transport-closed": {
    short: "the client or its pool was closed",
    meaning: "Its transport was closed or destroyed.",
    cause: "`close()`, `destroy()`, or the end of an `await using` block.",
    remedy: "Nothing, at the end of a program. Where it happens for each request, share the transport.",
  },
  "idle-closed-by-caller": {
    short: "the program closed it while it was idle",
    meaning: "It was idle when `closeIdle()` was called.",
    cause: "The call.",
    remedy: "Nothing.",
    saved: "not calling closeIdle()",
  },
  surplus: {
    short: "nobody needed it when it was ready",
    meaning: "When its dial was done nobody needed it, and it could not be kept.",
    cause: "Another connection came free first, while keep-alive is off.",
    remedy: "`keepAlive: true`, so that it can wait for the next request.",
  },
  // the peer
  "server-closed-idle": {
    short: "the server ended it while it was idle",
    meaning: "The server ended it while it was idle.",
    cause:
      "The server's keep-alive timeout is shorter than this client's `idleTimeout`, or the server restarted.",
    remedy:
      "Set `idleTimeout` below the server's limit, or raise the server's. The client learns the limit, and then closes first.",
    saved: "a longer keep-alive timeout in the server",
  },
  "server-idle-timeout": {
    short: "the server sent 408 while it was idle",
    meaning: "The server sent `408 Request Timeout` on it while it was idle.",
    cause: "The server's keep-alive timeout, announced by a 408.",
    remedy: "Set `idleTimeout` below the server's limit.",
    saved: "a longer keep-alive timeout in the server",
  },
  "server-said-close": {
    short: "the response said Connection: close",
    meaning: "The response said `Connection: close`.",
    cause:
      "Keep-alive is off in the server or in a proxy before it, the server limits requests for each connection, or it is shutting down.",
    remedy: "Turn keep-alive on in the server or the proxy.",
    saved: "keep-alive in the server, whose response said Connection: close",
  },
  "http-1.0": {
    short: "the server speaks HTTP/1.0",
    meaning: "The server speaks HTTP/1.0 and did not offer to keep the connection.",
    cause:
      "An old server, or a proxy that speaks HTTP/1.0 to its upstream or downstream (nginx does so by default).",
    remedy: "HTTP/1.1 in the server or proxy (`proxy_http_version 1.1` in nginx).",
    saved: "HTTP/1.1 in the server",
  },
  "closed-by-eof-body": {
    short: "the response had no length, so it ended with the connection",
    meaning: "The response had neither a length nor chunks, so the end of the connection was its end.",
    cause: "A server or script that writes a body without `Content-Length` or `Transfer-Encoding`.",
    remedy: "Let the server send `Content-Length`, or chunks.",
    saved: "a Content-Length or chunks in the server's response",
  },
  "server-closed-mid-response": {
    short: "the server ended it in the middle of a response",
    meaning: "The server ended it before the response was complete.",
    cause: "The server, or a proxy before it, crashed, restarted, or has a time limit.",
    remedy: "Look at the server's log at that time. The evidence says how much was missing.",
  },
  "server-closed-unanswered": {
    short: "the server ended it without an answer",
    meaning: "The server ended it after the request was sent and before any byte of a response.",
    cause:
      "On a reused connection: the server's idle limit passed just then. On a new one: the server refuses or crashes.",
    remedy:
      "On reused connections set `idleTimeout` below the server's limit, and mark what can be repeated as `idempotent: true`, so that it is sent again.",
  },
  goaway: {
    short: "the server said GOAWAY",
    meaning:
      "The HTTP/2 server said GOAWAY: it takes no more requests on this connection. Those it had begun were let finish.",
    cause:
      "The server is shutting down, or limits a connection's age or requests. With a code other than NO_ERROR it objects to something: the evidence has the code, the last stream it looked at, and its text.",
    remedy:
      "Nothing where the code is NO_ERROR: what it did not process goes out again. Else its code and its text say what it objects to.",
  },
  reset: {
    short: "it was reset",
    meaning: "The connection was reset: the peer, or something on the way, refused what was sent on it.",
    cause: "A server that ended it just before, a middlebox that forgot it, or a server that crashed.",
    remedy: "If it had been idle before, set `idleTimeout` below the limit of the server or the middlebox.",
  },
  // what the caller did
  "request-said-close": {
    short: "the request said Connection: close",
    meaning: "The request itself said `Connection: close`.",
    cause: "The header is set in the code.",
    remedy: "Leave the header out.",
    saved: "leaving Connection: close out of the request before",
  },
  "body-unread": {
    short: "the response's body was not read",
    meaning:
      "The response's body was closed or dropped with nothing of it read, and was too long to be read ahead.",
    cause: "Code that looks at the status only.",
    remedy:
      "Read the body (`await response.bytes()`), or use HEAD. Up to 256 KiB is read on close to save the connection.",
    saved: "reading the response body of the request before",
  },
  "body-abandoned": {
    short: "the response's body was given up part-way",
    meaning: "The response's body was given up part-way.",
    cause: "A reader that stops early: `break` in a `for await`, `cancel()`, a parser that has enough.",
    remedy: "Read to the end, ask for a part (`Range`), or accept one connection for each.",
    saved: "reading the response body of the request before to its end",
  },
  aborted: {
    short: "the program called the request off",
    meaning:
      "The caller's signal aborted the request, and HTTP/1.1 can only cancel by closing. Over HTTP/2: so many requests were given up that the connection was left before the server took it for an attack.",
    cause: "`AbortController.abort()` or `AbortSignal.timeout()`.",
    remedy:
      "Nothing. If requests are cancelled often, each costs a connection over HTTP/1.1; HTTP/2 cancels without that.",
    saved: "not aborting the request before",
  },
  timeout: {
    short: "the client's own time limit passed",
    meaning:
      "One of the time limits passed while a request was on it, or HTTP/2's first SETTINGS did not come in time.",
    cause: "A slow server, or a limit that is too short: the evidence says which limit.",
    remedy: "Raise the limit, or find out why the server is slow.",
  },
  "upload-unfinished": {
    short: "the answer came before the request's body was sent",
    meaning: "The response was complete before the request's body was, so the rest could not be sent.",
    cause: "The server answered early, for instance with 413 or 401.",
    remedy: "`expectContinue: true` asks the server first.",
  },
  upgraded: {
    short: "it was handed over for another protocol",
    meaning: "It was handed to the caller for another protocol.",
    cause: "A `101 Switching Protocols` or CONNECT.",
    remedy: "Nothing.",
  },
  "request-body-failed": {
    short: "the request's body failed",
    meaning:
      "The request's body failed or did not match its declared length, so the request could not be completed.",
    cause: "The stream given as body raised an error, or ended too early or too late.",
    remedy: "Mend the source of the body, or leave the length out.",
  },
  // what went wrong
  "protocol-error": {
    short: "the response was not valid HTTP",
    meaning: "The server sent something that is not HTTP, or is ambiguous.",
    cause: "Another protocol on that port, a faulty server, or an attempt at response splitting.",
    remedy: "The evidence names what was wrong and where: mend the server.",
  },
  "unsolicited-data": {
    short: "bytes came that belong to no response",
    meaning: "Bytes arrived that belong to no response.",
    cause:
      "The server sent more than the declared length, a body where none may be (HEAD, 204, 304), or data on an idle connection.",
    remedy: "Mend the server: what comes after a response could be taken for the next one.",
  },
  "limit-exceeded": {
    short: "the server passed a limit",
    meaning: "The response, or an HTTP/2 server's frames, passed a limit of this client.",
    cause:
      "A head larger than `maxHeaderBytes`, too many 1xx responses, or a flood of HTTP/2 frames that carry nothing (PING, SETTINGS, RST_STREAM, empty DATA): the evidence names it.",
    remedy: "Raise the limit if the server is trusted. No option allows floods: mend the server.",
  },
  "dial-failed": {
    short: "it could not be made",
    meaning: "The connection could not be made.",
    cause: "Name resolution, connecting or a proxy failed, or took too long: the evidence says which.",
    remedy: "Check name, port and that the server runs; each attempt and its outcome is in the record.",
  },
  "tls-error": {
    short: "TLS failed",
    meaning: "TLS failed: the handshake, the certificate, or a record.",
    cause:
      "A certificate that is not trusted or not for this name, versions that do not meet, or a peer that does not speak TLS.",
    remedy: "The evidence names it; for a private authority set `tls: { ca }`.",
  },
  "write-error": {
    short: "writing the request failed",
    meaning: "Writing the request failed.",
    cause: "The peer had closed its side, or the network is gone.",
    remedy: "As for `server-closed-unanswered`.",
  },
  "ping-timeout": {
    short: "the peer did not answer a PING",
    meaning: "The HTTP/2 peer did not answer a PING in time.",
    cause: "A network path that died without a word, or a server that stands still.",
    remedy:
      "Nothing: the next request dials. `http2.pingInterval` finds it while the connection is idle, `http2.pingTimeout` says how soon.",
  },
};
