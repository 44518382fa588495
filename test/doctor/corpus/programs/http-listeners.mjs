// A listener for each request on a socket that is kept.
import http from "node:http";
import { serve, times, turn } from "../server.mjs";

const server = await serve();
const agent = new http.Agent({ keepAlive: true });
const ask = () =>
  new Promise((resolve) => {
    const request = http.get(server.url, { agent }, (response) => response.resume().on("end", resolve));
    request.on("socket", (socket) => socket.on("timeout", () => request.destroy()));
  });
await times(14, async () => {
  await ask();
  await turn();
});
server.close();
