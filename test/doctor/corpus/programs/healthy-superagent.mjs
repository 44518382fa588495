// superagent with an agent that keeps connections.
import http from "node:http";
import superagent from "superagent";
import { serve, times, turn } from "../server.mjs";

const server = await serve();
const agent = new http.Agent({ keepAlive: true });
await times(30, async () => {
  await superagent.post(server.url).agent(agent).send({ a: 1 });
  await turn();
});
agent.destroy();
server.close();
