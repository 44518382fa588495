// undici keeps idle connections for four seconds, this server for a moment.
import { pause, serveIdle, times } from "../server.mjs";

const server = await serveIdle(40);
await times(5, async () => {
  await (await fetch(server.url)).text();
  await pause(200);
});
server.close();
