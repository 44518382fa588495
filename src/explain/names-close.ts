import type { CloseReason } from "../trace/index.js";
import type { ReasonWords } from "./explanation.js";

/** Why a connection closes, in words. A record, so that a reason without words does not compile. */
export const CLOSE_REASONS: Readonly<Record<CloseReason, ReasonWords>> = {
  // policy of this client
  "idle-timeout": {
    short: "idle for as long as this client keeps connections",
    meaning: "It was idle for as long as this client keeps idle connections.",
    cause:
      "No request came within `idleTimeout`, within what the server announced in `Keep-Alive: timeout`, or within the limit learned for the server: the evidence says which.",
    remedy:
      "Nothing, unless requests often come soon afterwards: then raise `idleTimeout`, if the server keeps connections longer.",
    saved: "a longer idleTimeout, if the server keeps idle connections longer than that",
  },
  "max-idle": {
    short: "more were idle than the client keeps in total",
    meaning:
      "There were more idle connections in total than `maxIdleConnections`; the one idle longest was closed.",
    cause: "More connections become free at once than the limit allows.",
    remedy: "Raise `maxIdleConnections`.",
    saved: "a larger maxIdleConnections",
  },
  "max-idle-per-origin": {
    short: "more were idle than the client keeps per origin",
    meaning:
      "There were more idle connections to the origin than `maxIdleConnectionsPerOrigin`; the one idle longest was closed.",
    cause: "There are more concurrent requests than the limit. Go's default of 2 is the classic case.",
    remedy: "Raise `maxIdleConnectionsPerOrigin` to the number of concurrent requests.",
    saved: "a larger maxIdleConnectionsPerOrigin",
  },
  evicted: {
    short: "made room for another origin",
    meaning: "It was idle and reusable, but was closed to make room for a request that could not use it.",
    cause: "`maxConnections` was reached, and other origins needed connections.",
    remedy: "Raise `maxConnections`, or remove it.",
    saved: "a larger maxConnections",
  },
  "max-age": {
    short: "it reached the client's maximum age",
    meaning: "It reached the age that `maxConnectionAge` allows.",
    cause: "The setting.",
    remedy:
      "Nothing: this is how a client follows changes of DNS and load balancers. Raise the limit if the handshakes cost too much.",
    saved: "a larger maxConnectionAge",
  },
  "address-gone": {
    short: "DNS no longer lists its address",
    meaning: "DNS no longer lists its address for the name it was dialed for.",
    cause:
      "The server moved, or a load balancer removed the address: two answers in a row did not include it. This happens only with the option `dns`.",
    remedy:
      "Nothing: new requests go to the current addresses. If the name's answers rotate among its servers, set `dns: { retire: false }`.",
  },
  "tls-replaced": {
    short: "its TLS options were replaced",
    meaning: "It was made with the transport's old TLS options, which have been replaced.",
    cause: "`transport.updateTls()`: a new certificate, key or authority.",
    remedy: "Nothing: new connections use the new options.",
  },
  coalesced: {
    short: "its requests go on another origin's connection",
    meaning:
      "When it opened, there was a connection made for another origin that its origin may use, too. Later requests go on that one.",
    cause:
      "Origins with one address, port and certificate were dialed at the same moment, and `http2.coalesce` is on.",
    remedy: "Nothing: the requests that waited for it are served, and no other connection is made for them.",
  },
  "max-requests": {
    short: "carried as many requests as allowed",
    meaning: "It carried as many requests as allowed.",
    cause: "`maxRequestsPerConnection`, or the server's `Keep-Alive: max`.",
    remedy: "Raise the limit that the evidence names.",
    saved: "a larger maxRequestsPerConnection, or a larger Keep-Alive: max from the server",
  },
  "keep-alive-off": {
    short: "keep-alive is off",
    meaning: "The transport does not keep connections.",
    cause: "`keepAlive: false`.",
    remedy: "Set `keepAlive: true`, the default.",
  },
  "transport-closed": {
    short: "the client or its pool was closed",
    meaning: "Its transport was closed or destroyed.",
    cause: "`close()`, `destroy()`, or the end of an `await using` block.",
    remedy: "Nothing, at the end of a program. If it happens for each request, share the transport.",
  },
  "idle-closed-by-caller": {
    short: "the program closed it while it was idle",
    meaning: "It was idle when `closeIdle()` was called.",
    cause: "The call.",
    remedy: "Nothing.",
    saved: "not calling closeIdle()",
  },
  surplus: {
    short: "it was no longer needed when it opened",
    meaning: "By the time it was open it was no longer needed, and it could not be kept.",
    cause: "Another connection became free first, and keep-alive is off.",
    remedy: "Set `keepAlive: true`, so that such a connection can wait for the next request.",
  },
  // the peer
  "server-closed-idle": {
    short: "the server closed it while it was idle",
    meaning: "The server closed it while it was idle.",
    cause:
      "The server's keep-alive timeout is shorter than this client's `idleTimeout`, or the server restarted.",
    remedy:
      "Set `idleTimeout` below the server's limit, or raise the server's. The client learns the limit, and from then on closes first.",
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
      "Keep-alive is off in the server or in a proxy in front of it, the server limits requests per connection, or it is shutting down.",
    remedy: "Turn on keep-alive in the server or the proxy.",
    saved: "keep-alive in the server, whose response said Connection: close",
  },
  "http-1.0": {
    short: "the server speaks HTTP/1.0",
    meaning: "The server speaks HTTP/1.0 and did not offer to keep the connection.",
    cause:
      "An old server, or a proxy that speaks HTTP/1.0 to its upstream or downstream (nginx does so by default).",
    remedy: "Use HTTP/1.1 in the server or proxy (`proxy_http_version 1.1` in nginx).",
    saved: "HTTP/1.1 in the server",
  },
  "closed-by-eof-body": {
    short: "the response had no length, so it ended with the connection",
    meaning:
      "The response had neither a length nor chunks, so only the end of the connection could mark its end.",
    cause: "A server or script that writes a body without `Content-Length` or `Transfer-Encoding`.",
    remedy: "Have the server send `Content-Length` or chunks.",
    saved: "a Content-Length or chunks in the server's response",
  },
  "server-closed-mid-response": {
    short: "the server closed it in the middle of a response",
    meaning: "The server closed it before the response was complete.",
    cause: "The server, or a proxy in front of it, crashed, restarted, or enforced a time limit.",
    remedy: "Check the server's log at that time. The evidence says how much was missing.",
  },
  "server-closed-unanswered": {
    short: "the server closed it without an answer",
    meaning: "The server closed it after the request was sent, before any byte of a response.",
    cause:
      "On a reused connection: the server's idle limit was reached at that moment. On a new one: the server refuses requests or crashes.",
    remedy:
      "For reused connections, set `idleTimeout` below the server's limit, and mark repeatable requests `idempotent: true` so that they are retried.",
  },
  goaway: {
    short: "the server sent GOAWAY",
    meaning:
      "The HTTP/2 server sent GOAWAY: it accepts no more requests on this connection. Requests it had started were allowed to finish.",
    cause:
      "The server is shutting down, or limits a connection's age or number of requests. A code other than NO_ERROR is a complaint: the evidence has the code, the last stream that the server processed, and its debug text.",
    remedy:
      "Nothing if the code is NO_ERROR: requests that the server did not process are retried. Otherwise, the code and the text say what the server complains about.",
  },
  reset: {
    short: "it was reset",
    meaning:
      "The connection was reset: the peer, or something on the network path, rejected what was sent on it.",
    cause: "The server had just closed it, a middlebox had dropped it, or the server crashed.",
    remedy: "If it had been idle, set `idleTimeout` below the limit of the server or the middlebox.",
  },
  // what the caller did
  "request-said-close": {
    short: "the request said Connection: close",
    meaning: "The request itself said `Connection: close`.",
    cause: "The program sets the header.",
    remedy: "Remove the header.",
    saved: "removing Connection: close from the previous request",
  },
  "body-unread": {
    short: "the response's body was not read",
    meaning:
      "The response's body was closed or dropped before any of it was read, and was too long to be read ahead.",
    cause: "Code that looks only at the status.",
    remedy:
      "Read the body (`await response.bytes()`), or use HEAD. Closing a body reads up to 256 KiB of it to save the connection.",
    saved: "reading the previous response body",
  },
  "body-abandoned": {
    short: "the response's body was abandoned part-way",
    meaning: "The response's body was abandoned part-way.",
    cause: "A reader that stops early: `break` in a `for await`, `cancel()`, a parser that has all it needs.",
    remedy: "Read to the end, request only a part (`Range`), or accept the cost of one connection each.",
    saved: "reading the previous response body to its end",
  },
  aborted: {
    short: "the program cancelled the request",
    meaning:
      "The caller's signal aborted the request, and HTTP/1.1 can only cancel by closing the connection. Over HTTP/2: so many requests were cancelled that the connection was closed before the server could take it for an attack.",
    cause: "`AbortController.abort()` or `AbortSignal.timeout()`.",
    remedy:
      "Nothing. If requests are cancelled often, each costs a connection over HTTP/1.1; HTTP/2 cancels without that.",
    saved: "not aborting the previous request",
  },
  timeout: {
    short: "the client's own time limit passed",
    meaning:
      "A time limit passed while a request was on it, or the server's first HTTP/2 SETTINGS did not arrive in time.",
    cause: "A slow server, or a limit that is too short: the evidence says which limit.",
    remedy: "Raise the limit, or find out why the server is slow.",
  },
  "upload-unfinished": {
    short: "the response came before the request's body was sent",
    meaning:
      "The response was complete before the whole request body was sent, so the rest could not be sent.",
    cause: "The server answered early, for example with 413 or 401.",
    remedy: "Set `expectContinue: true` to ask the server first.",
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
    cause: "The body stream raised an error, or was shorter or longer than declared.",
    remedy: "Fix the source of the body, or omit the length.",
  },
  // what went wrong
  "protocol-error": {
    short: "the response was not valid HTTP",
    meaning: "The server sent something that is not valid HTTP, or is ambiguous.",
    cause: "Another protocol on that port, a faulty server, or an attempt at response splitting.",
    remedy: "Fix the server: the evidence says what was wrong and where.",
  },
  "unsolicited-data": {
    short: "bytes arrived that belong to no response",
    meaning: "Bytes arrived that belong to no response.",
    cause:
      "The server sent more than the declared length, a body where none is allowed (HEAD, 204, 304), or data on an idle connection.",
    remedy: "Fix the server: bytes after a response could be mistaken for the next one.",
  },
  "limit-exceeded": {
    short: "the server exceeded a limit",
    meaning: "The response, or an HTTP/2 server's frames, exceeded a limit of this client.",
    cause:
      "A head larger than `maxHeaderBytes`, too many 1xx responses, or a flood of empty HTTP/2 frames (PING, SETTINGS, RST_STREAM, DATA without content): the evidence says which.",
    remedy: "Raise the limit if you trust the server. No option allows a flood of frames: fix the server.",
  },
  "dial-failed": {
    short: "it could not be made",
    meaning: "The connection could not be made.",
    cause: "DNS, the connection, TLS or a proxy failed or took too long: the evidence says which.",
    remedy:
      "Check the name and the port, and that the server is running; the record lists each attempt and its outcome.",
  },
  "tls-error": {
    short: "TLS failed",
    meaning: "TLS failed after the handshake: the peer sent an alert, or bytes that are not a TLS record.",
    cause:
      "A server that refuses the client certificate, which TLS 1.3 does after the handshake, or something on the network path that changes bytes.",
    remedy:
      "The evidence says which. If the server asks for a certificate, set `tls: { cert, key }`. A handshake that fails is a `dial-failed`.",
  },
  "write-error": {
    short: "writing the request failed",
    meaning: "Writing the request failed.",
    cause: "The peer had closed its side, or the network went down.",
    remedy: "As for `server-closed-unanswered`.",
  },
  "ping-timeout": {
    short: "the peer did not answer a PING",
    meaning: "The HTTP/2 peer did not answer a PING in time.",
    cause: "A network path that dropped the connection silently, or a server that hangs.",
    remedy:
      "Nothing: the next request dials. To find out while a connection is idle, set `http2.pingInterval`; `http2.pingTimeout` sets how long to wait for the answer.",
  },
};
