// A server of node:http2 for the peers: `node-server.mjs PORT ROOT CERT KEY`. POSTs to /backend/count are written to
// standard output, a line each, so that they are known after it was killed.
import { createHash } from "node:crypto";
import { readFileSync, writeSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { join, normalize } from "node:path";

const [port, root, cert, key] = process.argv.slice(2);
const server = createSecureServer({ cert: readFileSync(cert), key: readFileSync(key), allowHTTP1: false });
server.on("stream", (stream, headers) => {
  stream.on("error", () => undefined);
  const url = new URL(headers[":path"], "https://host");
  if (url.pathname === "/backend/digest") {
    const hash = createHash("sha256");
    let bytes = 0;
    stream.on("data", (chunk) => {
      hash.update(chunk);
      bytes += chunk.length;
    });
    stream.on("end", () => {
      stream.respond({ ":status": 200 });
      stream.end(JSON.stringify({ bytes, sha256: hash.digest("hex") }));
    });
  } else if (url.pathname === "/backend/count") {
    stream.resume();
    writeSync(1, `${url.searchParams.get("id")}\n`);
    stream.respond({ ":status": 200 });
    stream.end("counted");
  } else if (url.pathname === "/backend/trailers") {
    stream.respond({ ":status": 200 }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "peers" }));
    stream.end("with trailers");
  } else {
    stream.respondWithFile(join(root, normalize(url.pathname)), { "content-type": "text/plain" });
  }
});
server.listen(Number(port), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
