// Something on the way forgets idle connections, some sooner and some later, and resets what comes on them next. Mended:
// the client drops them before.
import http from "node:http";
import { get, mended, pause, serve, times } from "../server.mjs";

const known = new Set();
const forgotten = new WeakSet();
const server = await serve({
  keepAliveTimeout: 0,
  handler({ socket }, response) {
    if (forgotten.has(socket)) return void socket.resetAndDestroy();
    known.add(socket);
    response.setHeader("connection", "keep-alive").end("ok");
  },
});
const agent = new http.Agent({ keepAlive: true, ...(mended ? { timeout: 40 } : {}) });
const ask = async () => {
  if (process.argv.includes("fetch")) await (await fetch(server.url)).text();
  else await get(server.url, { agent });
};
await times(4, ask);
// Each time much later than the last time, however long a pause takes here.
let age = 80;
await times(3, async () => {
  const since = performance.now();
  await pause(age);
  for (const socket of known) forgotten.add(socket);
  await ask().catch(() => {});
  age = 3 * (performance.now() - since);
  await ask();
});
server.close();
