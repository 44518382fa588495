import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Harness } from "../../test/http2/peer.js";
import { greeting, head } from "../../test/http2/server-frames.js";
import { settingsFrame, windowUpdateFrame } from "./frame-writer.js";

/** The fields of each head that leaves, as a decoder of its own sees them. */
function heads(harness: Harness): string[][] {
  return harness
    .out()
    .filter(({ type }) => type === "HEADERS")
    .map(({ payload }) => harness.decoder.decode(payload));
}

describe("Http2Session: what it says first", () => {
  test("takeOutput: preface, settings, the connection's window and the first requests are one piece", () => {
    const harness = new Harness();
    harness.get("a");
    harness.get("b");
    const chunks = harness.session.takeOutput(0);
    assert.equal(chunks.length, 1);
    const octets = Buffer.from(chunks[0] as string, "latin1");
    assert.equal(octets.toString("latin1", 0, 24), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert.equal(
      octets.toString("hex", 24, 24 + 9 + 18 + 13),
      `000012040000000000${"000200000000"}${"000400040000"}${"000600010000"}00000408000000000003ff0001`,
    );
    assert.deepEqual(harness.session.takeOutput(0), []);
  });

  test("takeOutput: the windows are the options'", () => {
    const harness = new Harness({ initialWindow: 70_000, maxConnectionWindow: 100_000, maxHeaderBytes: 99 });
    const [settings, update] = harness.out();
    assert.equal(settings?.payload.toString("hex"), "000200000000000400011170000600000063");
    assert.equal(update?.payload.readUInt32BE(0), 100_000 - 65_535);
    const least = new Harness({ maxWindow: 1, maxConnectionWindow: 1 });
    assert.deepEqual(least.sent(), ["SETTINGS"]);
  });

  test("needsFlush: is said once for all that happens before the output is taken", () => {
    const harness = new Harness();
    let said = 0;
    harness.needsFlush = () => {
      said++;
    };
    harness.get("a");
    harness.get("b");
    harness.feed(greeting());
    assert.equal(said, 1);
    harness.out();
    harness.get("c");
    assert.equal(said, 2);
  });
});

describe("Http2Session: heads", () => {
  test("open: the id is taken when the head leaves, in the order of the heads", () => {
    const harness = new Harness();
    const a = harness.get("a");
    const b = harness.get("b");
    const c = harness.get("c");
    assert.equal(a.id, 0);
    harness.session.cancel(a, 0);
    assert.deepEqual(harness.events(), ["a: closed"]);
    assert.deepEqual(harness.sent(), ["SETTINGS", "WINDOW 0 67043329", "HEADERS 1 end", "HEADERS 3 end"]);
    assert.deepEqual([a.id, b.id, c.id], [0, 1, 3]);
  });

  test("open: pseudo-fields come first, in their order; names are lower case; an HTTP/1.1 connection's fields stay out", () => {
    const harness = new Harness();
    const fields = [
      "Accept",
      "*/*",
      "Host",
      "other",
      "Connection",
      "close",
      "Keep-Alive",
      "5",
      "TE",
      "trailers",
    ];
    harness.get("a", {
      path: "/p?q",
      fields: [...fields, "Upgrade", "x", "X-A", "1", "Transfer-Encoding", "chunked"],
    });
    harness.get("b", { fields: ["te", "gzip", "X-A", "\xe9"] });
    assert.deepEqual(heads(harness), [
      [
        ":method",
        "GET",
        ":scheme",
        "https",
        ":authority",
        "a.example",
        ":path",
        "/p?q",
        "accept",
        "*/*",
        "te",
        "trailers",
        "x-a",
        "1",
      ],
      [":method", "GET", ":scheme", "https", ":authority", "a.example", ":path", "/", "x-a", "\xe9"],
    ]);
  });

  test("open: CONNECT has method and authority; extended CONNECT all and its protocol", () => {
    const harness = new Harness();
    harness.feed(greeting(8, 1));
    harness.get("a", { method: "CONNECT", authority: "h:1", scheme: "", path: "" });
    harness.get("b", { method: "CONNECT", path: "/chat", protocol: "websocket" });
    assert.deepEqual(heads(harness), [
      [":method", "CONNECT", ":authority", "h:1"],
      [
        ":method",
        "CONNECT",
        ":protocol",
        "websocket",
        ":scheme",
        "https",
        ":authority",
        "a.example",
        ":path",
        "/chat",
      ],
    ]);
  });

  test("open: extended CONNECT does not leave where the server does not offer it", () => {
    const harness = new Harness();
    harness.get("a", { method: "CONNECT", protocol: "websocket" });
    harness.out();
    assert.deepEqual(harness.events(), ["a: closed", "a: failed client 7 unsent"]);
    assert.match(harness.failures.get("a")?.error.message ?? "", /RFC 8441/);
  });

  test("open: content-length is said once", () => {
    const harness = new Harness();
    harness.post("a", { contentLength: 5 });
    harness.post("b", { contentLength: 5, fields: ["Content-Length", "5"] });
    harness.post("c");
    const lengths = heads(harness).map((fields) => fields.filter((name) => name === "content-length").length);
    assert.deepEqual(lengths, [1, 1, 0]);
  });

  test("open: a cookie goes as crumbs, and secrets are never indexed", () => {
    const harness = new Harness();
    const long = `session=${"0123456789".repeat(3)}`;
    const fields = [
      "cookie",
      `a=b; ${long}; c=d`,
      "Authorization",
      "Basic x",
      "Proxy-Authorization",
      "y",
      "X-Token",
      "t",
    ];
    for (let i = 0; i < 3; i++) harness.get("a", { fields, sensitive: new Set(["x-token"]) });
    const frames = harness.out().filter(({ type }) => type === "HEADERS");
    for (const { payload } of frames) {
      const seen = harness.decoder.decode(payload);
      assert.deepEqual(seen.slice(8), [
        "cookie",
        "a=b",
        "cookie",
        long,
        "cookie",
        "c=d",
        "authorization",
        "Basic x",
        "proxy-authorization",
        "y",
        "x-token",
        "t",
      ]);
      const octets = payload.toString("hex");
      assert.match(octets, /1f11/, "a short crumb is never indexed");
      assert.match(octets, /1f08/, "authorization");
      assert.match(octets, /1f22/, "proxy-authorization");
      assert.match(octets, /10(?:07|86)/, "what the caller names");
    }
    assert.ok(
      (frames[2]?.payload.length ?? 0) < (frames[0]?.payload.length ?? 0),
      "the long crumb was indexed",
    );
  });

  test("open: heads that repeat are short from the second on, whatever their path", () => {
    const harness = new Harness();
    const fields = ["user-agent", "trunkline", "accept", "application/json", "x-always", "the same"];
    for (let i = 0; i < 6; i++) harness.get("a", { path: `/items/${i}`, fields: [...fields] });
    harness.get("a", { path: "/items/9", fields: [...fields, "x-request-id", "1"] });
    harness.get("a", { path: "/items/9", fields: [...fields, "x-request-id", "2"] });
    const frames = harness.out().filter(({ type }) => type === "HEADERS");
    const lengths = frames.map(({ payload }) => payload.length);
    assert.ok((lengths[3] ?? 99) <= 16, `the fourth head takes ${lengths[3]} octets`);
    assert.equal(lengths[5], lengths[3]);
    for (const [i, { payload }] of frames.entries()) {
      const seen = harness.decoder.decode(payload);
      assert.equal(seen[7], i < 6 ? `/items/${i}` : "/items/9");
      assert.equal(seen[seen.length - 1], i < 6 ? "the same" : String(i - 5));
    }
  });

  test("open: what is new in each head does not go into the table", () => {
    const harness = new Harness();
    for (let i = 0; i < 40; i++) {
      const boundary = `multipart/form-data; boundary=${"-".repeat(100)}${i}`;
      const cookies = `session=${"s".repeat(30)}; rotating=${"r".repeat(300)}${i}`;
      harness.get("a", {
        fields: ["user-agent", "trunkline", "content-type", boundary, "x-new", String(i), "cookie", cookies],
      });
    }
    const frames = harness.out().filter(({ type }) => type === "HEADERS");
    const lengths = frames.map(({ payload }) => payload.length);
    for (const [i, { payload }] of frames.entries()) {
      assert.equal(harness.decoder.decode(payload)[13], String(i));
    }
    assert.equal(lengths[39], lengths[35], "the table stays as it is");
    assert.ok((lengths[2] ?? 0) < (lengths[0] ?? 0) - 20, "the cookie that stays is in it");
  });

  test("open: SETTINGS_HEADER_TABLE_SIZE of the server holds from the next head on", () => {
    const harness = new Harness();
    const fields = ["user-agent", "trunkline", "x-a", "b"];
    harness.get("a", { fields });
    heads(harness);
    harness.feed(greeting(1, 0));
    for (let i = 0; i < 3; i++) harness.get("a", { fields });
    const blocks = harness
      .out()
      .filter(({ type }) => type === "HEADERS")
      .map(({ payload }) => payload);
    assert.deepEqual(
      blocks.map((block) => block[0]),
      [0x20, 0x82, 0x82],
    );
    harness.feed(settingsFrame([1, 100, 1, 65_536]));
    harness.get("a", { fields });
    const last = harness.out().filter(({ type }) => type === "HEADERS")[0]?.payload as Buffer;
    assert.equal(last.toString("hex", 0, 3), "3fe11f");
    for (const block of [...blocks, last]) assert.deepEqual(harness.decoder.decode(block).slice(8), fields);
  });

  test("open: a head longer than a frame goes on in CONTINUATION, directly behind", () => {
    const harness = new Harness();
    harness.get("a", { fields: ["x-large", "~".repeat(40_000)] });
    harness.get("b");
    const frames = harness.out().slice(2);
    assert.deepEqual(
      frames.map(({ type, stream, flags }) => `${type} ${stream} ${flags}`),
      ["HEADERS 1 1", "CONTINUATION 1 0", "CONTINUATION 1 4", "HEADERS 3 5"],
    );
    const whole = Buffer.concat(frames.slice(0, 3).map(({ payload }) => payload));
    assert.equal(harness.decoder.decode(whole)[9], "~".repeat(40_000));
  });

  test("open: a list above the server's SETTINGS_MAX_HEADER_LIST_SIZE does not leave", () => {
    const harness = new Harness();
    harness.feed(greeting(6, 300));
    harness.get("a", { fields: ["x-a", "v".repeat(100)] });
    harness.get("b");
    assert.deepEqual(harness.sent().slice(3), ["HEADERS 1 end"]);
    const failure = harness.failures.get("a");
    assert.equal(failure?.reach, "unsent");
    assert.equal(failure?.error.code, "ERR_TRUNKLINE_REQUEST_HEADERS_TOO_LARGE");
    assert.match(failure?.error.message ?? "", /the server accepts at most 300$/);
  });
});

describe("Http2Session: the limit of streams", () => {
  test("capacity: is what is assumed until SETTINGS come, then theirs and the caller's", () => {
    const harness = new Harness({ assumedStreams: 8, maxStreams: 50 });
    assert.deepEqual([harness.session.limit, harness.session.capacity], [8, 8]);
    harness.get("a");
    assert.deepEqual([harness.session.active, harness.session.capacity], [1, 7]);
    harness.feed(greeting(3, 20));
    assert.deepEqual([harness.session.limit, harness.session.capacity], [20, 19]);
    harness.feed(settingsFrame([]));
    assert.equal(harness.session.limit, 20, "a later frame that omits it changes nothing");
    harness.feed(settingsFrame([3, 1_000]));
    assert.equal(harness.session.limit, 50);
    const open = new Harness();
    open.feed(greeting());
    assert.equal(open.session.limit, Number.POSITIVE_INFINITY);
  });

  test("open: a limit lowered below what is open closes nothing, and hands back what has not left", () => {
    const harness = new Harness();
    harness.get("a");
    harness.get("b");
    harness.sent();
    harness.get("c");
    harness.feed(greeting(3, 1));
    assert.equal(harness.session.capacity, 0);
    assert.deepEqual(harness.sent(), ["SETTINGS ack"]);
    assert.deepEqual(harness.events(), ["settings, limit 1", "c: closed", "c: failed client 7 unsent"]);
    harness.feed(head(1, 200, [], true), head(3, 200, [], true));
    harness.get("d");
    assert.deepEqual(harness.sent(), ["HEADERS 5 end"]);
  });

  test("capacity: a limit of 0 is no room, and no end", () => {
    const harness = new Harness();
    harness.feed(greeting(3, 0));
    assert.deepEqual([harness.session.capacity, harness.session.accepting], [0, true]);
    harness.feed(settingsFrame([3, 1]));
    assert.equal(harness.session.capacity, 1);
  });
});

describe("Http2Session: bodies of requests", () => {
  test("send: a small body leaves with its head, its end on its last octet", () => {
    const harness = new Harness();
    const stream = harness.post("a");
    harness.session.send(stream, Buffer.from("hello"), true);
    assert.deepEqual(harness.sent().slice(2), ["HEADERS 1", "DATA 1 5 end"]);
    const empty = harness.post("b");
    harness.session.end(empty);
    assert.deepEqual(harness.sent(), ["HEADERS 3 end"], "no empty DATA");
  });

  test("send: large bytes are not copied", () => {
    const harness = new Harness();
    harness.feed(greeting());
    const stream = harness.post("a");
    const body = Buffer.alloc(30_000, "x");
    harness.session.send(stream, body, true);
    const chunks = harness.session.takeOutput(0).filter((chunk) => typeof chunk !== "string");
    assert.deepEqual(
      chunks.map(({ length }) => length),
      [16_375, 13_625],
    );
    for (const chunk of chunks) assert.equal((chunk as Uint8Array).buffer, body.buffer);
  });

  test("end: trailers end the stream, behind what waits for credit", () => {
    const harness = new Harness();
    harness.feed(greeting(4, 3));
    const stream = harness.post("a");
    harness.session.send(stream, Buffer.from("hello"), false);
    harness.session.end(stream, ["X-Sum", "1"]);
    assert.deepEqual(harness.sent().slice(3), ["HEADERS 1", "DATA 1 3"]);
    harness.feed(windowUpdateFrame(1, 2));
    const frames = harness.out();
    assert.deepEqual(
      frames.map(({ type, flags }) => `${type} ${flags}`),
      ["DATA 0", "HEADERS 5"],
    );
    assert.deepEqual(harness.decoder.decode(frames[1]?.payload as Buffer), ["x-sum", "1"]);
  });

  test("send: streams take turns, a frame each", () => {
    const harness = new Harness();
    harness.feed(greeting(4, 1_000_000), windowUpdateFrame(0, 1_000_000));
    for (const owner of ["a", "b", "c"])
      harness.session.send(harness.post(owner), Buffer.alloc(40_000), true);
    const sent = harness.sent(65_500).filter((line) => line.startsWith("DATA"));
    assert.deepEqual(sent, ["DATA 1 16375", "DATA 3 16375", "DATA 5 16375", "DATA 1 16375"]);
    assert.equal(harness.session.hasOutput, true);
    assert.deepEqual(harness.sent(), [
      "DATA 3 16375",
      "DATA 5 16375",
      "DATA 1 7250 end",
      "DATA 3 7250 end",
      "DATA 5 7250 end",
    ]);
    assert.equal(harness.session.hasOutput, false);
  });

  test("takeOutput: without a budget only what cannot wait leaves", () => {
    const harness = new Harness();
    harness.feed(greeting());
    harness.session.send(harness.post("a"), Buffer.alloc(20_000), true);
    assert.deepEqual(harness.sent(0).slice(3), ["HEADERS 1"]);
    assert.deepEqual(harness.sent(), ["DATA 1 16375", "DATA 1 3625 end"]);
  });

  test("writable: is said when all has left and there is credit for more", () => {
    const harness = new Harness();
    harness.feed(greeting(4, 5));
    const stream = harness.post("a");
    harness.session.send(stream, Buffer.from("123"), false);
    harness.out();
    assert.deepEqual(harness.events().slice(1), ["a: writable"]);
    harness.session.send(stream, Buffer.from("45"), false);
    harness.out();
    assert.deepEqual(harness.events(), []);
    harness.feed(windowUpdateFrame(1, 1));
    assert.deepEqual(harness.events(), ["a: writable"]);
    harness.session.send(stream, Buffer.from("6"), true);
    harness.out();
    assert.deepEqual(harness.events(), []);
  });

  test("send: is nothing for a stream that is over, or whose body has ended", () => {
    const harness = new Harness();
    const stream = harness.post("a");
    harness.session.send(stream, Buffer.from("1"), true);
    harness.session.send(stream, Buffer.from("2"), true);
    harness.session.end(stream, ["a", "b"]);
    assert.deepEqual(harness.sent().slice(2), ["HEADERS 1", "DATA 1 1 end"]);
    harness.feed(greeting(), head(1, 200, [], true));
    harness.session.send(stream, Buffer.from("3"), true);
    harness.session.cancel(stream, 0);
    assert.deepEqual(harness.sent(), ["SETTINGS ack"]);
  });
});
