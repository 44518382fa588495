import { createServer } from "node:http";
import { Client, Transport } from "../../src/index.js";

/*
 * As `bare-runner.ts`, for a whole `Client`: `client-runner.js PORT` takes URLs by POST, asks for each with a transport of
 * its own, keeps that for a while, and answers. By prior knowledge where the URL is plain.
 */

/** A case waits one second for what the client does; it must neither end sooner nor run into h2specd's own limit of three. */
const HOLD = 1_600;

async function ask(url: string): Promise<void> {
  const transport = new Transport({ http2: { priorKnowledge: true }, tls: { rejectUnauthorized: false } });
  const held = new Promise((resolve) => setTimeout(resolve, HOLD));
  const client = new Client({ transport });
  // What becomes of the request is the case's affair: many of them break it.
  const asked = client.get(url).bytes();
  await Promise.race([asked.catch(() => undefined), held]);
  await held;
  transport.destroy();
  await asked.catch(() => undefined);
}

createServer(async (request, response) => {
  let url = "";
  for await (const chunk of request) url += String(chunk);
  if (url !== "") await ask(url.trim());
  response.end("done\n");
}).listen(Number(process.argv[2]), "127.0.0.1");
