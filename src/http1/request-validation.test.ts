import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KnownNames, validateMethod, validateRequestHeaders } from "./request-validation.js";

describe("validateMethod", () => {
  for (const method of ["GET", "post", "M-SEARCH", "!#$%&'*+-.^_`|~09"]) {
    test(`validateMethod: takes ${method}`, () => validateMethod(method));
  }
  for (const method of ["", "G T", "GET\r\nX: y", "GET\0", "G\xc9T", "G/T", "GET ", "\u{1f600}"]) {
    test(`validateMethod: refuses ${JSON.stringify(method)}`, () => {
      assert.throws(() => validateMethod(method), { name: "TypeError", message: /method/ });
    });
  }
});

describe("KnownNames", () => {
  test("accept: remembers names up to a bound, and checks the others all the same", () => {
    const known = new KnownNames();
    assert.equal(known.size, 0);
    for (let count = 0; count < 600; count++) {
      assert.equal(known.accept(`x-${count}`), true);
      assert.equal(known.size, Math.min(count + 1, 512));
    }
    assert.equal(known.accept("x-0"), true);
    assert.equal(known.accept("x-599"), true);
    assert.equal(known.accept("x-0\n"), false);
    assert.equal(known.size, 512);
  });

  test("accept: remembers no name of more than 64 characters, and none that is refused", () => {
    const known = new KnownNames();
    assert.equal(known.accept("x".repeat(65)), true);
    assert.equal(known.accept("a b"), false);
    assert.equal(known.size, 0);
    assert.equal(known.accept("x".repeat(64)), true);
    assert.equal(known.size, 1);
    assert.equal(known.accept("x".repeat(64)), true);
    assert.equal(known.size, 1);
  });
});

describe("validateRequestHeaders", () => {
  const nothing = { close: false, contentLength: -1, expectContinue: false, upgrade: false };
  const accepted: [what: string, headers: string[], length: number, facts: object][] = [
    ["nothing", [], 0, nothing],
    ["ordinary headers", ["Accept", "*/*", "X-B", "\t \xe9~"], 0, nothing],
    ["an empty value", ["A", ""], 0, nothing],
    ["Connection: close", ["connection", "Keep-Alive , CLOSE"], 0, { ...nothing, close: true }],
    ["Connection: keep-alive", ["Connection", "keep-alive"], 0, nothing],
    ["one Host", ["HOST", "example.com:8080"], 0, nothing],
    ["an IPv6 Host", ["Host", "[::1]:80"], 0, nothing],
    ["an agreeing Content-Length", ["Content-Length", "12"], 12, { ...nothing, contentLength: 12 }],
    ["a Content-Length for a stream", ["content-length", "12"], -1, { ...nothing, contentLength: 12 }],
    ["Expect", ["Expect", "100-Continue"], 5, { ...nothing, expectContinue: true }],
    ["TE: trailers", ["TE", "trailers", "Connection", "TE"], 0, nothing],
    ["an upgrade", ["Connection", "Upgrade", "Upgrade", "websocket"], 0, { ...nothing, upgrade: true }],
    ["Trailer", ["Trailer", "Digest"], -1, nothing],
    ["a Content-Length of 0 for a stream", ["Content-Length", "0"], -1, { ...nothing, contentLength: 0 }],
    ["a Content-Length of 0 for no body", ["Content-Length", "0"], 0, { ...nothing, contentLength: 0 }],
    ["an empty member of Connection", ["Connection", ",close,"], 0, { ...nothing, close: true }],
  ];
  for (const [what, headers, length, facts] of accepted) {
    test(`validateRequestHeaders: takes ${what}`, () => {
      assert.deepEqual({ ...validateRequestHeaders(headers, length) }, facts);
    });
  }

  const refused: [what: string, headers: string[], length: number, message: RegExp][] = [
    ["an empty name", ["", "x"], 0, /name ""/],
    ["a name with a space", ["A b", "x"], 0, /"A b"/],
    ["a name with a colon", ["A:", "x"], 0, /"A:"/],
    ["a name with CRLF", ["A\r\nB", "x"], 0, /"A\\r\\nB"/],
    ["a name beyond ASCII", ["É", "x"], 0, /"É"/],
    ["a value with CR", ["X-A", "a\rb"], 0, /X-A/],
    ["a value with LF", ["X-A", "a\nB: c"], 0, /X-A/],
    ["a value with NUL", ["X-A", "a\0"], 0, /X-A/],
    ["a value with DEL", ["X-A", "\x7f"], 0, /X-A/],
    ["a value beyond latin1", ["X-A", "€"], 0, /X-A/],
    ["a name without value", ["A", "b", "X-A"], 0, /X-A has no value/],
    ["Transfer-Encoding", ["transfer-encoding", "chunked"], -1, /transfer-encoding cannot be set by hand/],
    [
      "a second Content-Length",
      ["Content-Length", "1", "content-length", "1"],
      1,
      /content-length appears twice/,
    ],
    ["a second Content-Length of 0", ["Content-Length", "0", "Content-Length", "0"], 0, /appears twice/],
    ["a Content-Length of a body of none", ["Content-Length", "1"], 0, /says 1 bytes, but the body has 0/],
    ["a Content-Length list", ["Content-Length", "1, 1"], 1, /Content-Length/],
    ["a signed Content-Length", ["Content-Length", "+1"], 1, /Content-Length/],
    ["an empty Content-Length", ["Content-Length", ""], 0, /Content-Length/],
    ["a Content-Length beyond 2^53-1", ["Content-Length", "9007199254740992"], -1, /Content-Length/],
    ["a Content-Length that is too long", ["Content-Length", "13"], 12, /says 13 bytes, but the body has 12/],
    ["a Content-Length without body", ["Content-Length", "5"], 0, /says 5 bytes, but the body has 0/],
    ["two Hosts", ["Host", "a", "host", "b"], 0, /host appears twice/],
    ["a Host with a space", ["Host", "a b"], 0, /Host/],
    ["a Host with a path", ["Host", "a/b"], 0, /Host/],
    ["Keep-Alive", ["Keep-Alive", "timeout=5"], 0, /Keep-Alive/],
    ["Proxy-Connection", ["Proxy-Connection", "keep-alive"], 0, /Proxy-Connection/],
    ["TE other than trailers", ["TE", "gzip"], 0, /TE/],
    ["Connection: TE alone", ["Connection", "te"], 0, /TE/],
    ["Connection: Content-Length", ["Connection", "Content-Length"], 0, /Connection.*"content-length"/],
    ["Upgrade alone", ["Upgrade", "h2c"], 0, /Upgrade/],
    ["Connection: upgrade alone", ["Connection", "upgrade"], 0, /Upgrade/],
    ["another Expect", ["Expect", "gold"], 0, /Expect/],
  ];
  for (const [what, headers, length, message] of refused) {
    test(`validateRequestHeaders: refuses ${what}`, () => {
      assert.throws(() => validateRequestHeaders(headers, length), { name: "TypeError", message });
    });
  }

  test("validateRequestHeaders: quotes at most 40 characters", () => {
    const message = (name: string) => {
      try {
        validateRequestHeaders([name, "x"], 0);
      } catch (error) {
        return (error as Error).message;
      }
      return "accepted";
    };
    assert.ok(message(`${"x".repeat(39)} `).includes(`"${"x".repeat(39)} "`));
    assert.ok(message(`${"x".repeat(40)} `).includes(`"${"x".repeat(40)}…"`));
  });

  test("validateRequestHeaders: never shows a value that may be a secret", () => {
    assert.throws(
      () => validateRequestHeaders(["Authorization", "Bearer SECRET\n"], 0),
      (error: Error) => /Authorization/.test(error.message) && !/SECRET/.test(error.message),
    );
  });
});
