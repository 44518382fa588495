// A new Agent of undici for each request; which undici is the first argument.
import { serve, times } from "../server.mjs";

const { Agent, request } = await import(process.argv[2]);
const server = await serve();
await times(10, async () => (await request(server.url, { dispatcher: new Agent() })).body.text());
server.close();
process.exit();
