// Trunkline as a program uses it: default settings, but for the idle cap of 5,000 idle connections
// and the limit that every client has at a fixed rate.
import { largeChunks, pageFields, postDocument } from "../lib/documents.mjs";

export async function create({ origin, concurrency, way, capped }) {
  const { Client, Transport, fetch } = await import(process.env.TRUNKLINE_DIST);
  const transport = new Transport({
    ...(way === "recorder-off" ? { recorder: false } : {}),
    ...(way === "prior-knowledge" ? { http2: { priorKnowledge: true } } : {}),
    ...(way === "http1" ? { http2: false } : {}),
    ...(capped ? { maxConnectionsPerOrigin: concurrency } : {}),
    ...(concurrency > 1024 ? { maxIdleConnections: concurrency } : {}),
  });
  const client = new Client({ transport });
  return {
    text: async () => (await client.get(`${origin}/hello`)).text(),
    json: async () => (await fetch(`${origin}/hello`)).json(),
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
    bytes: async () => (await (await client.get(`${origin}/download`)).bytes()).length,
    upload: async () =>
      (await client.post(`${origin}/upload`, { body: largeChunks(), duplex: "half" })).text(),
    hold: (count) =>
      Promise.all(Array.from({ length: count }, async () => (await client.get(`${origin}/wait`)).text())),
  };
}
