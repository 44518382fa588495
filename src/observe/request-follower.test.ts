import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { forwardedHead, hostRenamer } from "./head-rewriter.js";
import { type RequestFacts, RequestFollower } from "./request-follower.js";

interface Followed {
  readonly facts: RequestFacts[];
  readonly ended: number;
  readonly passed: string;
  readonly opaque: string | undefined;
}

function follow(chunks: readonly string[], renameHost?: (host: string) => string | undefined): Followed {
  const facts: RequestFacts[] = [];
  let ended = 0;
  const follower = new RequestFollower(
    {
      requestStarted: (one) => facts.push(one),
      requestEnded: () => {
        ended += 1;
      },
    },
    renameHost === undefined ? undefined : hostRenamer(renameHost),
  );
  let passed = "";
  for (const chunk of chunks) passed += follower.push(Buffer.from(chunk, "latin1")).toString("latin1");
  passed += follower.release().toString("latin1");
  return { facts, ended, passed, opaque: follower.opaque };
}

const GET = "GET /a?b HTTP/1.1\r\nHost: old:1\r\nUser-Agent: curl/8\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nhost:  old:1 \r\nContent-Length: 5\r\n\r\nGET /";
const CHUNKED = "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nHos\r\n0\r\n\r\n";
const CLOSE = "GET / HTTP/1.0\r\n\r\n";

test("RequestFollower: sees every request of a connection, and where each ends", () => {
  const { facts, ended, passed } = follow([GET + POST + CHUNKED + CLOSE]);
  assert.deepEqual(
    facts.map(({ method, target, lastOne, userAgent }) => [method, target, lastOne, userAgent]),
    [
      ["GET", "/a?b", false, "curl/8"],
      ["POST", "/", false, undefined],
      ["PUT", "/", false, undefined],
      ["GET", "/", true, undefined],
    ],
  );
  assert.equal(ended, 4);
  assert.equal(passed, GET + POST + CHUNKED + CLOSE);
});

test("RequestFollower: writes another Host, in its own spelling, and leaves bodies alone", () => {
  const rename = (host: string): string | undefined => (host === "old:1" ? "new" : undefined);
  assert.equal(
    follow([GET + POST + CHUNKED], rename).passed,
    GET.replace("old:1", "new") + POST.replace("old:1", "new") + CHUNKED,
  );
});

test("RequestFollower: the same whole and in pieces", () => {
  const rename = (host: string): string | undefined => (host === "old:1" ? "new:22" : undefined);
  const bytes = GET + POST + CHUNKED + GET;
  const whole = follow([bytes], rename);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 12 }), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const pieces = at.slice(1).map((end, index) => bytes.slice(at[index], end));
      assert.deepEqual(follow(pieces, rename), whole);
    }),
  );
});

test("RequestFollower: any bytes come out as they went in, when nothing is renamed", () => {
  const text = fc
    .array(
      fc.constantFrom(
        "GET ",
        "/",
        " HTTP/1.1",
        "\r\n",
        "\n",
        "Host:",
        "h",
        "\u0016",
        "5",
        ":",
        "content-length: 3\r\n",
      ),
    )
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.array(text), (chunks) => {
      assert.equal(follow(chunks, () => undefined).passed, chunks.join(""));
      assert.equal(follow(chunks).passed, chunks.join(""));
    }),
  );
});

test("RequestFollower: hands a head on as it comes, all but an unfinished Host line", () => {
  const follower = new RequestFollower(
    { requestStarted() {}, requestEnded() {} },
    hostRenamer(() => "new"),
  );
  assert.equal(String(follower.push(Buffer.from("GET / HT"))), "GET / HT");
  assert.equal(String(follower.push(Buffer.from("TP/1.1\r\nX-A: b"))), "TP/1.1\r\nX-A: b");
  assert.equal(String(follower.push(Buffer.from("\r\nHo"))), "\r\n");
  assert.equal(String(follower.push(Buffer.from("p: 1\r\nHost: o"))), "Hop: 1\r\n");
  assert.equal(String(follower.push(Buffer.from("ld\r\n"))), "Host: new\r\n");
});

test("RequestFollower: says why it no longer understands", () => {
  assert.equal(follow(["\u0016\u0003\u0001"]).opaque, "tls");
  assert.equal(follow(["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]).opaque, "http2");
  assert.equal(follow(["EHLO x\r\n\r\n"]).opaque, "not-http");
  assert.equal(follow([CHUNKED.replace("3\r\n", "zz\r\n")]).opaque, "not-http");
  assert.equal(follow([`GET / HTTP/1.1\r\nX: ${"y".repeat(300_000)}`]).opaque, "not-http");
});

test("forwardedHead: a request to a proxy becomes the one that a server gets", () => {
  const follower = new RequestFollower({ requestStarted() {}, requestEnded() {} }, forwardedHead);
  const head = "GET http://u@a:1/p?q HTTP/1.1\r\nHost: a:1\r\nProxy-Connection: keep-alive\r\nPro: 1\r\n\r\n";
  let passed = "";
  for (const byte of `${head}${head.replace("/p?q", "?q")}`)
    passed += follower.push(Buffer.from(byte)).toString();
  const rest = "HTTP/1.1\r\nHost: a:1\r\nPro: 1\r\n\r\n";
  assert.equal(passed, `GET /p?q ${rest}GET /?q ${rest}`);
});
