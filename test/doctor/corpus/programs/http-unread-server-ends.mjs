// Unread responses again; here the server ends their connections at last.
import http from "node:http";
import { pause, serve, times } from "../server.mjs";

const server = await serve();
await times(
  12,
  () => new Promise((resolve) => http.get(server.url, (response) => resolve(response.statusCode))),
);
await pause(20);
server.close();
