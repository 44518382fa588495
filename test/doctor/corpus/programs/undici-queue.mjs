// Twenty requests at once through a pool of one connection.
import { serve, together } from "../server.mjs";

const { Pool } = await import(process.argv[2]);
const server = await serve({ handler: (_request, response) => setTimeout(() => response.end("ok"), 10) });
const pool = new Pool(server.url, { connections: 1 });
await together(20, async () => (await pool.request({ path: "/", method: "GET" })).body.text());
await pool.close();
server.close();
