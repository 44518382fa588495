// One request after the other with the global fetch.
import { serve, times, turn } from "../server.mjs";

const server = await serve();
await times(50, async () => {
  await (await fetch(server.url)).text();
  await turn();
});
server.close();
