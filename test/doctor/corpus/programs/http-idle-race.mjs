// The agent keeps idle connections for ever, the server for a moment.
import http from "node:http";
import { get, pause, serveIdle, times } from "../server.mjs";

const server = await serveIdle(40);
const agent = new http.Agent({ keepAlive: true });
await times(5, async () => {
  await get(server.url, { agent });
  await pause(200);
});
server.close();
