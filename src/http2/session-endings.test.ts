import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Harness } from "../../test/http2/peer.js";
import { data, greeting, head, trailers } from "../../test/http2/server-frames.js";
import {
  frameHeader,
  goAwayFrame,
  headersFrames,
  pingFrame,
  rstStreamFrame,
  SETTINGS_ACK,
  settingsFrame,
  windowUpdateFrame,
} from "./frame-writer.js";
import type { Http2Stream } from "./stream.js";

const LAST = 0x7fffffff;

/** Requests under way on streams 1, 3 and 5, SETTINGS exchanged. */
function busy(): { harness: Harness; streams: Http2Stream<string>[] } {
  const harness = new Harness();
  const streams = ["a", "b", "c"].map((owner) => harness.get(owner));
  harness.sent();
  harness.feed(greeting(), SETTINGS_ACK);
  harness.sent();
  harness.events();
  return { harness, streams };
}

describe("Http2Session: RST_STREAM by the server", () => {
  for (const [code, reach, error] of [
    [7, "refused", "ERR_TRUNKLINE_STREAM_REFUSED"],
    [8, "perhaps", "ERR_TRUNKLINE_STREAM_RESET"],
    [0, "perhaps", "ERR_TRUNKLINE_STREAM_RESET"],
    [13, "perhaps", "ERR_TRUNKLINE_STREAM_RESET"],
    [0xabcdef12, "perhaps", "ERR_TRUNKLINE_STREAM_RESET"],
  ] as const) {
    test(`code ${code} before the response: ${reach}`, () => {
      const { harness } = busy();
      harness.feed(rstStreamFrame(3, code));
      assert.deepEqual(harness.events(), ["b: closed", `b: failed server ${code} ${reach}`]);
      assert.equal(harness.failures.get("b")?.error.code, error);
      assert.deepEqual(harness.sent(), [], "a reset is not answered");
      assert.equal(harness.session.active, 2);
    });
  }

  test("within a response it is the response that fails, REFUSED_STREAM too", () => {
    const { harness } = busy();
    harness.feed(head(1, 200), data(1, "x"), rstStreamFrame(1, 7));
    assert.equal(harness.events().at(-1), "a: failed server 7 perhaps");
    assert.match(
      harness.failures.get("a")?.error.message ?? "",
      /in the middle of its 200 response, with REFUSED_STREAM/,
    );
  });

  test("on a closed stream it means nothing", () => {
    const { harness } = busy();
    harness.feed(head(1, 200, [], true), rstStreamFrame(1, 8), windowUpdateFrame(1, 1));
    assert.equal(harness.error, undefined);
    assert.deepEqual(harness.sent(), []);
  });
});

describe("Http2Session: GOAWAY by the server", () => {
  test("spares what it has taken, hands back the rest, and takes no more", () => {
    const { harness } = busy();
    harness.get("d");
    harness.feed(goAwayFrame(3, 0, "bye\x01\xff"));
    assert.deepEqual(harness.events(), [
      'goaway 3 0 "bye.."',
      "c: closed",
      "c: failed server 0 spared",
      "d: closed",
      "d: failed server 0 unsent",
    ]);
    assert.deepEqual(
      [harness.session.accepting, harness.session.capacity, harness.session.active],
      [false, 0, 2],
    );
    harness.feed(head(1, 200, [], true), head(3, 200, [], true));
    assert.equal(harness.session.active, 0);
    harness.get("e");
    assert.deepEqual(harness.sent(), []);
    assert.equal(harness.events().at(-1), "e: failed client 7 unsent");
  });

  test("in two steps: the second says which", () => {
    const { harness } = busy();
    harness.feed(goAwayFrame(LAST, 0, ""));
    assert.deepEqual(harness.events(), [`goaway ${LAST} 0 ""`]);
    harness.feed(goAwayFrame(1, 0, ""));
    assert.deepEqual(harness.events().slice(1), [
      "b: closed",
      "b: failed server 0 spared",
      "c: closed",
      "c: failed server 0 spared",
    ]);
    harness.feed(goAwayFrame(5, 0, ""));
    assert.deepEqual(harness.events(), ['goaway 1 0 ""'], "it cannot grow");
  });

  test("a code other than 0 hands back the same streams, and says what it is", () => {
    const { harness } = busy();
    harness.feed(goAwayFrame(1, 11, "too_many_pings"));
    assert.match(
      harness.failures.get("b")?.error.message ?? "",
      /GOAWAY with ENHANCE_YOUR_CALM, last stream 1 and the message "too_many_pings"; it considers/,
    );
    assert.equal(harness.session.active, 1);
  });

  test("a stream whose response is complete is not handed back", () => {
    const harness = new Harness();
    harness.post("a");
    harness.sent();
    harness.feed(greeting(), head(1, 200, [], true), goAwayFrame(0, 0, ""));
    assert.deepEqual(harness.events().slice(2), ["a: ended", 'goaway 0 0 ""', "a: closed"]);
  });

  test("as the first frame it is reported, not its place", () => {
    const harness = new Harness();
    harness.get("a");
    harness.sent();
    harness.feed(goAwayFrame(0, 1, "wrong protocol"));
    assert.deepEqual(harness.events(), [
      'goaway 0 1 "wrong protocol"',
      "a: closed",
      "a: failed server 1 refused",
    ]);
  });
});

describe("Http2Session: ends of this side", () => {
  test("goAway: says it once, opens no more, goes on with what is open", () => {
    const { harness } = busy();
    harness.session.goAway(0, "bye");
    harness.session.goAway(0);
    assert.deepEqual(harness.sent(), ["GOAWAY 0 0"]);
    assert.equal(harness.session.accepting, false);
    harness.feed(head(1, 200, [], true));
    assert.equal(harness.events().at(-1), "a: ended");
  });

  test("cancel: resets, and its place is free at once where the server has shown life since", () => {
    const { harness, streams } = busy();
    harness.session.cancel(streams[0] as Http2Stream<string>, harness.now);
    harness.session.cancel(streams[0] as Http2Stream<string>, harness.now);
    assert.deepEqual(harness.sent(), ["RST 1 8"]);
    assert.deepEqual(harness.events(), ["a: closed"]);
    assert.equal(harness.session.resetsLeft(harness.now), 99);
  });

  test("cancel: where the server is silent, its place is free when a PING is answered", () => {
    const { harness } = busy();
    const stream = harness.get("d");
    harness.sent();
    harness.session.cancel(stream, harness.now);
    const [reset, ping] = harness.out();
    assert.deepEqual([reset?.type, ping?.type], ["RST", "PING"]);
    assert.deepEqual([harness.events(), harness.session.active], [[], 4]);
    harness.feed(pingFrame(ping?.payload.toString("latin1") ?? "", true));
    assert.deepEqual([harness.events()[0], harness.session.active], ["d: closed", 3]);
  });

  test("resetsLeft: a hundred, and ten more a second", () => {
    const harness = new Harness();
    harness.feed(greeting());
    for (let i = 0; i < 99; i++) harness.get("x");
    harness.sent();
    harness.feed(pingFrame("12345678", false));
    for (const id of [1, 3, 5]) harness.feed(head(id, 200));
    const streams: Http2Stream<string>[] = [];
    for (let i = 0; i < 101; i++) streams.push(harness.get("y"));
    harness.sent();
    harness.feed(pingFrame("12345678", false));
    for (const stream of streams) harness.session.cancel(stream, harness.now);
    assert.equal(harness.session.resetsLeft(harness.now), 0);
    assert.equal(harness.session.resetsLeft(harness.now + 500), 5);
    assert.equal(harness.session.resetsLeft(harness.now + 60_000), 100);
  });

  test("late frames on a stream that was reset are no surprise, and their header blocks are decoded", () => {
    const { harness, streams } = busy();
    harness.session.cancel(streams[0] as Http2Stream<string>, harness.now);
    harness.sent();
    harness.feed(headersFrames(1, "\x88\x40\x03x-a\x011", false, 99), data(1, "x"), trailers(1, ["a", "b"]));
    harness.feed(rstStreamFrame(1, 8), windowUpdateFrame(1, 5), headersFrames(3, "\x88\xbe", true, 99));
    assert.deepEqual(harness.sent(), []);
    assert.deepEqual(harness.events().slice(1), [
      'b: headers "200\\r\\nx-a: 1\\r\\n" end',
      "b: closed",
      "b: ended",
    ]);
  });

  test("frames on a stream that both sides have ended are an error of the connection", () => {
    for (const frame of [data(1, "x"), head(1, 200), trailers(1, ["a", "b"])]) {
      const { harness } = busy();
      harness.feed(head(1, 200, [], true), frame);
      assert.deepEqual(harness.sent(), ["GOAWAY 0 5"]);
      assert.match(harness.fault()?.message ?? "", /frame on stream 1 after it had ended it/);
    }
  });

  test("frames on a stream that the server has reset, or that is long gone, are answered with STREAM_CLOSED, once", () => {
    for (const frame of [data(1, "x"), head(1, 200), trailers(1, ["a", "b"])]) {
      const { harness } = busy();
      harness.feed(rstStreamFrame(1, 8), frame, frame, data(1, "y"));
      assert.deepEqual(harness.sent(), ["RST 1 5"]);
      assert.equal(harness.error, undefined);
    }
    const { harness } = busy();
    harness.feed(head(1, 200, [], true));
    for (let i = 0; i < 64; i++) {
      const stream = harness.get("x");
      harness.sent();
      harness.feed(head(stream.id, 200, [], true));
    }
    harness.feed(data(1, "x"));
    assert.deepEqual(harness.sent(), ["RST 1 5"]);
    assert.equal(harness.error, undefined);
  });

  test("abandon: gives back all that is open, and nothing more happens", () => {
    const { harness, streams } = busy();
    const unsent = harness.get("d");
    assert.deepEqual(harness.session.abandon(), [...streams, unsent]);
    harness.feed(head(1, 200, [], true), data(3, "x"));
    assert.deepEqual([harness.events(), harness.session.active, harness.session.hasOutput], [[], 0, false]);
    assert.ok(streams.every(({ over }) => over));
  });

  test("abandon: from within an effect stops the read", () => {
    const { harness } = busy();
    harness.onEvent = () => harness.session.abandon();
    harness.feed(head(1, 200), data(1, "x", true), head(3, 200));
    assert.deepEqual(harness.events(), ['a: headers "200\\r\\n"']);
  });

  test("cancel: from within data drops the rest of the frame", () => {
    const { harness } = busy();
    harness.onData = (stream) => harness.session.cancel(stream, harness.now);
    harness.feed(
      head(1, 200, ["content-length", "10"]),
      data(1, "x"),
      data(1, "y", true),
      head(3, 200, [], true),
    );
    assert.equal(harness.bodies.get("a"), "x");
    assert.deepEqual(harness.events().slice(1), [
      "a: closed",
      'b: headers "200\\r\\n" end',
      "b: closed",
      "b: ended",
    ]);
  });
});

describe("Http2Session: errors of the connection", () => {
  for (const [what, frames, code, words] of [
    ["a first frame that is no SETTINGS", pingFrame("12345678", false), 1, /began with a PING frame/],
    ["a first frame that acknowledges", SETTINGS_ACK, 1, /began with an acknowledgement of SETTINGS/],
    ["HTTP/1.1", "HTTP/1.1 400 Bad Request\r\n\r\n", 1, /answered in HTTP\/1\.1/],
    ["a TLS alert", "\x15\x03\x03\0\x02\x02\x28", 1, /not HTTP\/2/],
  ] as const) {
    test(`begins with ${what}`, () => {
      const harness = new Harness();
      harness.get("a");
      harness.sent();
      harness.feed(frames);
      assert.equal(harness.error?.http2Code, code);
      assert.match(harness.error?.message ?? "", words);
      assert.deepEqual(harness.sent(), [`GOAWAY 0 ${code}`]);
    });
  }

  const header = (name: string): string => headersFrames(1, name, true, 99);
  for (const [what, frames, code] of [
    ["DATA on an idle stream", data(9, "x"), 1],
    ["HEADERS on an idle stream", head(9, 200), 1],
    ["HEADERS on an even stream", head(2, 200), 1],
    ["DATA on an even stream", data(2, "x"), 1],
    ["RST_STREAM on an idle stream", rstStreamFrame(9, 8), 1],
    ["WINDOW_UPDATE on an idle stream", windowUpdateFrame(9, 1), 1],
    ["PRIORITY of 4 octets on an idle stream", `${frameHeader(2, 0, 9, 4)}\0\0\0\0`, 6],
    ["WINDOW_UPDATE of 0 for the connection", windowUpdateFrame(0, 0), 1],
    ["a window of the connection above 2^31-1", windowUpdateFrame(0, LAST), 3],
    ["ENABLE_PUSH of 1", settingsFrame([2, 1]), 1],
    ["ENABLE_PUSH of 2", settingsFrame([2, 2]), 1],
    ["an initial window above 2^31-1", settingsFrame([4, 0x80000000]), 3],
    ["MAX_FRAME_SIZE of 0", settingsFrame([5, 0]), 1],
    ["MAX_FRAME_SIZE of 16,383", settingsFrame([5, 16_383]), 1],
    ["MAX_FRAME_SIZE of 2^24", settingsFrame([5, 16_777_216]), 1],
    ["ENABLE_CONNECT_PROTOCOL of 2", settingsFrame([8, 2]), 1],
    ["ENABLE_CONNECT_PROTOCOL taken back", settingsFrame([8, 1, 8, 0]), 1],
    ["more than 32 settings", settingsFrame(Array.from({ length: 66 }, () => 99)), 11],
    ["an acknowledgement too many", SETTINGS_ACK, 1],
    ["a block that cannot be decoded", header("\xff"), 9],
    ["a table size update above the limit", header("\x3f\xe2\x1f\x88"), 9],
    ["PUSH_PROMISE", `${frameHeader(5, 4, 1, 5)}\0\0\0\x02\x88`, 1],
    ["a block without an end", headersFrames(1, "\x88", false, 99).replace("\x04", "\0") + data(1, "x"), 1],
    ["a frame that is too large", frameHeader(0x42, 0, 0, 20_000), 6],
  ] as const) {
    test(`ends over ${what}, with code ${code}`, () => {
      const { harness, streams } = busy();
      harness.feed(frames, head(1, 200));
      assert.deepEqual(harness.events(), [`connection failed ${code}`]);
      assert.deepEqual(harness.sent(), [`GOAWAY 0 ${code}`]);
      assert.equal(harness.error?.scope, "connection");
      assert.match(harness.error?.message ?? "", /^The server.*[^.]$/);
      assert.deepEqual([harness.session.accepting, harness.session.capacity], [false, 0]);
      assert.deepEqual(harness.session.abandon(), streams);
    });
  }

  test("a block of a cancelled stream that cannot be decoded ends the connection too", () => {
    const { harness, streams } = busy();
    harness.session.cancel(streams[0] as Http2Stream<string>, harness.now);
    harness.feed(header("\xff"));
    assert.equal(harness.error?.http2Code, 9);
  });

  for (const [what, frames, expected] of [
    ["WINDOW_UPDATE of 0", windowUpdateFrame(1, 0), "RST 1 1"],
    ["a window above 2^31-1", windowUpdateFrame(1, LAST), "RST 1 3"],
    ["PRIORITY of 4 octets", `${frameHeader(2, 0, 1, 4)}\0\0\0\0`, "RST 1 6"],
  ] as const) {
    test(`resets the stream alone over ${what}`, () => {
      const { harness } = busy();
      harness.feed(frames, head(3, 200, [], true));
      assert.deepEqual(harness.sent(), [expected]);
      assert.equal(harness.events().at(-1), "b: ended");
    });
  }

  test("a PRIORITY of 4 octets on a closed stream resets it again", () => {
    const { harness } = busy();
    harness.feed(head(1, 200, [], true), `${frameHeader(2, 0, 1, 4)}\0\0\0\0`.repeat(2));
    assert.deepEqual(harness.sent(), ["RST 1 6"]);
  });

  test("ignores what it does not know, and PRIORITY in any state", () => {
    const { harness } = busy();
    harness.feed(
      settingsFrame([0x1a2a, 1, 9, 1, 3, 50]),
      `${frameHeader(0x2a, 0xff, 7, 2)}xx`,
      frameHeader(0x0a, 0, 0, 0),
    );
    harness.feed(frameHeader(0x0c, 0, 0, 0), `${frameHeader(0x10, 0, 0, 4)}\0\0\0\x01`);
    for (const id of [1, 2, 9]) harness.feed(`${frameHeader(2, 0, id, 5)}\0\0\0\0\0`);
    assert.equal(harness.error, undefined);
    assert.equal(harness.session.limit, 50);
  });

  test("answers PING first and SETTINGS once each", () => {
    const { harness } = busy();
    harness.feed(settingsFrame([]), settingsFrame([]), pingFrame("abcdefgh", false));
    const sent = harness.out();
    assert.deepEqual(
      sent.map(({ type, flags }) => `${type} ${flags}`),
      ["SETTINGS 1", "SETTINGS 1", "PING 1"],
    );
    assert.equal(sent[2]?.payload.toString(), "abcdefgh");
  });
});

describe("Http2Session: floods", () => {
  for (const [what, frame] of [
    ["PING", pingFrame("12345678", false)],
    ["PING acknowledgements", pingFrame("12345678", true)],
    ["SETTINGS", settingsFrame([3, 100])],
    ["RST_STREAM", rstStreamFrame(1, 8)],
    ["empty DATA", data(1, "")],
    ["DATA of padding", `${frameHeader(0, 8, 1, 3)}\x02\0\0`],
    ["WINDOW_UPDATE", windowUpdateFrame(0, 1)],
    ["PRIORITY", `${frameHeader(2, 0, 1, 5)}\0\0\0\0\0`],
    ["unknown frames", frameHeader(0x42, 0, 0, 0)],
    ["GOAWAY", goAwayFrame(LAST, 0, "")],
  ] as const) {
    test(`more than 1,000 ${what} end the connection, a thousand do not`, () => {
      const { harness } = busy();
      harness.feed(head(1, 200));
      harness.feed(frame.repeat(1_000));
      assert.equal(harness.error, undefined);
      harness.feed(frame);
      assert.deepEqual([harness.fault()?.http2Code, harness.fault()?.limit], [11, true]);
      assert.equal(harness.fault()?.code, "ERR_TRUNKLINE_HTTP2_FLOOD");
      assert.deepEqual(harness.sent(), ["GOAWAY 0 11"]);
    });
  }

  test("more than 100,000 DATA frames of an octet each at once end the connection", () => {
    const { harness } = busy();
    harness.feed(head(1, 200));
    harness.feed(data(1, "x").repeat(100_000));
    assert.equal(harness.error, undefined);
    harness.feed(data(1, "x"));
    assert.deepEqual([harness.fault()?.http2Code, harness.fault()?.limit], [11, true]);
    assert.equal(harness.fault()?.code, "ERR_TRUNKLINE_HTTP2_FLOOD");
  });

  test("bodies that come octet by octet for hours, or word by word as fast as can be, are no flood", () => {
    const { harness } = busy();
    harness.feed(head(1, 200));
    for (let i = 0; i < 250; i++) {
      harness.now += 200;
      harness.feed(data(1, "x").repeat(1_000));
    }
    assert.equal(harness.error, undefined);
    const other = busy().harness;
    other.feed(head(1, 200));
    other.feed(data(1, "some word").repeat(29_000));
    assert.equal(other.error, undefined);
  });

  test("a header block or an octet of a body between them begins the count anew", () => {
    const { harness } = busy();
    harness.feed(head(1, 200));
    for (const between of [data(1, "x"), head(3, 103), data(1, "y")]) {
      harness.feed(windowUpdateFrame(0, 1).repeat(1_000), between);
    }
    assert.equal(harness.error, undefined);
  });

  test("a large upload, for which a server sends thousands of updates, is not a flood", () => {
    const { harness } = busy();
    const stream = harness.post("up");
    for (let i = 0; i < 500; i++) {
      harness.session.send(stream, Buffer.alloc(16_000), false);
      harness.sent();
      harness.feed(windowUpdateFrame(0, 8_000).repeat(2), windowUpdateFrame(stream.id, 8_000).repeat(2));
    }
    assert.equal(harness.error, undefined);
  });

  test("a sign of life now and then does not add up", () => {
    const { harness } = busy();
    for (let i = 0; i < 3_000; i++) {
      harness.now += 10_000;
      harness.feed(pingFrame("12345678", false));
      harness.sent();
    }
    assert.equal(harness.error, undefined);
  });

  test("a server that makes us reset stream after stream ends with the connection", () => {
    const harness = new Harness();
    harness.sent();
    harness.feed(greeting());
    let resets = 0;
    for (let i = 0; i < 150 && harness.error === undefined; i++) {
      const stream = harness.get("x");
      harness.sent();
      harness.feed(head(stream.id, 101));
      resets++;
    }
    assert.deepEqual([resets, harness.error?.http2Code, harness.error?.limit], [101, 11, true]);
  });
});
