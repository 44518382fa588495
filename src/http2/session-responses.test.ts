import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Harness } from "../../test/http2/peer.js";
import { block, data, greeting, head, padded, trailers } from "../../test/http2/server-frames.js";
import { Headers, headersFromBlock } from "../message/index.js";
import { frameHeader, headersFrames, rstStreamFrame } from "./frame-writer.js";
import type { ResponseHead } from "./response-head.js";

/** A session with one request under way on stream 1, and its SETTINGS exchanged. */
function asked(method = "GET", options: { maxHeaderBytes?: number } = {}): Harness {
  const harness = new Harness(options);
  harness.get("a", { method });
  harness.feed(greeting());
  harness.sent();
  harness.events();
  return harness;
}

/** What a malformed response does: RST_STREAM with the code, the request fails, the connection lives. */
function refused(harness: Harness, code: number, rest = ""): string {
  assert.equal(harness.error, undefined);
  assert.deepEqual(harness.events().slice(-2), ["a: closed", `a: failed client ${code} perhaps`]);
  assert.deepEqual(harness.sent(), [`RST 1 ${code}`]);
  assert.equal(harness.session.active, 0);
  harness.get("b");
  harness.sent();
  harness.feed(rest, head(3, 204, [], true));
  assert.deepEqual(harness.events(), ['b: headers "204\\r\\n" end', "b: closed", "b: ended"]);
  return harness.failures.get("a")?.error.message ?? "";
}

describe("Http2Session: a response", () => {
  test("headers, data, ended: in order, the place free before the end is said", () => {
    const harness = asked();
    harness.feed(head(1, 200, ["content-type", "text/plain"]), data(1, "hel"), data(1, "lo", true));
    assert.deepEqual(harness.events(), [
      'a: headers "200\\r\\ncontent-type: text/plain\\r\\n"',
      "a: closed",
      "a: ended",
    ]);
    assert.equal(harness.bodies.get("a"), "hello");
    assert.equal(harness.session.active, 0);
    assert.deepEqual(harness.sent(), []);
  });

  test("headers: has HTTP/1.1's lazy form, which Headers reads", () => {
    const harness = asked();
    let headers = new Headers();
    harness.headers = (_stream, given: ResponseHead) => {
      headers = headersFromBlock(given.block, given.headersStart);
      assert.equal(given.block.slice("HTTP/1.1 200 ".length, given.headersStart - 2), "");
    };
    harness.feed(head(1, 200, ["a", "1", "set-cookie", "x", "b", "\xe9 2", "set-cookie", "y", "a", "3"]));
    assert.deepEqual(
      [headers.get("A"), headers.get("b"), headers.getSetCookie(), headers.get("c")],
      ["1, 3", "\xe9 2", ["x", "y"], null],
    );
    assert.equal([...headers].length, 4 + 0);
  });

  test("trailers: come before the end, without fields that mean nothing there", () => {
    const harness = asked();
    harness.feed(head(1, 200), data(1, "x"), trailers(1, ["x-sum", "1", "content-length", "9"]));
    assert.deepEqual(harness.events(), [
      'a: headers "200\\r\\n"',
      'a: trailers "x-sum: 1\\r\\n"',
      "a: closed",
      "a: ended",
    ]);
  });

  test("informational: any number up to 100, then the final head", () => {
    const harness = asked();
    harness.feed(head(1, 103, ["link", "<a>"]).repeat(100), head(1, 200, [], true));
    const events = harness.events();
    assert.equal(events.length, 103);
    assert.equal(events[99], "a: informational 103");
    assert.equal(events[100], 'a: headers "200\\r\\n" end');
  });

  test("headers: a HEAD, a 204 and a 304 may have a content-length and no body", () => {
    for (const [method, status] of [
      ["HEAD", 200],
      ["GET", 204],
      ["GET", 304],
    ] as const) {
      const harness = asked(method);
      harness.feed(head(1, status, ["content-length", "10"]), data(1, "", true));
      assert.deepEqual(harness.events().slice(1), ["a: closed", "a: ended"]);
    }
  });

  test("data: padding is no part of the body", () => {
    const harness = asked();
    harness.feed(
      head(1, 200, ["content-length", "5"]),
      padded(1, "hel", 200),
      padded(1, "lo", 0),
      padded(1, "", 9, true),
    );
    assert.equal(harness.bodies.get("a"), "hello");
    assert.equal(harness.events().at(-1), "a: ended");
  });

  test("headers: priority, padding and CONTINUATION change nothing", () => {
    const harness = asked();
    const fields = block([":status", "200", "a", "b"]);
    const frame = `${frameHeader(1, 0x29, 1, fields.length + 6 + 3 - 2)}\x03\0\0\0\0\x10${fields.slice(0, -2)}\0\0\0`;
    const rest = frameHeader(9, 4, 1, 2) + fields.slice(-2);
    harness.feed(frame, rest);
    assert.deepEqual(harness.events(), ['a: headers "200\\r\\na: b\\r\\n" end', "a: closed", "a: ended"]);
  });

  test("received: makes the same of a response wherever the reads are cut", () => {
    const octets = Buffer.from(
      greeting(3, 9) +
        head(1, 103, ["a", "b"]) +
        headersFrames(1, block([":status", "200", "long", "x".repeat(50)]), false, 20) +
        data(1, "hello") +
        padded(1, "world", 3) +
        trailers(1, ["t", "u"]) +
        head(3, 200, ["content-length", "2"]) +
        data(3, "ok", true),
      "latin1",
    );
    const run = (cuts: readonly number[]): unknown => {
      const harness = new Harness();
      harness.get("a");
      harness.get("b");
      harness.sent();
      let from = 0;
      for (const to of [...cuts, octets.length]) {
        const shared = Buffer.from(octets.subarray(from, to));
        harness.session.received(shared, 0, shared.length, 0);
        shared.fill(0xee);
        from = to;
      }
      return [harness.events(), [...harness.bodies], harness.sent()];
    };
    const whole = run([]);
    for (let cut = 1; cut < octets.length; cut++) assert.deepEqual(run([cut]), whole, `cut at ${cut}`);
    assert.deepEqual(run(Array.from({ length: octets.length - 1 }, (_, i) => i + 1)), whole);
  });
});

describe("Http2Session: a malformed response ends its stream alone", () => {
  for (const [what, frames, words] of [
    ["no :status", headersFrames(1, block(["a", "b"]), false, 99), /no :status/],
    ["an empty block", headersFrames(1, "", true, 99), /no :status/],
    [
      "two :status",
      headersFrames(1, block([":status", "200", ":status", "200"]), false, 99),
      /:status appears twice/,
    ],
    [
      ":status after a field",
      headersFrames(1, block(["a", "b", ":status", "200"]), false, 99),
      /after other fields/,
    ],
    ["a :status of two digits", head(1, "20"), /:status is "20"/],
    ["a :status of four", head(1, "2000"), /:status is "2000"/],
    ["a :status that is no number", head(1, "2 0"), /:status is "2 0"/],
    ["a :status with a space", head(1, " 200"), /:status is " 200"/],
    ["an empty :status", head(1, ""), /:status is ""/],
    ["a :status of 000", head(1, "000"), /:status is "000"/],
    [":path", head(1, 200, [":path", "/"]), /":path", which is not allowed in a response/],
    [":unknown", head(1, 200, [":unknown", "x"]), /which is not allowed in a response/],
    ["a lone colon", head(1, 200, [":", "x"]), /which is not allowed in a response/],
    ["101", head(1, 101), /101, which HTTP\/2 does not have/],
    ["a 1xx that ends the stream", head(1, 103, [], true), /ends with the status 103/],
    [
      "a name in upper case",
      head(1, 200, ["Content-Type", "x"]),
      /"Content-Type" is not a lower-case field name/,
    ],
    ["a name with a space", head(1, 200, ["a b", "x"]), /"a b" is not a lower-case field name/],
    ["a name with a colon", head(1, 200, ["a:b", "x"]), /"a:b" is not a lower-case field name/],
    ["a name with NUL", head(1, 200, ["a\0", "x"]), /is not a lower-case field name/],
    ["a name with DEL", head(1, 200, ["a\x7f", "x"]), /is not a lower-case field name/],
    ["a name beyond ASCII", head(1, 200, ["a\xe9", "x"]), /"a\\xe9" is not a lower-case field name/],
    ["an empty name", head(1, 200, ["", "x"]), /empty name/],
    ["NUL in a value", head(1, 200, ["a", "x\0y"]), /value of a contains a control character/],
    ["CR in a value", head(1, 200, ["a", "x\ry"]), /control character/],
    ["LF in a value", head(1, 200, ["a", "x\ny"]), /control character/],
    ["CR LF at a value's end", head(1, 200, ["a", "x\r\n"]), /control character/],
    ["DEL in a value", head(1, 200, ["a", "\x7f"]), /control character/],
    ["connection", head(1, 200, ["connection", "close"]), /field connection/],
    ["keep-alive", head(1, 200, ["keep-alive", "5"]), /field keep-alive/],
    ["proxy-connection", head(1, 200, ["proxy-connection", "x"]), /field proxy-connection/],
    ["transfer-encoding", head(1, 200, ["transfer-encoding", "chunked"]), /field transfer-encoding/],
    ["upgrade", head(1, 200, ["upgrade", "x"]), /field upgrade/],
    [
      "two content-lengths",
      head(1, 200, ["content-length", "1", "content-length", "2"]),
      /content-length appears twice/,
    ],
    [
      "two equal ones",
      head(1, 200, ["content-length", "1", "content-length", "1"]),
      /content-length appears twice/,
    ],
    ["a list of content-lengths", head(1, 200, ["content-length", "1, 1"]), /content-length is "1, 1"/],
    ["a negative content-length", head(1, 200, ["content-length", "-1"]), /content-length is "-1"/],
    ["an empty content-length", head(1, 200, ["content-length", ""]), /content-length is ""/],
    [
      "a content-length above 2^53-1",
      head(1, 200, ["content-length", "9007199254740992"]),
      /content-length is/,
    ],
    ["a content-length and no body", head(1, 200, ["content-length", "1"], true), /ends 1 bytes before/],
    [
      "a body shorter than its length",
      head(1, 200, ["content-length", "3"]) + data(1, "ab", true),
      /ends 1 bytes before/,
    ],
    [
      "the same with trailers",
      head(1, 200, ["content-length", "3"]) + data(1, "ab") + trailers(1, ["a", "b"]),
      /ends 1 bytes/,
    ],
    ["a body longer than its length", head(1, 200, ["content-length", "3"]) + data(1, "abcd"), /longer than/],
    ["a body before its head", data(1, "x"), /body came before its head/],
    ["a body after a 1xx alone", head(1, 103) + data(1, "x", true), /body came before its head/],
    ["a body with 204", head(1, 204) + data(1, "x", true), /status 204 must not have a body/],
    ["a body with 304", head(1, 304) + data(1, "x", true), /status 304 must not have a body/],
    ["a second head", head(1, 200) + head(1, 200), /trailers have a :status/],
    [
      "trailers that do not end it",
      head(1, 200) + trailers(1, ["a", "b"], false),
      /second head that does not end the stream/,
    ],
    [
      "a pseudo-field in trailers",
      head(1, 200) + trailers(1, [":path", "/"]),
      /which is not allowed in a response/,
    ],
    ["a bad name in trailers", head(1, 200) + trailers(1, ["A", "b"]), /is not a lower-case field name/],
  ] as const) {
    test(`refuses ${what}`, () => {
      const harness = asked();
      harness.feed(frames);
      assert.match(refused(harness, 1), words);
    });
  }

  test("judges a body by its frame, however little of it has come", () => {
    const harness = asked();
    harness.feed(head(1, 200, ["content-length", "3"]), data(1, "abcd").slice(0, 11));
    assert.match(refused(harness, 1, "cd"), /longer than/);
    assert.equal(harness.bodies.get("a"), undefined);
  });

  test("refuses a body of a response to HEAD", () => {
    const harness = asked("HEAD");
    harness.feed(head(1, 200), data(1, "x", true));
    assert.match(refused(harness, 1), /response to HEAD with status 200 must not have a body/);
  });

  test("takes white space at the ends of a value for what it is", () => {
    const harness = asked();
    harness.feed(head(1, 200, ["a", " \tx ", "content-length", " 2 "]), data(1, "ok", true));
    assert.equal(harness.events().at(-1), "a: ended");
  });

  test("the tables of both ends stay the same when a response is malformed", () => {
    const harness = asked();
    const indexed = "\x40\x03x-a\x011";
    harness.feed(headersFrames(1, `\x88${block(["BAD", "x"])}${indexed}`, true, 99));
    refused(harness, 1);
    harness.get("c");
    harness.sent();
    harness.feed(headersFrames(5, "\x88\xbe", true, 99));
    assert.equal(harness.events()[0], 'c: headers "200\\r\\nx-a: 1\\r\\n" end');
  });
});

describe("Http2Session: limits of a response's head", () => {
  test("maxHeaderBytes: fails its request alone, and counts 32 for each field", () => {
    const fits = asked("GET", { maxHeaderBytes: 100 });
    fits.feed(head(1, 200, ["a", "x".repeat(25)], true)); // 42 and 58
    assert.equal(fits.events().at(-1), "a: ended");
    const harness = asked("GET", { maxHeaderBytes: 100 });
    harness.feed(head(1, 200, ["a", "x".repeat(26)], true));
    assert.match(refused(harness, 11), /headers exceed 100 bytes/);
    assert.equal(harness.failures.get("a")?.error.limit, true);
    const empty = asked("GET", { maxHeaderBytes: 100 });
    empty.feed(head(1, 200, ["a", "", "b", "", "c", ""], true));
    refused(empty, 11);
  });

  test("maxHeaderBytes: bounds 1xx, head and trailers together", () => {
    const harness = asked("GET", { maxHeaderBytes: 200 });
    harness.feed(head(1, 103), head(1, 103), head(1, 200, [], false));
    assert.deepEqual(harness.events().length, 3);
    harness.feed(trailers(1, ["a", "x".repeat(50)]));
    refused(harness, 11);
  });

  test("a bomb of one-octet references costs no memory and its request alone", () => {
    const harness = asked();
    const entry = `\x40\x01a\x7f\xa1\x1e${"v".repeat(4_000)}`;
    harness.feed(headersFrames(1, `\x88${entry}${"\xbe".repeat(12_000)}`, true, 16_384));
    assert.match(refused(harness, 11), /exceed 65536 bytes/);
  });

  test("at most 1,000 fields", () => {
    const harness = asked("GET", { maxHeaderBytes: 1_000_000 });
    harness.feed(headersFrames(1, `\x88${"\x90".repeat(1_000)}`, true, 16_384));
    assert.match(refused(harness, 11), /more than 1000 header fields/);
    const fits = asked("GET", { maxHeaderBytes: 1_000_000 });
    fits.feed(headersFrames(1, `\x88${"\x90".repeat(999)}`, true, 16_384));
    assert.equal(fits.events().at(-1), "a: ended");
  });

  test("at most 100 informational responses", () => {
    const harness = asked();
    harness.feed(head(1, 100).repeat(101));
    assert.match(refused(harness, 11), /more than 100 informational/);
  });
});

describe("Http2Session: who ends first", () => {
  function posting(): Harness {
    const harness = new Harness();
    const stream = harness.post("a");
    harness.feed(greeting());
    harness.session.send(stream, Buffer.from("12345"), false);
    harness.sent();
    harness.events();
    return harness;
  }

  test("a response that ends before its request is complete, and so stays the rest of the upload", () => {
    const harness = posting();
    harness.feed(head(1, 200, [], true));
    assert.deepEqual(harness.events(), ['a: headers "200\\r\\n" end', "a: ended"]);
    assert.equal(harness.session.active, 1);
  });

  test("RST_STREAM after a complete response only stops the upload, whatever its code", () => {
    for (const code of [0, 8, 2]) {
      const harness = posting();
      harness.feed(head(1, 200, ["a", "b"]), data(1, "all", true), rstStreamFrame(1, code));
      assert.deepEqual(harness.events().slice(1), ["a: ended", "a: closed"]);
      assert.equal(harness.bodies.get("a"), "all");
      assert.equal(harness.session.active, 0);
    }
  });

  test("the end of the upload closes a stream whose response is complete", () => {
    const harness = posting();
    const streams: unknown[] = [];
    harness.onEvent = (_line, stream) => streams.push(stream);
    harness.feed(head(1, 200, [], true));
    harness.session.end(streams[0] as Parameters<typeof harness.session.end>[0]);
    assert.deepEqual(harness.sent(), ["DATA 1 0 end"]);
    assert.equal(harness.events().at(-1), "a: closed");
  });

  test("DATA or HEADERS after the response's end resets the stream, and the response stays complete", () => {
    for (const frame of [data(1, "x"), head(1, 200), trailers(1, ["a", "b"])]) {
      const harness = posting();
      harness.feed(head(1, 200, [], true), frame);
      assert.deepEqual(harness.events().slice(1), ["a: ended", "a: closed"]);
      assert.deepEqual(harness.sent(), ["RST 1 5"]);
      assert.equal(harness.error, undefined);
    }
  });
});
