// A header that asks for the end of the connection.
import { get, serve, times } from "../server.mjs";

const server = await serve();
await times(12, () => get(server.url, { headers: { connection: "close" } }));
server.close();
