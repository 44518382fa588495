// Large bodies cancelled after their first bytes.
import { serve, times } from "../server.mjs";

const server = await serve();
await times(8, async () => {
  const reader = (await fetch(`${server.url}/large`)).body.getReader();
  await reader.read();
  await reader.cancel();
});
server.close();
