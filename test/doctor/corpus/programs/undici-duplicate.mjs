// Two copies of undici in one process.
import { serve, times, turn } from "../server.mjs";

const server = await serve();
for (const name of ["undici5", "undici6"]) {
  const { Agent, request } = await import(name);
  const dispatcher = new Agent();
  await times(5, async () => {
    await (await request(server.url, { dispatcher })).body.text();
    await turn();
  });
  await dispatcher.close();
}
server.close();
