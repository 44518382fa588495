// Requests at once on the one connection of a Client. Mended: a Pool.
import { mended, pause, serve, together } from "../server.mjs";

const { Client, Pool } = await import(process.argv[2]);
const server = await serve({ handler: (_request, response) => pause(5).then(() => response.end("ok")) });
const client = mended ? new Pool(server.url, { connections: 10 }) : new Client(server.url);
await together(30, async () => {
  const { body } = await client.request({ path: "/", method: "GET" });
  await body.text();
});
await client.close();
server.close();
