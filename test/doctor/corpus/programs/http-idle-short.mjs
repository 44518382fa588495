// The agent drops idle connections just before it would need them.
import http from "node:http";
import { get, pause, serve, times } from "../server.mjs";

const server = await serve();
const agent = new http.Agent({ keepAlive: true, timeout: 30 });
await times(6, async () => {
  await get(server.url, { agent });
  await pause(100);
});
server.close();
