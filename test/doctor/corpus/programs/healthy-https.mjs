// One agent for TLS, shared.
import https from "node:https";
import { selfSigned } from "../../../../dist/testing.js";
import { get, serve, times } from "../server.mjs";

const { key, cert, ca } = selfSigned({ names: ["127.0.0.1"] });
const server = await serve({ tls: { key, cert } });
const agent = new https.Agent({ keepAlive: true, ca });
await times(30, () => get(server.url, { agent }));
agent.destroy();
server.close();
