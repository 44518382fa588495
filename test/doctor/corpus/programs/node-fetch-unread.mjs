// node-fetch, and only the status is used.
import fetch from "node-fetch";
import { pause, serve, times } from "../server.mjs";

const server = await serve();
await times(12, async () => (await fetch(`${server.url}/large`)).status);
await pause(20);
process.exit();
