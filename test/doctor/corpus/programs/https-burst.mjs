// Requests at once over TLS and HTTP/1.1, each with a connection of its own: HTTP/2 would need one.
import https from "node:https";
import { selfSigned } from "../../../../dist/testing.js";
import { get, serve, times, together } from "../server.mjs";

const { key, cert, ca } = selfSigned({ names: ["127.0.0.1"] });
const handler = (_request, response) => setTimeout(() => response.end("ok"), 50);
const server = await serve({ tls: { key, cert }, handler });
const agent = new https.Agent({ keepAlive: true, ca });
await together(8, () => times(5, () => get(server.url, { agent })));
agent.destroy();
server.close();
