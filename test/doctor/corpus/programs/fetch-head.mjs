// undici closes the connection after each HEAD.
import { serve, times, turn } from "../server.mjs";

const server = await serve();
await times(10, async () => {
  await fetch(server.url, { method: "HEAD" });
  await turn();
});
server.close();
