// Connections that are not kept, and TLS sessions that are not kept either: a full handshake for each request.
import https from "node:https";
import { selfSigned } from "../../../../dist/testing.js";
import { get, serve, times } from "../server.mjs";

const { key, cert, ca } = selfSigned({ names: ["127.0.0.1"] });
const server = await serve({ tls: { key, cert } });
const agent = new https.Agent({ keepAlive: false, maxCachedSessions: 0, ca });
await times(12, () => get(server.url, { agent }));
server.close();
