// What has been idle for a while is never heard of again, and nobody says so. Mended: it is dropped before.
import http from "node:http";
import { get, mended, pause, serve, times } from "../server.mjs";

const last = new WeakMap();
const server = await serve({
  handler({ socket }, response) {
    const idle = performance.now() - (last.get(socket) ?? performance.now());
    if (idle > 550) return;
    response.end("ok");
    response.on("finish", () => last.set(socket, performance.now()));
  },
});
const agent = new http.Agent({ keepAlive: true, ...(mended ? { timeout: 300 } : {}) });
const ask = () => get(server.url, { agent, limit: 1500 }).catch(() => {});
await times(3, async () => {
  await times(4, ask);
  await pause(700);
});
server.close();
