// The server refuses uploads while they are under way, and ends the connection. Mended: it reads them first.
import http from "node:http";
import { mended, serve, times } from "../server.mjs";

const server = await serve({
  handler(request, response) {
    const refuse = () => response.writeHead(413).end("no");
    if (mended) return void request.resume().on("end", refuse);
    request.pause();
    request.socket.on("error", () => {});
    response.on("finish", () => setTimeout(() => request.socket.destroy(), 20));
    refuse();
  },
});
const agent = new http.Agent({ keepAlive: true });
const upload = () =>
  new Promise((resolve) => {
    const request = http.request(server.url, { method: "POST", agent }, (response) => response.resume());
    // Its socket may fail once more after the request has.
    request.on("socket", (socket) => socket.on("error", () => {}));
    request.on("error", () => {}).on("close", () => setImmediate(resolve));
    request.end(Buffer.alloc(8_000_000));
  });
await times(5, upload);
server.close();
