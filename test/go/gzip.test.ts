import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { WireRequest } from "../../src/testing/index.js";
import { clientOf, rejection, World } from "../transport/support.js";

// Ported by meaning: transparent decompression. docs/go-tests.md has the table.

/** A server that answers with this body under `Content-Encoding`, and the requests it got. */
async function gzipped(
  body: Buffer,
  options: { readonly coding?: string; readonly chunked?: boolean } = {},
): Promise<World & { requests: WireRequest[] }> {
  const requests: WireRequest[] = [];
  const world = await World.start({
    script: async (connection) => {
      for await (const request of connection.eachRequest()) {
        requests.push(request);
        const fields = `Content-Encoding: ${options.coding ?? "gzip"}\r\n`;
        const head = `HTTP/1.1 200 OK\r\n${fields}`;
        if (request.method === "HEAD")
          await connection.reply(`${head}Content-Length: ${body.length}\r\n\r\n`);
        else if (options.chunked === true) {
          await connection.reply(`${head}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n`);
          await connection.reply(body);
          await connection.reply("\r\n0\r\n\r\n");
        } else {
          await connection.reply(`${head}Content-Length: ${body.length}\r\n\r\n`);
          await connection.reply(body);
        }
      }
    },
  });
  return Object.assign(world, { requests });
}

for (const chunked of [true, false]) {
  const name = chunked
    ? "TestTransportReuseConnection_Gzip_Chunked"
    : "TestTransportReuseConnection_Gzip_ContentLength";
  test(`Go ${name}: a gzip body read to its end leaves the connection reusable`, async () => {
    await using world = await gzipped(gzipSync("the body ".repeat(1000)), { chunked });
    const client = clientOf(world.transport());
    for (let i = 0; i < 3; i += 1)
      assert.equal(await client.get(world.server.url()).text(), "the body ".repeat(1000));
    assert.equal(world.server.connections, 1);
  });
}

test("Go TestRoundTripGzip: unasked it is transparent; who asks gets what was sent; the Request is not changed", async () => {
  const compressed = gzipSync("hello");
  await using world = await gzipped(compressed);
  const client = clientOf(world.transport());
  assert.equal(await client.get(world.server.url()).text(), "hello");
  assert.match(world.requests[0]?.header("accept-encoding") ?? "", /\bgzip\b/);
  const headers = { "Accept-Encoding": "gzip" };
  const response = await client.get(world.server.url(), { headers, decompress: false });
  assert.ok(compressed.equals(await response.bytes()));
  assert.equal(response.headers.get("content-encoding"), "gzip");
  assert.equal(world.requests[1]?.header("accept-encoding"), "gzip");
  await client.get(world.server.url(), { headers: { "Accept-Encoding": "foo" } }).text();
  assert.equal(world.requests[2]?.header("accept-encoding"), "foo");
  assert.deepEqual(headers, { "Accept-Encoding": "gzip" });
});

test("Go TestTransportGzip: large and small, chunked or not, read in part, and HEAD asks for none", async () => {
  const large = Buffer.from(randomBytes(1_000_000).toString("hex"));
  for (const chunked of [true, false]) {
    await using world = await gzipped(gzipSync(large), { chunked });
    const client = clientOf(world.transport());
    assert.ok(large.equals(await client.get(world.server.url()).bytes()));
    const response = await client.get(world.server.url());
    for await (const chunk of response) {
      assert.ok(chunk.length > 0);
      break;
    }
    await rejection(response.text());
    const head = await client.head(world.server.url());
    assert.equal(head.headers.get("content-encoding"), "gzip");
    assert.equal(world.requests.at(-1)?.header("accept-encoding"), undefined);
  }
});

test("Go TestTransportGzipRecursive: only one level is undone", async () => {
  const inner = gzipSync("inner");
  await using world = await gzipped(gzipSync(inner));
  assert.ok(inner.equals(await clientOf(world.transport()).get(world.server.url()).bytes()));
});

test("Go TestTransportGzipShort: a gzip body that is cut is an error", async () => {
  const whole = gzipSync("0123456789".repeat(100));
  await using world = await gzipped(whole.subarray(0, whole.length - 10));
  await rejection(clientOf(world.transport()).get(world.server.url()).text());
});

test("Go TestTransportContentEncodingCaseInsensitive: GZIP is gzip", async () => {
  for (const coding of ["GZIP", "gzip", "GZip"]) {
    await using world = await gzipped(gzipSync("hello"), { coding });
    assert.equal(await clientOf(world.transport()).get(world.server.url()).text(), "hello");
  }
});

test("Go TestTransportRangeAndGzip: a request for a range asks for no coding", async () => {
  await using world = await gzipped(gzipSync("hello"));
  await clientOf(world.transport()).get(world.server.url(), { headers: { Range: "bytes=7-11" } });
  assert.doesNotMatch(world.requests[0]?.header("accept-encoding") ?? "", /gzip/);
});
