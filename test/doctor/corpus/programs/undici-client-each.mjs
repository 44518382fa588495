// A new Client of undici for each request.
import { serve, times } from "../server.mjs";

const { Client } = await import(process.argv[2]);
const server = await serve();
await times(10, async () => {
  const client = new Client(server.url);
  await (await client.request({ path: "/", method: "GET" })).body.text();
});
server.close();
process.exit();
