// ky over the global fetch.
import ky from "ky";
import { serve, times, turn } from "../server.mjs";

const server = await serve();
await times(30, async () => {
  await ky(server.url).text();
  await turn();
});
server.close();
