// A large download to a file with back-pressure: memory stays flat however slow the disk is, and a download that is cut
// off is an error, never a short success. Then the first bytes of another one, and what stopping early costs.
// Run it with `node examples/download.mjs`; in a clone, `npm run build` first.
import { createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Client, Transport } from "trunkline";
import { FriendlyServer } from "trunkline/testing";

const server = await FriendlyServer.start();
const folder = await mkdtemp(join(tmpdir(), "trunkline-download-"));
const file = join(folder, "large.bin");

const transport = new Transport();
const client = new Client({ transport, baseURL: server.origin, throwOnError: true });

const response = await client.get("/bytes/50000000", {
  onProgress: ({ bytes, total }) => {
    if (bytes === total) console.log(`all of ${total} bytes are here`);
  },
});
await pipeline(response, createWriteStream(file)); // a response is an async iterable of bytes
console.log(`${(await stat(file)).size} bytes on disk`);

// One piece is enough: leaving the loop abandons the rest, and that costs the connection.
const other = await client.get("/bytes/50000000");
for await (const piece of other) {
  console.log(piece.byteLength > 0 ? "seen enough" : "nothing yet");
  break;
}
const closed = transport.connections().find(({ state }) => state === "closed")?.closed;
console.log(`closed as ${closed?.reason}, by the ${closed?.by}`);

await rm(folder, { recursive: true });
await transport.close();
await server.close();
