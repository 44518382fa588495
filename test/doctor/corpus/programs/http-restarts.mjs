// The server ends what is idle at uneven times, as one does that is replaced; it announces a minute.
import http from "node:http";
import { get, pause, serve, times } from "../server.mjs";

const server = await serve({ keepAliveTimeout: 60_000 });
const agent = new http.Agent({ keepAlive: true });
await times(24, async (index) => {
  await get(server.url, { agent });
  await pause(10 + ((index * 7) % 20));
  if (index % 4 === 2) server.endIdle();
  await pause(index % 4 === 2 ? 20 : 60);
});
server.close();
