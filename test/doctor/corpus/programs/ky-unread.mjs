// ky, and only the status is used.
import ky from "ky";
import { pause, serve, times } from "../server.mjs";

const server = await serve();
const kept = [];
await times(6, async () => kept.push(await ky(`${server.url}/large`)));
await pause(50);
if (kept.some(({ status }) => status !== 200)) process.exitCode = 1;
process.exit();
