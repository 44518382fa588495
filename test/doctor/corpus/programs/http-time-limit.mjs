// The program gives each request less time than the server takes, and one too little to connect. Mended: more.
import http from "node:http";
import { get, mended, pause, serve, times } from "../server.mjs";

const server = await serve({ handler: (_request, response) => pause(60).then(() => response.end("ok")) });
const agent = new http.Agent({ keepAlive: true });
const limit = mended ? 2000 : 20;
const url = `http://localhost:${server.port}`;
await times(8, () => get(url, { agent, limit, family: 4 }).catch(() => {}));
if (!mended) {
  const request = http.get(url, { agent, family: 4, lookup: () => {} });
  setTimeout(() => request.destroy(new Error("time is up")), limit);
  await new Promise((resolve) => request.on("error", resolve));
}
server.close();
