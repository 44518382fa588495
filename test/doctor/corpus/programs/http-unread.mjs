// Only the status is looked at; each unread response holds its connection.
import http from "node:http";
import { pause, serve, times } from "../server.mjs";

const server = await serve();
await times(
  12,
  () => new Promise((resolve) => http.get(server.url, (response) => resolve(response.statusCode))),
);
await pause(20);
server.close();
process.exit();
