// Ten at once over an agent that keeps one idle connection.
import http from "node:http";
import { get, serve, times, together } from "../server.mjs";

const server = await serve();
const agent = new http.Agent({ keepAlive: true, maxFreeSockets: 1 });
await times(4, () => together(10, () => get(server.url, { agent })));
agent.destroy();
server.close();
