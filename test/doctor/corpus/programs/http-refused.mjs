// Nobody listens there.
import { get, serve, times } from "../server.mjs";

const server = await serve();
server.close();
await times(5, () => get(server.url).catch(() => {}));
