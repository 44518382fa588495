// Headers beyond what fetch takes.
import { serve, times } from "../server.mjs";

const server = await serve({
  handler: (_request, response) => response.setHeader("set-cookie", `a=${"x".repeat(20_000)}`).end("ok"),
});
await times(6, () => fetch(server.url).catch(() => {}));
server.close();
