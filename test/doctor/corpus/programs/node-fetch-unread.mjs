// node-fetch, and only the status is used; which node-fetch is the first argument. Both pipe bodies into a stream of
// their own. Mended: the bodies are read.
import http from "node:http";
import { mended, pause, serve, times } from "../server.mjs";

const { default: fetch } = await import(process.argv[2]);
const server = await serve();
const agent = new http.Agent({ keepAlive: true });
await times(12, async () => {
  const response = await fetch(`${server.url}/large`, { agent });
  if (mended) await response.arrayBuffer();
});
// Long enough that none may just be about to be read.
await pause(20);
process.exit();
