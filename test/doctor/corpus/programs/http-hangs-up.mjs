// The handler crashes on every other request: the connection ends without an answer, though it was in use just before.
import http from "node:http";
import { answer, get, serve, times } from "../server.mjs";

let count = 0;
const server = await serve({
  handler: (request, response) => (++count % 2 === 0 ? request.socket.destroy() : answer(request, response)),
});
const agent = new http.Agent({ keepAlive: true });
await times(16, () => get(server.url, { agent }).catch(() => {}));
server.close();
