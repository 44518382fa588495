// An agent for each call, with options that any other would lack. Mended: the same agent, made once.
import https from "node:https";
import { selfSigned } from "../../../../dist/testing.js";
import { get, mended, serve, times } from "../server.mjs";

const { key, cert } = selfSigned({ names: ["127.0.0.1"] });
const server = await serve({ tls: { key, cert } });
const shared = new https.Agent({ keepAlive: true, rejectUnauthorized: false });
const agent = () => (mended ? shared : new https.Agent({ rejectUnauthorized: false }));
await times(14, () => get(server.url, { agent: agent() }));
server.close();
