// superagent with a new agent for each request.
import http from "node:http";
import superagent from "superagent";
import { serve, times } from "../server.mjs";

const server = await serve();
await times(12, () => superagent.get(server.url).agent(new http.Agent({ keepAlive: true })));
server.close();
