// needle with an agent that keeps connections.
import http from "node:http";
import needle from "needle";
import { serve, times, turn } from "../server.mjs";

const server = await serve();
const agent = new http.Agent({ keepAlive: true });
await times(20, async () => {
  await needle("get", server.url, null, { agent });
  await turn();
});
agent.destroy();
server.close();
