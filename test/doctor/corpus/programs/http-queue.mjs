// Twenty requests at once through one connection.
import http from "node:http";
import { get, serve, together } from "../server.mjs";

const server = await serve({ handler: (_request, response) => setTimeout(() => response.end("ok"), 10) });
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
await together(20, () => get(server.url, { agent }));
agent.destroy();
server.close();
