// The server ends the connection with each response.
import { get, serve, times } from "../server.mjs";

const server = await serve({
  handler(_request, response) {
    response.setHeader("connection", "close");
    response.end("ok");
  },
});
await times(12, () => get(server.url));
server.close();
