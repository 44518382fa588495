// A file as a streamed upload with progress, then a form with a file in it. A body that can be sent again (bytes, a Blob,
// FormData) can follow a 307 or be retried after a lost connection; a stream can be sent once.
// Run it with `node examples/upload.mjs`; in a clone, `npm run build` first.
import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "trunkline";
import { FriendlyServer } from "trunkline/testing";

const server = await FriendlyServer.start();
const folder = await mkdtemp(join(tmpdir(), "trunkline-upload-"));
const file = join(folder, "report.txt");
await writeFile(file, "0123456789".repeat(100_000));

const client = new Client({ baseURL: server.origin, throwOnError: true });

// With its length declared, the body is sent as it is; without, in chunks. A body of another length is an error.
const { size } = await stat(file);
let pieces = 0;
const echoed = await client
  .put("/echo", {
    body: createReadStream(file),
    headers: { "content-length": String(size) },
    onProgress: ({ direction }) => {
      if (direction === "up") pieces++;
    },
  })
  .json();
console.log(
  `sent ${size} bytes in ${pieces > 1 ? "several pieces" : "one piece"}, the server got ${echoed.bytes}`,
);

const form = new FormData();
form.set("title", "report");
form.set("file", new Blob(["a,b\n1,2\n"], { type: "text/csv" }), "report.csv");
const { headers } = await client.post("/echo", { body: form }).json();
console.log(
  headers.find((value) => value.startsWith("multipart/form-data"))?.replace(/boundary=.*/, "boundary=…"),
);

await rm(folder, { recursive: true });
await server.close();
