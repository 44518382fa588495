// A new agent for each request.
import http from "node:http";
import { get, serve, times } from "../server.mjs";

const server = await serve();
await times(12, () => get(server.url, { agent: new http.Agent({ keepAlive: true }) }));
server.close();
