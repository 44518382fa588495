import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Harness } from "../../test/http2/peer.js";
import { data, greeting, head, padded } from "../../test/http2/server-frames.js";
import {
  frameHeader,
  goAwayFrame,
  rstStreamFrame,
  SETTINGS_ACK,
  settingsFrame,
  windowUpdateFrame,
} from "./frame-writer.js";
import type { SessionOptions } from "./session-contract.js";
import type { Http2Stream } from "./stream.js";

const WINDOW = 262_144;
const BLOCK = "x".repeat(16_384);

function downloading(options: Partial<SessionOptions> = {}): {
  harness: Harness;
  stream: Http2Stream<string>;
} {
  const harness = new Harness(options);
  const stream = harness.get("a");
  harness.sent();
  harness.feed(greeting(), SETTINGS_ACK, head(1, 200));
  harness.sent();
  harness.events();
  return { harness, stream };
}

describe("Http2Session: what the server may send", () => {
  test("a body that is read is credited at half the window", () => {
    const { harness, stream } = downloading();
    for (let i = 0; i < 7; i++) {
      harness.feed(data(1, BLOCK));
      harness.session.consumed(stream, BLOCK.length, harness.now);
    }
    assert.deepEqual(harness.sent(), []);
    harness.feed(data(1, BLOCK));
    harness.session.consumed(stream, BLOCK.length, harness.now);
    assert.deepEqual(harness.sent(), ["WINDOW 1 131072", "SETTINGS"]);
  });

  test("a body that nobody reads gets its first window and no more; the connection is not held up", () => {
    const { harness } = downloading({ maxConnectionWindow: 262_144 });
    for (let i = 0; i < 16; i++) harness.feed(data(1, BLOCK));
    assert.deepEqual(harness.sent(), ["WINDOW 0 131072", "WINDOW 0 131072"]);
    assert.equal(harness.session.unread, WINDOW);
    harness.feed(data(1, "x"));
    assert.equal(harness.failures.get("a")?.error.http2Code, 3);
    assert.deepEqual(harness.sent(), ["RST 1 3"]);
    assert.equal(harness.session.unread, 0);
  });

  test("the connection's window is given back whatever became of the octets", () => {
    const small = { maxConnectionWindow: 65_535 };
    const half = data(1, BLOCK) + data(1, BLOCK) + data(1, "");
    const half3 = half.replaceAll("\0\0\0\x01", "\0\0\0\x03");
    for (const [what, prepare] of [
      ["cancelled", (harness: Harness, stream: Http2Stream<string>) => harness.session.cancel(stream, 0)],
      ["reset by the server", (harness: Harness) => harness.feed(rstStreamFrame(1, 8))],
      ["malformed", (harness: Harness) => harness.feed(head(1, 200))],
      ["beyond GOAWAY", (harness: Harness) => harness.feed(goAwayFrame(0, 0, ""))],
    ] as const) {
      const { harness, stream } = downloading(small);
      prepare(harness, stream);
      harness.sent();
      harness.feed(half);
      const updates = harness.sent().filter((line) => line.startsWith("WINDOW 0"));
      assert.deepEqual(updates, ["WINDOW 0 32768"], what);
      assert.equal(harness.error, undefined);
    }
    const { harness } = downloading(small);
    harness.get("b", { method: "HEAD" });
    harness.sent();
    harness.feed(head(3, 200), half3);
    assert.deepEqual(
      harness.sent().filter((line) => line.startsWith("WINDOW")),
      ["WINDOW 0 32768"],
    );
  });

  test("padding counts against both windows, and is given back", () => {
    const { harness, stream } = downloading({ maxConnectionWindow: 65_535 });
    let given = 0;
    let connection = 0;
    for (let i = 0; i < 2_000; i++) {
      harness.feed(padded(1, "x", 255));
      harness.session.consumed(stream, 1, harness.now);
      for (const line of harness.sent()) {
        const [, id, octets] = line.split(" ");
        if (id === undefined) continue; // SETTINGS
        if (id === "0") connection += Number(octets);
        else given += Number(octets);
      }
    }
    assert.equal(harness.error, undefined);
    assert.ok(2_000 * 257 - given <= WINDOW / 2, `${given} octets of ${2_000 * 257} were given back`);
    assert.ok(2_000 * 257 - connection <= 32_768);
  });

  test("a connection that gets more than its window ends with FLOW_CONTROL_ERROR", () => {
    const { harness } = downloading({ maxConnectionWindow: 65_535, initialWindow: 300_000 });
    harness.session.takeOutput(0);
    // Updates that have not left do not count for the server, but are ours to send: so within one read it cannot tell.
    const error = (): number | undefined => harness.error?.http2Code;
    for (let i = 0; i < 40 && error() === undefined; i++) harness.feed(data(1, BLOCK));
    assert.equal(harness.failures.get("a")?.error.http2Code ?? error(), 3);
  });

  test("a small body, and the rest of one whose length is known, needs no update", () => {
    const { harness, stream } = downloading();
    harness.feed(data(1, BLOCK, true));
    harness.session.consumed(stream, BLOCK.length, harness.now);
    assert.deepEqual(harness.sent(), []);
    const other = harness.get("b");
    harness.sent();
    harness.feed(head(3, 200, ["content-length", String(WINDOW - 1)]));
    for (let i = 0; i < 15; i++) {
      harness.feed(data(3, BLOCK));
      harness.session.consumed(other, BLOCK.length, harness.now);
    }
    assert.deepEqual(harness.sent(), []);
  });

  test("a body as large as its window gets credit for its end: nghttp2 sends no END_STREAM at 0", () => {
    for (const readAt of ["each piece", "the end"] as const) {
      const { harness } = downloading();
      const stream = harness.get("b");
      harness.sent();
      harness.feed(head(3, 200, ["content-length", String(WINDOW)]));
      for (let i = 0; i < WINDOW / BLOCK.length; i++) {
        harness.feed(data(3, BLOCK));
        if (readAt === "each piece") harness.session.consumed(stream, BLOCK.length, harness.now);
      }
      if (readAt === "the end") harness.session.consumed(stream, WINDOW, harness.now);
      const grants = harness.sent().filter((line) => line.startsWith("WINDOW 3"));
      assert.deepEqual(grants, [`WINDOW 3 ${readAt === "each piece" ? WINDOW / 2 : WINDOW}`], readAt);
      harness.feed(data(3, "", true));
      assert.equal(harness.events().at(-1), "b: ended");
    }
  });

  test("what is owed is given after 5 s at the latest, so that a slow reader is not taken for a dead one", () => {
    const { harness, stream } = downloading();
    assert.equal(harness.session.wakeAt, Number.POSITIVE_INFINITY);
    harness.feed(data(1, "hello"));
    harness.session.consumed(stream, 5, harness.now);
    assert.equal(harness.session.wakeAt, harness.now + 5_000);
    harness.now += 4_999;
    harness.session.tick(harness.now);
    assert.deepEqual(harness.sent(), []);
    assert.equal(harness.session.wakeAt, harness.now + 1);
    harness.now += 1;
    harness.session.tick(harness.now);
    assert.deepEqual(harness.sent(), ["WINDOW 1 5"]);
    assert.equal(harness.session.wakeAt, Number.POSITIVE_INFINITY);
  });

  test("a window doubles while the reader takes half of it in a round trip, to maxWindow", () => {
    const { harness, stream } = downloading({ roundTrip: 100, maxWindow: 1_000_000 });
    harness.onData = (_stream, octets) => harness.session.consumed(stream, octets, harness.now);
    const grants: number[] = [];
    for (let i = 0; i < 200; i++) {
      harness.now += 1;
      harness.feed(data(1, BLOCK));
      for (const line of harness.sent())
        if (line.startsWith("WINDOW 1")) grants.push(Number(line.split(" ")[2]));
    }
    assert.equal(stream.receiveTarget, 1_000_000);
    assert.deepEqual(grants.slice(0, 2), [131_072 + WINDOW, 262_144 + 1_000_000 - 2 * WINDOW]);
    const { harness: slow, stream: other } = downloading({ roundTrip: 1 });
    slow.onData = (_stream, octets) => slow.session.consumed(other, octets, slow.now);
    for (let i = 0; i < 200; i++) {
      slow.now += 1;
      slow.feed(data(1, BLOCK));
    }
    assert.equal(other.receiveTarget, WINDOW, "a short round trip needs no larger one");
  });

  test("frames of 65,536 octets are taken of a server once half a window was read, and not before", () => {
    const large = (octets: number): string => frameHeader(0, 0, 1, octets) + "x".repeat(octets);
    const { harness: early } = downloading();
    early.feed(large(16_385));
    assert.match(early.error?.message ?? "", /DATA frame of 16385 bytes; this client accepts at most 16384/);
    const { harness, stream } = downloading();
    harness.onData = (_stream, octets) => harness.session.consumed(stream, octets, harness.now);
    harness.feed(data(1, BLOCK));
    assert.deepEqual(harness.sent(), []);
    for (let i = 0; i < 7; i++) harness.feed(data(1, BLOCK));
    const frames = harness.out();
    assert.deepEqual(
      frames.map(({ type }) => type),
      ["WINDOW", "SETTINGS"],
    );
    assert.equal(frames[1]?.payload.toString("hex"), "000500010000");
    harness.feed(SETTINGS_ACK, large(65_536), large(65_536));
    assert.deepEqual(harness.sent(), ["WINDOW 1 131072"], "it is said once");
    harness.feed(large(65_537));
    assert.match(
      harness.error?.message ?? "",
      /DATA frame of 65537 bytes; this client accepts at most 65536/,
    );
  });

  test("roundTrip: is what SETTINGS and PING took, the least", () => {
    const harness = new Harness();
    harness.get("a");
    harness.sent();
    harness.now += 40;
    harness.feed(greeting(), SETTINGS_ACK);
    assert.equal(harness.session.roundTrip, 40);
    harness.sent();
    harness.session.ping(harness.now);
    const [ping] = harness.out();
    harness.now += 30;
    const answer = Buffer.concat([Buffer.from("000008060100000000", "hex"), ping?.payload as Buffer]);
    harness.feed(answer);
    assert.equal(harness.session.roundTrip, 30);
    harness.now += 10;
    harness.feed(answer);
    assert.equal(harness.session.roundTrip, 30, "an answer to no question is ignored");
    assert.equal(harness.error, undefined);
  });

  test("pressure: windows go back to their first size, and who is behind gets nothing until it has caught up", () => {
    const { harness, stream } = downloading({ roundTrip: 1_000 });
    const take = (octets: number): void => harness.session.consumed(stream, octets, harness.now);
    for (let i = 0; i < 8; i++) harness.feed(data(1, BLOCK));
    take(8 * BLOCK.length);
    harness.sent();
    assert.equal(stream.receiveTarget, 2 * WINDOW);
    harness.session.pressure(true, harness.now);
    for (let i = 0; i < 24; i++) harness.feed(data(1, BLOCK));
    take(20 * BLOCK.length);
    assert.deepEqual(harness.sent(), []);
    take(4 * BLOCK.length);
    assert.deepEqual(harness.sent(), [`WINDOW 1 ${WINDOW - 8 * BLOCK.length}`]);
    assert.equal(stream.receiveTarget, WINDOW);
    for (let i = 0; i < 10; i++) harness.feed(data(1, BLOCK));
    take(9 * BLOCK.length);
    assert.deepEqual(harness.sent(), []);
    harness.session.pressure(false, harness.now);
    assert.deepEqual(harness.sent().length, 1);
  });
});

describe("Http2Session: what it may send, and the ways to wait for ever", () => {
  function uploading(
    bytes: number,
    ...settings: number[]
  ): { harness: Harness; stream: Http2Stream<string> } {
    const harness = new Harness();
    harness.sent();
    harness.feed(greeting(...settings));
    const stream = harness.post("a");
    harness.session.send(stream, Buffer.alloc(bytes, "x"), true);
    return { harness, stream };
  }
  const bodyOctets = (harness: Harness): number =>
    harness.out(1e9).reduce((sum, { type, payload }) => (type === "DATA" ? sum + payload.length : sum), 0);

  test("stops at the stream's window and goes on with its update", () => {
    const { harness } = uploading(100_000);
    assert.equal(bodyOctets(harness), 65_535);
    assert.equal(harness.session.hasOutput, false);
    harness.feed(windowUpdateFrame(1, 50_000));
    assert.equal(harness.asked, false, "the connection's window is used up");
    harness.feed(windowUpdateFrame(0, 50_000));
    assert.equal(harness.asked, true);
    assert.equal(bodyOctets(harness), 100_000 - 65_535);
  });

  test("SETTINGS_INITIAL_WINDOW_SIZE of 0, then an update of the stream", () => {
    const { harness } = uploading(10, 4, 0);
    assert.equal(bodyOctets(harness), 0);
    harness.feed(windowUpdateFrame(1, 10));
    assert.equal(bodyOctets(harness), 10);
  });

  test("SETTINGS moves the windows of open streams, below 0 too", () => {
    const { harness, stream } = uploading(100_000, 4, 65_535);
    assert.equal(bodyOctets(harness), 65_535);
    harness.feed(settingsFrame([4, 16_384]), windowUpdateFrame(0, 1_000_000));
    assert.equal(stream.sendWindow, 16_384 - 65_535);
    harness.feed(windowUpdateFrame(1, 65_535 - 16_384));
    assert.equal(bodyOctets(harness), 0);
    harness.feed(windowUpdateFrame(1, 2_000));
    assert.equal(bodyOctets(harness), 2_000);
    harness.feed(settingsFrame([4, 100_000]));
    assert.equal(bodyOctets(harness), 100_000 - 67_535);
  });

  test("an update of the stream in the same read as the SETTINGS that shrink its window", () => {
    const { harness } = uploading(20, 4, 20);
    harness.feed(settingsFrame([4, 0]));
    assert.equal(bodyOctets(harness), 0);
    harness.feed(settingsFrame([4, 5]), windowUpdateFrame(1, 15));
    assert.equal(bodyOctets(harness), 20);
  });

  test("an update of the connection before the head left", () => {
    const harness = new Harness();
    harness.sent();
    harness.feed(greeting(4, 1_000_000), windowUpdateFrame(0, 1_000_000));
    harness.session.send(harness.post("a"), Buffer.alloc(500_000), true);
    assert.equal(bodyOctets(harness), 500_000);
  });

  test("a server that updates only at exactly 0", () => {
    const { harness, stream } = uploading(66_000);
    assert.equal(bodyOctets(harness), 65_535);
    assert.equal(stream.sendWindow, 0);
    const { harness: other } = uploading(1_000, 4, 999);
    assert.equal(bodyOctets(other), 999);
    other.feed(windowUpdateFrame(1, 1));
    assert.equal(bodyOctets(other), 1);
  });

  test("streams that wait reserve nothing: another with credit goes on", () => {
    const harness = new Harness();
    harness.sent();
    harness.feed(greeting(4, 0));
    harness.session.send(harness.post("a"), Buffer.alloc(50), true);
    harness.session.send(harness.post("b"), Buffer.alloc(50), true);
    bodyOctets(harness);
    harness.feed(windowUpdateFrame(3, 50));
    assert.deepEqual(harness.sent(), ["DATA 3 50 end"]);
  });

  test("an end without octets, trailers, heads and resets need no credit", () => {
    const harness = new Harness();
    harness.sent();
    harness.feed(greeting(4, 100_000));
    const full = harness.post("a");
    const empty = harness.post("b");
    const trailing = harness.post("c");
    harness.session.send(full, Buffer.alloc(70_000), true);
    harness.sent(1e9);
    assert.equal(harness.session.hasOutput, false);
    harness.session.end(empty);
    harness.session.end(trailing, ["x-a", "b"]);
    harness.get("d");
    harness.session.cancel(full, harness.now, 8);
    assert.deepEqual(harness.sent(), ["RST 1 8", "PING", "HEADERS 7 end", "DATA 3 0 end", "HEADERS 5 end"]);
  });

  test("a stream that is reset lets go of what it had queued, and holds up nobody", () => {
    const harness = new Harness();
    harness.sent();
    harness.feed(greeting());
    const first = harness.post("a");
    const second = harness.post("b");
    harness.session.send(first, Buffer.alloc(100_000), true);
    harness.session.send(second, Buffer.alloc(60_000), true);
    bodyOctets(harness);
    harness.feed(rstStreamFrame(1, 8));
    assert.equal(first.chunks.length, 0);
    harness.feed(windowUpdateFrame(0, 1_000_000));
    bodyOctets(harness);
    assert.equal(second.localEnded, true);
    assert.equal(harness.session.hasOutput, false);
  });

  test("an upload whose credit comes only once the response is read does not hold up the response", () => {
    const { harness, stream } = uploading(100_000);
    harness.onData = (_stream, octets) => harness.session.consumed(stream, octets, harness.now);
    assert.equal(bodyOctets(harness), 65_535);
    harness.feed(head(1, 200));
    for (let i = 0; i < 10; i++) harness.feed(data(1, BLOCK));
    assert.deepEqual(harness.sent(), ["WINDOW 1 131072", "SETTINGS"]);
    harness.feed(windowUpdateFrame(1, 50_000), windowUpdateFrame(0, 50_000));
    assert.equal(bodyOctets(harness), 100_000 - 65_535);
    harness.feed(data(1, "", true));
    assert.equal(harness.session.active, 0);
  });

  test("a stream that waits for credit, or for more than a little, can be cancelled and reset", () => {
    for (const credit of [0, 1]) {
      for (const end of ["cancel", "reset"] as const) {
        const { harness, stream } = uploading(5_000, 4, 10);
        assert.equal(bodyOctets(harness), 10);
        if (credit > 0) harness.feed(windowUpdateFrame(1, credit));
        bodyOctets(harness);
        if (end === "cancel") harness.session.cancel(stream, harness.now);
        else harness.feed(rstStreamFrame(1, 8));
        harness.now += 10;
        harness.session.tick(harness.now);
        harness.out();
        harness.session.send(harness.post("b"), Buffer.alloc(10), true);
        const sent = harness.out().map(({ type, stream: id }) => `${type} ${id}`);
        assert.deepEqual(sent, ["HEADERS 3", "DATA 3"]);
        assert.equal(harness.session.hasOutput, false);
      }
    }
  });

  test("credit given in single octets does not make frames of one", () => {
    const { harness } = uploading(5_000, 4, 0);
    bodyOctets(harness);
    let frames = 0;
    for (let i = 0; i < 500; i++) {
      harness.feed(windowUpdateFrame(1, 1));
      if (harness.asked) frames += harness.out().length;
      if (harness.session.wakeAt <= harness.now) harness.session.tick(harness.now);
    }
    assert.equal(frames, 1);
    assert.equal(harness.session.wakeAt, harness.now + 10);
    harness.now += 10;
    harness.session.tick(harness.now);
    assert.deepEqual(harness.sent(), ["DATA 1 499"]);
  });

  test("MAX_FRAME_SIZE of the server bounds our frames, and maxDataFrame does too", () => {
    const harness = new Harness({ maxDataFrame: 65_536 });
    harness.sent();
    harness.feed(greeting(4, 1_000_000, 5, 20_000), windowUpdateFrame(0, 1_000_000));
    harness.session.send(harness.post("a"), Buffer.alloc(50_000), true);
    assert.deepEqual(harness.sent(1e9).slice(2), ["DATA 1 20000", "DATA 1 20000", "DATA 1 10000 end"]);
  });

  test("a server that takes large frames gets them, of 65,536 octets at most", () => {
    for (const [taken, frames] of [
      [16_777_215, ["DATA 1 65536", "DATA 1 65536", "DATA 1 18928 end"]],
      [65_536, ["DATA 1 65536", "DATA 1 65536", "DATA 1 18928 end"]],
      [65_535, [...Array<string>(9).fill("DATA 1 16375"), "DATA 1 2625 end"]],
    ] as const) {
      const harness = new Harness();
      harness.sent();
      harness.feed(greeting(4, 1_000_000, 5, taken), windowUpdateFrame(0, 1_000_000));
      harness.session.send(harness.post("a"), Buffer.alloc(150_000), true);
      assert.deepEqual(harness.sent(1e9).slice(2), frames, String(taken));
    }
  });

  test("windows that grow beyond 2^31-1 are errors of who grew", () => {
    const { harness } = uploading(10);
    harness.sent();
    harness.feed(windowUpdateFrame(1, 0x7fffffff));
    assert.equal(harness.failures.get("a")?.error.http2Code, 3);
    assert.deepEqual(harness.sent(), ["SETTINGS ack", "RST 1 3"].slice(1));
    harness.feed(windowUpdateFrame(0, 0x7fffffff));
    assert.equal(harness.error?.http2Code, 3);
    const { harness: other } = uploading(10);
    other.sent();
    other.feed(windowUpdateFrame(1, 0x7fffffff - 65_535), settingsFrame([4, 70_000]));
    assert.deepEqual([other.error?.http2Code, other.error?.scope], [3, "connection"]);
  });
});
