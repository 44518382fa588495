// `agent: false` makes an agent for one request and keeps nothing.
import { get, serve, times } from "../server.mjs";

const server = await serve();
await times(12, () => get(server.url, { agent: false }));
server.close();
