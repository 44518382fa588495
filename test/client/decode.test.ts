import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as zlib from "node:zlib";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { Client, type ClientOptions, NetworkError, Transport } from "../../src/index.js";
import { mockTransport, WireServer } from "../../src/testing/index.js";

const zstd = (zlib as { zstdCompressSync?: (bytes: Uint8Array) => Buffer }).zstdCompressSync;

const brotli = (bytes: Uint8Array): Uint8Array =>
  brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 } });

const ENCODERS: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  gzip: (bytes) => gzipSync(bytes),
  "x-gzip": (bytes) => gzipSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
  "DEFLATE ": (bytes) => deflateRawSync(bytes),
  br: brotli,
  "identity, gzip": (bytes) => gzipSync(bytes),
  "gzip, br": (bytes) => brotli(gzipSync(bytes)),
  "deflate, gzip": (bytes) => gzipSync(deflateSync(bytes)),
  ...(zstd === undefined ? {} : { zstd }),
};

/** A client whose every response has this body and coding; in two pieces, so that it does not arrive whole. */
function coded(coding: string, body: Uint8Array, options: ClientOptions = {}, split = false): Client {
  const transport = mockTransport(() => ({
    headers: { "content-encoding": coding },
    body: split
      ? (async function* () {
          const middle = Math.ceil(body.length / 2);
          yield body.slice(0, middle);
          await new Promise((resolve) => setImmediate(resolve));
          if (body.length > middle) yield body.slice(middle);
        })()
      : body,
  }));
  return new Client({ ...options, transport });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => assert.fail("it resolved"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof NetworkError, String(error));
  assert.equal(error.phase, "body");
  return error.code;
}

const text = "The quick brown fox jumps over the lazy dog. ".repeat(40);
const large = Buffer.from(Array.from({ length: 400_000 }, (_, i) => `${(i * i * 7919) % 100_003}`).join(","));

describe("decompress", () => {
  for (const [coding, encode] of Object.entries(ENCODERS)) {
    for (const split of [false, true]) {
      test(`${coding}: gives the bytes back, when they come ${split ? "in pieces" : "at once"}`, async () => {
        const client = coded(coding, encode(Buffer.from(text)), {}, split);
        const response = await client.get("http://a.test/");
        assert.equal(response.headers.get("content-encoding")?.trim(), coding.trim());
        assert.equal(await response.text(), text);
        const big = await coded(coding, encode(large), {}, split).get("http://a.test/").bytes();
        assert.ok(large.equals(big));
      });

      test(`${coding}: a body cut short or broken is an error, when it comes ${split ? "in pieces" : "at once"}`, async () => {
        const body = encode(Buffer.from(text));
        for (const length of [1, body.length >> 1, body.length - 1]) {
          const client = coded(coding, body.slice(0, length), {}, split);
          assert.equal(await codeOf(client.get("http://a.test/").text()), "ERR_TRUNKLINE_CONTENT_ENCODING");
        }
        const noise = Uint8Array.from({ length: 100 }, (_, i) => (i * 37 + 11) & 0xff);
        const client = coded(coding, noise, {}, split);
        assert.equal(await codeOf(client.get("http://a.test/").text()), "ERR_TRUNKLINE_CONTENT_ENCODING");
      });
    }
  }

  test("text: says that the body ends too early, without a word of it", async () => {
    const body = gzipSync(text);
    const error = await coded("gzip", body.subarray(0, 50))
      .get("http://a.test/x?token=1")
      .text()
      .catch(String);
    assert.equal(
      error,
      "NetworkError: GET http://a.test failed: the gzip body is cut short; what was read so far cannot be trusted",
    );
  });

  test("body: any bytes, cut anywhere into chunks, come back", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 5000 }),
        fc.constantFrom("gzip", "deflate", "br"),
        async (bytes, coding) => {
          const body = (ENCODERS[coding] as (bytes: Uint8Array) => Uint8Array)(bytes);
          const response = await coded(coding, body, {}, true).get("http://a.test/");
          const chunks: Uint8Array[] = [];
          for await (const chunk of response) chunks.push(chunk);
          assert.deepEqual(Buffer.concat(chunks), Buffer.from(bytes));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("stream: chunks may be transferred away, since each has its memory for itself", async () => {
    const response = await coded("gzip", gzipSync(large), {}, true).get("http://a.test/");
    let bytes = 0;
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      bytes += chunk.byteLength;
      structuredClone(chunk.buffer, { transfer: [chunk.buffer as ArrayBuffer] });
    }
    assert.equal(bytes, large.length);
  });

  test("limits: a bomb fails at the ratio or at the size, whole or streamed, in each stage", async () => {
    const zeros = gzipSync(Buffer.alloc(20 << 20));
    const bomb = brotliCompressSync(Buffer.alloc(20 << 20));
    for (const split of [false, true]) {
      const code = await codeOf(coded("br", bomb, {}, split).get("http://a.test/").bytes());
      assert.equal(code, "ERR_TRUNKLINE_DECODED_SIZE");
      // What the inner stage gives counts, though the last one gives nothing.
      const nested = coded("gzip, gzip", gzipSync(zeros), {}, split);
      assert.equal(await codeOf(nested.get("http://a.test/").bytes()), "ERR_TRUNKLINE_DECODED_SIZE");
      const small = coded("gzip", gzipSync(text), { decompress: { maxBytes: 100 } }, split);
      assert.equal(await codeOf(small.get("http://a.test/").text()), "ERR_TRUNKLINE_DECODED_SIZE");
    }
    // Rows that repeat are no attack: gzip gives up to 1,032 bytes out of one.
    assert.equal((await coded("gzip", zeros, {}).get("http://a.test/").bytes()).length, 20 << 20);
    const trusted = coded("br", bomb, { decompress: { maxRatio: Number.POSITIVE_INFINITY } });
    assert.equal((await trusted.get("http://a.test/").bytes()).length, 20 << 20);
    // Below 1 MiB any ratio is fine.
    assert.equal(
      (
        await coded("gzip", gzipSync(Buffer.alloc(1 << 20)))
          .get("http://a.test/")
          .bytes()
      ).length,
      1 << 20,
    );
  });

  test("limits: of one byte over and over little more than 32 MiB is handed on, of rows that repeat all of it", async () => {
    const streamed = async (client: Client): Promise<{ bytes: number; error?: unknown }> => {
      let bytes = 0;
      try {
        for await (const chunk of await client.get("http://a.test/")) bytes += chunk.byteLength;
        return { bytes };
      } catch (error) {
        return { bytes, error };
      }
    };
    const zeros = Buffer.alloc(64 << 20);
    for (const [coding, body] of [
      ["gzip", gzipSync(zeros)],
      ["deflate", deflateSync(zeros)],
    ] as const) {
      for (const split of [false, true]) {
        const { bytes, error } = await streamed(coded(coding, body, {}, split));
        assert.ok(error instanceof NetworkError, `all ${bytes} bytes of ${coding} were handed on`);
        assert.equal(error.code, "ERR_TRUNKLINE_DECODED_SIZE");
        assert.match(error.message, /more than 500 times its size \(decompress\.maxRatio\)/);
        assert.ok(bytes <= 33 << 20, `${bytes} bytes of ${coding} were handed on`);
      }
      const trusted = coded(coding, body, { decompress: { maxRatio: 1_100 } });
      assert.deepEqual(await streamed(trusted), { bytes: 64 << 20 });
    }
    const row = (id: number): string => JSON.stringify({ id, state: "open", note: "x".repeat(1_500) });
    const rows = Buffer.from(Array.from({ length: 30_000 }, (_, id) => row(id)).join("\n"));
    const sent = gzipSync(rows);
    assert.ok(rows.length > 40 << 20 && rows.length > 200 * sent.length);
    assert.deepEqual(await streamed(coded("gzip", sent, {}, true)), { bytes: rows.length });
  });

  test("coding: an unknown one, or too many, is an error that says so; decompress: false gives it raw", async () => {
    const client = coded("compress", Buffer.from("raw"));
    const error = await client.get("http://a.test/").text().catch(String);
    assert.match(String(error), /coding "compress", which is not supported; set decompress: false/);
    assert.equal(await client.get("http://a.test/", { decompress: false }).text(), "raw");
    assert.match(
      String(
        await coded("gzip,".repeat(6), text as never)
          .get("http://a.test/")
          .text()
          .catch(String),
      ),
      /6 nested codings/,
    );
  });

  test("coding: an empty body has nothing to undo, nor has a part of one, nor the answer to HEAD", async () => {
    assert.equal(await coded("gzip", new Uint8Array(0)).get("http://a.test/").text(), "");
    const part = new Client({
      transport: mockTransport(() => ({
        status: 206,
        headers: { "content-encoding": "gzip" },
        body: "part",
      })),
    });
    assert.equal(await part.get("http://a.test/").text(), "part");
    assert.equal(await coded("gzip", gzipSync(text)).head("http://a.test/").text(), "");
  });

  test("Accept-Encoding: is sent unless the caller has one, a Range, HEAD, or decompress: false", async () => {
    await using server = await WireServer.start();
    await using transport = new Transport();
    const over = [
      new Client({ transport }),
      new Client({ transport: { roundTrip: (request) => transport.roundTrip(request) } }),
    ];
    const sent: (string | undefined)[] = [];
    server.onConnection(1, async (connection) => {
      for (;;) {
        const request = await connection.readRequest();
        sent.push(request.header("accept-encoding"));
        await connection.replyOk("x");
      }
    });
    for (const client of over) {
      sent.length = 0;
      await client.get(server.url("/")).text();
      await client.get(server.url("/"), { headers: { "x-a": "1" } }).text();
      await client.get(server.url("/"), { headers: { "accept-encoding": "br" } }).text();
      await client.get(server.url("/"), { headers: { range: "bytes=0-1" } }).text();
      await client.get(server.url("/"), { decompress: false }).text();
      const all = zstd === undefined ? "gzip, deflate, br" : "gzip, deflate, br, zstd";
      assert.deepEqual(sent, [all, all, "br", undefined, undefined]);
    }
    transport.destroy();
  });

  test("cancel: closes the raw body, when the decoded one is given up", async () => {
    await using server = await WireServer.start({
      script: async (connection) => {
        await connection.readRequest();
        await connection.reply(
          "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1000000\r\n\r\n",
        );
        await connection.closed;
      },
    });
    await using transport = new Transport();
    const response = await new Client({ transport }).get(server.url("/"));
    const reading = response.text().catch((error: unknown) => error);
    await new Promise((resolve) => setImmediate(resolve));
    await response.close();
    assert.ok((await reading) instanceof Error);
    assert.equal(transport.snapshot().totals.active, 0);
  });
});

for (const coding of ["gzip", "deflate", "br"]) {
  test(`decode: a ${coding} body that turns out empty is empty, however late its end comes and it is read`, async () => {
    await using server = await WireServer.start();
    const gate = server.gate();
    server.script(async (connection) => {
      for await (const request of connection.eachRequest()) {
        await connection.reply(
          `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nTransfer-Encoding: chunked\r\n\r\n`,
        );
        if (request.target === "/late") await gate.promise;
        await connection.reply("0\r\n\r\n");
      }
    });
    await using transport = new Transport();
    const client = new Client({ transport });
    const late = await client.get(server.url("/late"));
    gate.open();
    while (transport.snapshot().totals.active > 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(await late.text(), "");
    assert.equal(await client.get(server.url("/at-once")).text(), "");
  });
}

test("decode: bytes behind the end of the coded stream do not keep the connection", async () => {
  const text = "hello ".repeat(50);
  for (const padding of [12, 100_000, 300_000, 2_000_000]) {
    const body = gzipSync(text);
    await using server = await WireServer.start();
    server.script(async (connection) => {
      for await (const request of connection.eachRequest()) {
        if (request.target === "/next") {
          await connection.replyOk("next");
          continue;
        }
        await connection.reply(
          `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length + padding}\r\n\r\n`,
        );
        await connection.reply(body);
        await new Promise((resolve) => setImmediate(resolve));
        void connection.reply(Buffer.alloc(padding)).catch(() => undefined);
      }
    });
    const transport = new Transport({ maxConnectionsPerOrigin: 1 });
    const client = new Client({ transport });
    assert.equal(await client.get(server.url("/padded")).text(), text);
    assert.equal(await client.get(server.url("/next")).text(), "next", `${padding} bytes`);
    assert.equal(transport.snapshot().totals.active, 0);
    transport.destroy();
  }
});
