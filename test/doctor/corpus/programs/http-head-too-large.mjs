// Headers beyond what Node takes. Mended: a larger limit.
import http from "node:http";
import { get, mended, serve, times } from "../server.mjs";

const server = await serve({
  handler: (_request, response) => response.setHeader("set-cookie", `a=${"x".repeat(20_000)}`).end("ok"),
});
const agent = new http.Agent({ keepAlive: true });
const options = mended ? { maxHeaderSize: 65_536 } : {};
await times(6, () => get(server.url, { agent, ...options }).catch(() => {}));
server.close();
