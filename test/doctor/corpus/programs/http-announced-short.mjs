// The server announces a second, of which Node's agent keeps nothing. Mended in the server: half a minute.
import http from "node:http";
import { get, mended, serve, times } from "../server.mjs";

const server = await serve({ keepAliveTimeout: mended ? 30_000 : 1000 });
const agent = new http.Agent({ keepAlive: true });
await times(12, () => get(server.url, { agent }));
server.close();
