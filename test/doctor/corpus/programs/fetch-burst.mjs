// A hundred requests at once and no limit.
import { serve, together } from "../server.mjs";

const server = await serve({ handler: (_request, response) => setTimeout(() => response.end("ok"), 50) });
await together(100, async () => (await fetch(server.url)).text());
server.close();
