// got with one agent.
import http from "node:http";
import got from "got";
import { serve, times, turn } from "../server.mjs";

const server = await serve();
const agent = { http: new http.Agent({ keepAlive: true }) };
await times(30, async () => {
  await got(server.url, { agent }).text();
  await turn();
});
agent.http.destroy();
server.close();
