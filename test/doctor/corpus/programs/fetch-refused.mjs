// Nobody listens there.
import { serve, times } from "../server.mjs";

const server = await serve();
server.close();
await times(5, () => fetch(server.url).catch(() => {}));
