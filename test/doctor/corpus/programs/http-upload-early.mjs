// The server refuses uploads while they are under way, and ends the connection. Mended: it reads them first.
import http from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { mended, serve, times, turn } from "../server.mjs";

const refusal = "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 2\r\n\r\nno";
/** Called when the client has the whole answer. */
let answered = () => {};
const server = await serve({
  handler(request, response) {
    if (mended) return void request.resume().on("end", () => response.writeHead(413).end("no"));
    // Past the response, which would read the rest of the upload once it is sent.
    request.socket.write(refusal);
    answered = () => request.socket.destroy();
  },
});
const agent = new http.Agent({ keepAlive: true });

/** Without its end, so that no system's buffers can take it whole. */
async function* parts() {
  for (let part = 0; part < (mended ? 4 : Number.POSITIVE_INFINITY); part++) {
    yield Buffer.alloc(64 * 1024);
    await turn();
  }
}

await times(5, async () => {
  const request = http.request(server.url, { method: "POST", agent });
  const over = new Promise((resolve) => request.on("close", () => setImmediate(resolve)));
  request.on("response", (response) => response.resume().on("end", () => answered()));
  await pipeline(Readable.from(parts()), request).catch(() => {});
  await over;
});
server.close();
