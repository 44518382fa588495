// The server ends each connection, and the agent keeps no TLS sessions: a full handshake for each request.
import https from "node:https";
import { selfSigned } from "../../../../dist/testing.js";
import { get, serve, times } from "../server.mjs";

const { key, cert, ca } = selfSigned({ names: ["127.0.0.1"] });
const handler = (_request, response) => response.setHeader("connection", "close").end("ok");
const server = await serve({ tls: { key, cert }, handler });
const agent = new https.Agent({ keepAlive: true, maxCachedSessions: 0, ca });
await times(12, () => get(server.url, { agent }));
server.close();
