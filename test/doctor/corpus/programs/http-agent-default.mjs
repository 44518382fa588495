// An agent of its own, and `keepAlive` forgotten: it is off then.
import http from "node:http";
import { get, serve, times } from "../server.mjs";

const server = await serve();
const agent = new http.Agent({ maxSockets: 10 });
await times(12, () => get(server.url, { agent }));
server.close();
