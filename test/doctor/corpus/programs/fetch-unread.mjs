// Large responses whose body nobody reads.
import { pause, serve, times } from "../server.mjs";

const server = await serve();
const kept = [];
await times(8, async () => kept.push(await fetch(`${server.url}/large`)));
await pause(50);
if (kept.some((response) => response.status !== 200)) process.exitCode = 1;
server.close();
process.exit();
