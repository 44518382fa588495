// Large bodies nobody reads.
import { pause, serve, times } from "../server.mjs";

const { request } = await import(process.argv[2]);
const server = await serve();
const kept = [];
await times(6, async () => kept.push(await request(`${server.url}/large`)));
await pause(50);
if (kept.some(({ statusCode }) => statusCode !== 200)) process.exitCode = 1;
process.exit();
