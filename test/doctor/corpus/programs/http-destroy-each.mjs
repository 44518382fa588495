// The program throws its agent's connections away after each request. Mended: it does not.
import http from "node:http";
import { get, mended, serve, times } from "../server.mjs";

const server = await serve();
const agent = new http.Agent({ keepAlive: true });
await times(12, async () => {
  await get(server.url, { agent });
  if (!mended) agent.destroy();
});
server.close();
