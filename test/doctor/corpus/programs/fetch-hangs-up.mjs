// Each connection ends as soon as it has a request.
import { serve, times } from "../server.mjs";

const server = await serve({ handler: ({ socket }) => socket.destroy() });
await times(8, () => fetch(server.url).catch(() => {}));
server.close();
