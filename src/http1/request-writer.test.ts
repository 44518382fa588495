import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CHUNKED_BODY, NO_BODY } from "./request-framing.js";
import { encodeRequestHead, type RequestHead } from "./request-writer.js";

const head = (changes: Partial<RequestHead>): string =>
  encodeRequestHead({
    method: "GET",
    target: "/",
    host: "example.com",
    headers: [],
    framing: NO_BODY,
    ...changes,
  });

describe("encodeRequestHead", () => {
  const cases: [what: string, changes: Partial<RequestHead>, expected: string][] = [
    [
      "puts Host first",
      { headers: ["Accept", "*/*"] },
      "GET / HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\n",
    ],
    [
      "keeps order, case and repetition",
      { headers: ["b", "2", "A", "1", "B", "3", "a", ""] },
      "GET / HTTP/1.1\r\nHost: example.com\r\nb: 2\r\nA: 1\r\nB: 3\r\na: \r\n\r\n",
    ],
    [
      "leaves the caller's Host where it is, once",
      { headers: ["A", "1", "HOST", "other:81"] },
      "GET / HTTP/1.1\r\nA: 1\r\nHOST: other:81\r\n\r\n",
    ],
    [
      "sends any form of target as it is",
      { method: "CONNECT", target: "example.com:443", host: "example.com:443" },
      "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
    ],
    [
      "states the length of a body",
      { method: "POST", framing: { kind: "length", length: 12 } },
      "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 12\r\n\r\n",
    ],
    [
      "states the caller's Content-Length once, in its place",
      {
        method: "POST",
        headers: ["content-length", "12", "A", "b"],
        framing: { kind: "length", length: 12 },
      },
      "POST / HTTP/1.1\r\nHost: example.com\r\ncontent-length: 12\r\nA: b\r\n\r\n",
    ],
    [
      "drops a Content-Length beside chunks",
      { method: "POST", headers: ["Content-Length", "12"], framing: CHUNKED_BODY },
      "POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
    [
      "announces trailers of a chunked body",
      { method: "PUT", framing: CHUNKED_BODY, trailerNames: ["Digest", "X-B"] },
      "PUT / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\nTrailer: Digest, X-B\r\n\r\n",
    ],
    [
      "leaves the caller's Trailer alone",
      { method: "PUT", headers: ["trailer", "Digest"], framing: CHUNKED_BODY, trailerNames: ["Digest"] },
      "PUT / HTTP/1.1\r\nHost: example.com\r\ntrailer: Digest\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
    [
      "announces no trailers without chunks",
      { method: "PUT", framing: { kind: "length", length: 1 }, trailerNames: ["Digest"] },
      "PUT / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1\r\n\r\n",
    ],
    [
      "announces one trailer",
      { method: "PUT", framing: CHUNKED_BODY, trailerNames: ["Digest"] },
      "PUT / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\nTrailer: Digest\r\n\r\n",
    ],
    [
      "announces none where there are none to announce",
      { method: "PUT", framing: CHUNKED_BODY, trailerNames: [] },
      "PUT / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
    [
      "takes no name that only begins or ends alike, or is as long, for one that it knows",
      {
        close: true,
        headers: ["host-x", "1", "hust", "2", "trailed", "3", "connexions", "4", "content-strict", "5"],
      },
      "GET / HTTP/1.1\r\nHost: example.com\r\nhost-x: 1\r\nhust: 2\r\ntrailed: 3\r\nconnexions: 4\r\ncontent-strict: 5\r\nConnection: close\r\n\r\n",
    ],
    [
      "keeps a Content-Length of 0 where there is no body",
      { method: "POST", headers: ["Content-Length", "0"] },
      "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 0\r\n\r\n",
    ],
    [
      "asks for the close",
      { close: true },
      "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n",
    ],
    [
      "asks for the close in the caller's Connection",
      { close: true, headers: ["connection", "keep-alive, upgrade", "Upgrade", "x"] },
      "GET / HTTP/1.1\r\nHost: example.com\r\nconnection: upgrade, close\r\nUpgrade: x\r\n\r\n",
    ],
    [
      "leaves the caller's Connection alone otherwise",
      { headers: ["Connection", "Keep-Alive"] },
      "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: Keep-Alive\r\n\r\n",
    ],
  ];
  for (const [what, changes, expected] of cases) {
    test(`encodeRequestHead: ${what}`, () => assert.equal(head(changes), expected));
  }

  for (const method of ["POST", "PUT", "PATCH"]) {
    test(`encodeRequestHead: says that a ${method} has no body`, () => {
      assert.equal(
        head({ method }),
        `${method} / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 0\r\n\r\n`,
      );
    });
  }

  for (const method of ["GET", "HEAD", "DELETE", "OPTIONS", "QUERY", "post"]) {
    test(`encodeRequestHead: says nothing of a body where a ${method} has none`, () => {
      assert.doesNotMatch(head({ method }), /content-length|transfer-encoding/i);
    });
  }
});
