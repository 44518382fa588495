// The program ends with an uncaught error in the middle of its work.
import http from "node:http";
import { get, serve, times } from "../server.mjs";

const server = await serve();
await times(12, () => get(server.url, { agent: new http.Agent({ keepAlive: true }) }));
setImmediate(() => {
  throw new Error("planted");
});
