// node:http with a keep-alive agent.
import http from "node:http";
import https from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { deferred } from "../lib/deferred.mjs";
import { largeChunks, pageFields, postDocument } from "../lib/documents.mjs";

export async function create({ origin, concurrency }) {
  const { protocol, hostname, port } = new URL(origin);
  const library = protocol === "https:" ? https : http;
  const agent = new library.Agent({ keepAlive: true, maxFreeSockets: concurrency });

  function send(method, path, headers = {}, body = undefined) {
    const { promise, resolve, reject } = deferred();
    const request = library.request({ agent, hostname, port, path, method, headers }, resolve);
    request.on("error", reject);
    if (body instanceof Readable) pipeline(body, request).catch(reject);
    else request.end(body);
    return promise;
  }
  const get = (path) => send("GET", path);

  return {
    text: async () => readText(await get("/hello")),
    async post() {
      const body = JSON.stringify(postDocument);
      return readText(
        await send(
          "POST",
          "/post",
          { "content-type": "application/json", "content-length": body.length },
          body,
        ),
      );
    },
    async page() {
      const response = await get("/page");
      for (const field of pageFields)
        if (response.headers[field] === undefined) throw new Error(`${field} is missing`);
      return JSON.parse(await readText(response));
    },
    async stream() {
      let received = 0;
      for await (const chunk of await get("/download")) received += chunk.length;
      return received;
    },
    bytes: async () => (await readBytes(await get("/download"))).length,
    upload: async () =>
      readText(await send("POST", "/upload", {}, Readable.from(largeChunks(), { objectMode: false }))),
    hold: (count) => Promise.all(Array.from({ length: count }, async () => readText(await get("/wait")))),
  };
}

function readBytes(response) {
  const { promise, resolve, reject } = deferred();
  const chunks = [];
  response.on("data", (chunk) => chunks.push(chunk));
  response.on("end", () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
  response.on("error", reject);
  return promise;
}

const readText = async (response) => (await readBytes(response)).toString();
