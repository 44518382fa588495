// Until 2.6.12 node-fetch itself asks for the end of the connection where it has no agent. Mended: it has one.
import http from "node:http";
import fetch from "node-fetch26";
import { mended, serve, times, turn } from "../server.mjs";

const server = await serve();
const agent = mended ? new http.Agent({ keepAlive: true }) : undefined;
await times(12, async () => {
  await (await fetch(server.url, { agent })).text();
  await turn();
});
server.close();
process.exit();
