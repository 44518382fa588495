// axios gives each request less time than the server takes. Mended: more.
import http from "node:http";
import axios from "axios";
import { mended, pause, serve, times } from "../server.mjs";

const server = await serve({ handler: (_request, response) => pause(60).then(() => response.end("ok")) });
const httpAgent = new http.Agent({ keepAlive: true });
const client = axios.create({ httpAgent, timeout: mended ? 2000 : 20 });
await times(8, () => client.get(server.url).catch(() => {}));
server.close();
