// What goes over the wire, known to the server and to every client, so that a client that skips work is caught.
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The answer to small requests: 46 bytes. */
export const smallJson = '{"id":42,"name":"trunkline","state":"running"}';

/** The answer of the realistic call: 4,096 bytes of JSON with the usual mix of strings, numbers and nesting. */
export const pageJson = ofLength(4096, (padding) => ({
  page: 1,
  total: 24,
  items: Array.from({ length: 24 }, (_, index) => ({
    id: 1000 + index,
    name: `item number ${index}`,
    price: 9.99 + index,
    tags: ["new", "sale", "blue"],
    stock: { warehouse: "north", count: index * 3, reserved: index },
  })),
  padding,
}));

/** 20 fields as a service behind a proxy sends them; clients read `pageFields`. Content-Type and Content-Length included. */
export const pageHead = [
  "HTTP/1.1 200 OK",
  "Date: Mon, 23 Nov 2026 10:00:00 GMT",
  "Content-Type: application/json; charset=utf-8",
  `Content-Length: ${pageJson.length}`,
  "Connection: keep-alive",
  "Cache-Control: private, max-age=0, must-revalidate",
  'ETag: W/"1000-5f3a9c2b7d"',
  "X-Request-Id: 0b5f7a52-8f0e-4b8e-9a39-6a2c0d1f4e77",
  "X-RateLimit-Limit: 5000",
  "X-RateLimit-Remaining: 4987",
  "X-RateLimit-Reset: 1795428000",
  "Strict-Transport-Security: max-age=31536000; includeSubDomains",
  "X-Content-Type-Options: nosniff",
  "X-Frame-Options: DENY",
  "Referrer-Policy: no-referrer",
  "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
  "Vary: Accept, Accept-Encoding, Authorization",
  "Via: 1.1 edge-17",
  "X-Served-By: app-042",
  "X-Runtime: 0.004212",
  "Server: example",
].join("\r\n");

export const pageFields = ["content-type", "etag", "x-ratelimit-remaining"];

/** The document that is posted: 1,024 bytes once serialised. */
export const postDocument = JSON.parse(
  ofLength(1024, (padding) => ({ kind: "order", lines: [1, 2, 3, 4], paid: true, padding })),
);

/** 64 MiB: the size of downloads and uploads, and their chunk. */
export const largeBytes = 64 * 1024 * 1024;
export const largeChunk = 64 * 1024;

/** The chunks of an upload, one buffer again and again: making the data is not what is measured. */
export async function* largeChunks() {
  const chunk = Buffer.alloc(largeChunk, "a");
  for (let sent = 0; sent < largeBytes; sent += largeChunk) yield chunk;
}

function ofLength(length, make) {
  const room = length - JSON.stringify(make("")).length;
  return JSON.stringify(make("x".repeat(room)));
}

/** Where a body is saved. */
export const savedFile = join(tmpdir(), `trunkline-bench-${process.pid}.bin`);
process.once("exit", () => rmSync(savedFile, { force: true }));
