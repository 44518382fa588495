// node-fetch told to close.
import fetch from "node-fetch";
import { serve, times } from "../server.mjs";

const server = await serve();
await times(12, async () => (await fetch(server.url, { headers: { connection: "close" } })).text());
server.close();
