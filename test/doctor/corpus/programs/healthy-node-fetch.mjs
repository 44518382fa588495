// node-fetch with one agent; some bodies are not read but dropped.
import http from "node:http";
import fetch from "node-fetch";
import { serve, times, turn } from "../server.mjs";

const server = await serve();
const agent = new http.Agent({ keepAlive: true });
await times(30, async (index) => {
  const response = await fetch(server.url, { agent });
  if (index % 2 === 0) await response.text();
  else response.body.resume();
  await turn();
  await turn();
});
agent.destroy();
server.close();
