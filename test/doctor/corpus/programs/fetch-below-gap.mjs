// The same with fetch.
import { mended, pause, serveIdle, times } from "../server.mjs";

const server = await serveIdle(mended ? 5000 : 40);
await times(12, async () => {
  await (await fetch(server.url)).text();
  await pause(120);
});
server.close();
