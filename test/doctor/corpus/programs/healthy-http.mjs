// The global agent, one request after the other.
import { get, serve, times } from "../server.mjs";

const server = await serve();
await times(50, () => get(server.url));
server.close();
