// Ten at once over an agent that keeps one idle connection, beside others that keep many and are never used again.
import http from "node:http";
import { get, serve, times, together } from "../server.mjs";

const server = await serve();
const agent = new http.Agent({ keepAlive: true, maxFreeSockets: 1 });
await times(30, () => get(server.url, { agent: new http.Agent({ keepAlive: true }) }));
await times(4, () => together(10, () => get(server.url, { agent })));
agent.destroy();
server.close();
