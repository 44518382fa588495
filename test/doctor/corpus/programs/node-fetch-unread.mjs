// node-fetch, and only the status is used.
import fetch from "node-fetch";
import { pause, serve, times } from "../server.mjs";

const server = await serve();
await times(12, async () => (await fetch(`${server.url}/large`)).status);
// Long enough that nobody can be said to be reading still.
await pause(500);
process.exit();
