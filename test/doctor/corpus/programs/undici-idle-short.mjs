// The agent drops idle connections just before it would need them.
import { pause, serve, times } from "../server.mjs";

const { Agent, request } = await import(process.argv[2]);
const server = await serve({
  handler(_request, response) {
    response.setHeader("connection", "keep-alive");
    response.end("ok");
  },
});
const dispatcher = new Agent({ keepAliveTimeout: 100 });
await times(4, async () => {
  await (await request(server.url, { dispatcher })).body.text();
  // undici looks at its timers about twice a second.
  await pause(1700);
});
await dispatcher.close();
server.close();
