// agentkeepalive drops idle connections after the time it is given for them. Mended: a longer one.
import Agent from "agentkeepalive";
import { get, mended, pause, serve, times } from "../server.mjs";

const server = await serve();
const agent = new Agent({ freeSocketTimeout: mended ? 20_000 : 60 });
await times(8, async () => {
  await get(server.url, { agent });
  await pause(120);
});
agent.destroy();
server.close();
