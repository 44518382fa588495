import http from "node:http";
import https from "node:https";
import { pageFields, postDocument } from "../lib/documents.mjs";
import { gotPackage } from "../lib/versions.mjs";

export async function create({ origin, concurrency }) {
  const { default: got } = await import(gotPackage);
  const options = { keepAlive: true, maxFreeSockets: concurrency };
  const client = got.extend({
    agent: { http: new http.Agent(options), https: new https.Agent(options) },
    retry: { limit: 0 },
  });
  return {
    text: () => client(`${origin}/hello`).text(),
    json: () => client(`${origin}/hello`).json(),
    post: () => client.post(`${origin}/post`, { json: postDocument }).text(),
    async page() {
      const { headers, body } = await client(`${origin}/page`, { responseType: "json" });
      for (const field of pageFields)
        if (headers[field] === undefined) throw new Error(`${field} is missing`);
      return body;
    },
  };
}
