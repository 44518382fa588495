// undici's own global agent, one request after the other.
import { serve, times, turn } from "../server.mjs";

const { request } = await import(process.argv[2]);
const server = await serve();
await times(30, async () => {
  await (await request(server.url)).body.text();
  await turn();
});
server.close();
