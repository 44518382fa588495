import http from "node:http";
import https from "node:https";
import axios from "axios";
import { pageFields, postDocument } from "../lib/documents.mjs";

export async function create({ origin, concurrency }) {
  const options = { keepAlive: true, maxFreeSockets: concurrency };
  const client = axios.create({
    httpAgent: new http.Agent(options),
    httpsAgent: new https.Agent(options),
    proxy: false,
  });
  const text = { responseType: "text", transformResponse: [] };
  return {
    text: async () => (await client.get(`${origin}/hello`, text)).data,
    json: async () => (await client.get(`${origin}/hello`)).data,
    post: async () => (await client.post(`${origin}/post`, postDocument, text)).data,
    async page() {
      const { headers, data } = await client.get(`${origin}/page`);
      for (const field of pageFields)
        if (headers[field] === undefined) throw new Error(`${field} is missing`);
      return data;
    },
  };
}
