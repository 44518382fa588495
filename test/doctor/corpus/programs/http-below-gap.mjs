// The server says nothing and ends idle connections long before the next request comes. Mended: it keeps them.
import http from "node:http";
import { get, mended, pause, serveIdle, times } from "../server.mjs";

const server = await serveIdle(mended ? 5000 : 40);
const agent = new http.Agent({ keepAlive: true });
await times(12, async () => {
  await get(server.url, { agent });
  await pause(120);
});
server.close();
