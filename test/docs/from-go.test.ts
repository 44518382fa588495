import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

/** The exported names of Go's client that a program can depend on (Go 1.26). */
const names = {
  Client: "Transport CheckRedirect Jar Timeout Do Get Head Post PostForm CloseIdleConnections",
  Transport: `Proxy OnProxyConnectResponse DialContext DialTLSContext TLSClientConfig TLSHandshakeTimeout
    DisableKeepAlives DisableCompression MaxIdleConns MaxIdleConnsPerHost MaxConnsPerHost IdleConnTimeout
    ResponseHeaderTimeout ExpectContinueTimeout TLSNextProto ProxyConnectHeader GetProxyConnectHeader
    MaxResponseHeaderBytes WriteBufferSize ReadBufferSize ForceAttemptHTTP2 HTTP2 Protocols Clone
    CloseIdleConnections RegisterProtocol NewClientConn CancelRequest`,
  Request: "Method URL Header Body GetBody ContentLength Host Close Trailer Clone SetBasicAuth AddCookie",
  Response: "StatusCode Status Proto Cookies Location Body Trailer TLS Uncompressed Request",
  ClientTrace: `GetConn GotConn PutIdleConn GotFirstResponseByte Got100Continue Got1xxResponse DNSStart DNSDone
    ConnectStart ConnectDone TLSHandshakeStart TLSHandshakeDone WroteHeaderField WroteHeaders Wait100Continue
    WroteRequest`,
};

const page = readFileSync("docs/from-go.md", "utf8");

for (const [type, list] of Object.entries(names)) {
  test(`docs/from-go.md: has every name of Go's ${type}`, () => {
    assert.deepEqual(
      list.split(/\s+/).filter((name) => !new RegExp(`\\b${name}\\b`).test(page)),
      [],
    );
  });
}
