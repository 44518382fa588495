// `pipelining: 0` keeps no connections in undici.
import { serve, times, turn } from "../server.mjs";

const { Agent, request } = await import(process.argv[2]);
const server = await serve();
const dispatcher = new Agent({ pipelining: 0 });
await times(10, async () => {
  await (await request(server.url, { dispatcher })).body.text();
  await turn();
});
server.close();
process.exit();
