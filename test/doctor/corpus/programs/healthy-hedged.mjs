// The same request twice, and the slower one is called off: no connection too many.
import { pause, serve, times } from "../server.mjs";

const server = await serve({
  handler: ({ url }, response) => pause(url === "/slow" ? 80 : 5).then(() => response.end("ok")),
});
await times(4, async () => {
  const abort = new AbortController();
  const slow = fetch(`${server.url}/slow`, { signal: abort.signal }).catch(() => {});
  await (await fetch(server.url)).text();
  abort.abort();
  await slow;
});
server.close();
