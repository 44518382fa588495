// The server ends its connections in the middle of a response. The first argument is the client.
import http from "node:http";
import { serveBytes, times } from "../server.mjs";

const server = await serveBytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", { end: true });
const { url } = server;
const ask = {
  fetch: () => fetch(url).then((response) => response.text()),
  http: () =>
    new Promise((resolve, reject) => {
      const read = (response) => response.on("error", reject).on("end", resolve).resume();
      http.get(url, read).on("error", reject);
    }),
};
await times(5, () => ask[process.argv[2]]().catch(() => {}));
server.close();
