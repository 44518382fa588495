// The same with fetch and a signal.
import { mended, pause, serve, times } from "../server.mjs";

const server = await serve({ handler: (_request, response) => pause(60).then(() => response.end("ok")) });
const limit = mended ? 2000 : 20;
const ask = async () => (await fetch(server.url, { signal: AbortSignal.timeout(limit) })).text();
await times(8, () => ask().catch(() => {}));
server.close();
