// Ten workers: undici opens a second connection for each while the first one cools.
import { serve, times, together } from "../server.mjs";

const server = await serve();
await together(10, () => times(30, async () => (await fetch(server.url)).text()));
server.close();
