// undici's four ways in, each with a Pool that has a connection for each request at once: its best configuration.
import { Writable } from "node:stream";
import { deferred } from "../lib/deferred.mjs";
import { largeChunks, pageFields, postDocument } from "../lib/documents.mjs";
import { undiciPackage } from "../lib/versions.mjs";

const jsonType = { "content-type": "application/json" };

export async function create({ origin, concurrency, way }) {
  const { Pool, fetch } = await import(undiciPackage);
  const pool = new Pool(origin, { connections: concurrency });
  if (way === "fetch")
    return fetchOperations(origin, (url, init) => fetch(url, { ...init, dispatcher: pool }));
  if (way === "h2") {
    return requestOperations(
      new Pool(origin, {
        connections: 1,
        allowH2: true,
        pipelining: concurrency,
        maxConcurrentStreams: concurrency,
      }),
    );
  }
  if (way === "stream") return { text: () => streamText(pool) };
  if (way === "dispatch") return { text: () => dispatchText(pool) };
  return requestOperations(pool);
}

function requestOperations(pool) {
  const get = (path) => pool.request({ path, method: "GET" });
  return {
    text: async () => (await get("/hello")).body.text(),
    async post() {
      const response = await pool.request({
        path: "/post",
        method: "POST",
        headers: jsonType,
        body: JSON.stringify(postDocument),
      });
      return response.body.text();
    },
    async page() {
      const { headers, body } = await get("/page");
      for (const field of pageFields)
        if (headers[field] === undefined) throw new Error(`${field} is missing`);
      return body.json();
    },
    async stream() {
      let received = 0;
      for await (const chunk of (await get("/download")).body) received += chunk.length;
      return received;
    },
    bytes: async () => (await (await get("/download")).body.bytes()).length,
    async upload() {
      const response = await pool.request({ path: "/upload", method: "POST", body: largeChunks() });
      return response.body.text();
    },
    hold: (count) => Promise.all(Array.from({ length: count }, async () => (await get("/wait")).body.text())),
  };
}

async function streamText(pool) {
  let text = "";
  await pool.stream({ path: "/hello", method: "GET" }, () => {
    return new Writable({
      write(chunk, _encoding, callback) {
        text += chunk.latin1Slice();
        callback();
      },
    });
  });
  return text;
}

function dispatchText(pool) {
  const { promise, resolve, reject } = deferred();
  let text = "";
  pool.dispatch(
    { path: "/hello", method: "GET" },
    {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData(_controller, chunk) {
        text += chunk.latin1Slice();
      },
      onResponseEnd: () => resolve(text),
      onResponseError: (_controller, error) => reject(error),
    },
  );
  return promise;
}

/** The operations of whatever has fetch's signature. */
export function fetchOperations(origin, fetch) {
  return {
    text: async () => (await fetch(`${origin}/hello`)).text(),
    json: async () => (await fetch(`${origin}/hello`)).json(),
    async post() {
      const response = await fetch(`${origin}/post`, {
        method: "POST",
        headers: jsonType,
        body: JSON.stringify(postDocument),
      });
      return response.text();
    },
    async page() {
      const response = await fetch(`${origin}/page`);
      for (const field of pageFields)
        if (!response.headers.has(field)) throw new Error(`${field} is missing`);
      return response.json();
    },
    async stream() {
      let received = 0;
      for await (const chunk of (await fetch(`${origin}/download`)).body) received += chunk.length;
      return received;
    },
    bytes: async () => (await (await fetch(`${origin}/download`)).arrayBuffer()).byteLength,
    upload: async () =>
      (await fetch(`${origin}/upload`, { method: "POST", body: largeChunks(), duplex: "half" })).text(),
    hold: (count) =>
      Promise.all(Array.from({ length: count }, async () => (await fetch(`${origin}/wait`)).text())),
  };
}
