// The program gives each request less time than the server takes. Mended: more.
import http from "node:http";
import { get, mended, pause, serve, times } from "../server.mjs";

const server = await serve({ handler: (_request, response) => pause(60).then(() => response.end("ok")) });
const agent = new http.Agent({ keepAlive: true });
const limit = mended ? 2000 : 20;
await times(8, () => get(server.url, { agent, limit }).catch(() => {}));
server.close();
