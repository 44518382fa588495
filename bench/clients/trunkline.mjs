// Trunkline as a program uses it: default settings, but for the idle cap of 5,000 idle connections
// and the limit that every client has at a fixed rate.
import { classCalls } from "../lib/class-calls.mjs";
import { largeChunks, pageFields, postDocument, savedFile } from "../lib/documents.mjs";

export async function create({ origin, concurrency, way, capped }) {
  const { Client, Transport, fetch, Request, Headers, Response } = await import(process.env.TRUNKLINE_DIST);
  const transport = new Transport({
    ...(way === "recorder-off" ? { recorder: false } : {}),
    ...(way === "prior-knowledge" ? { http2: { priorKnowledge: true } } : {}),
    ...(way === "http1" ? { http2: false } : {}),
    ...(capped ? { maxConnectionsPerOrigin: concurrency } : {}),
    ...(concurrency > 1024 ? { maxIdleConnections: concurrency } : {}),
  });
  const client = new Client({
    transport,
    ...(way === "cookies" ? { cookies: true } : {}),
    ...(way === "no-policy" ? { redirect: "manual", decompress: false } : {}),
  });
  return {
    text: async () => (await client.get(`${origin}/hello`)).text(),
    json:
      way === "client-get"
        ? async () => (await client.get(`${origin}/hello`)).json()
        : async () => (await fetch(`${origin}/hello`)).json(),
    async post() {
      const response = await client.post(`${origin}/post`, { json: postDocument });
      return response.text();
    },
    async page() {
      const response = await client.get(`${origin}/page`);
      for (const field of pageFields)
        if (!response.headers.has(field)) throw new Error(`${field} is missing`);
      return response.json();
    },
    async stream() {
      let received = 0;
      for await (const chunk of (await client.get(`${origin}/download`)).body) received += chunk.length;
      return received;
    },
    byob: async () => readInto((await client.get(`${origin}/download`)).body),
    save: async () => (await (await client.get(`${origin}/download`)).saveTo(savedFile)).bytes,
    ...classCalls({ Request, Headers, Response }),
    bytes: async () => (await (await client.get(`${origin}/download`)).bytes()).length,
    upload: async () =>
      (await client.post(`${origin}/upload`, { body: largeChunks(), duplex: "half" })).text(),
    hold: (count) =>
      Promise.all(Array.from({ length: count }, async () => (await client.get(`${origin}/wait`)).text())),
  };
}

/** Reads a stream into one buffer, which each read takes and gives back. */
async function readInto(stream) {
  const reader = stream.getReader({ mode: "byob" });
  let received = 0;
  let buffer = new ArrayBuffer(256 * 1024);
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(buffer));
    if (done) return received;
    received += value.length;
    buffer = value.buffer;
  }
}
