// fetch over HTTP/2, which Node offers by itself: its requests share a connection.
import { once } from "node:events";
import http2 from "node:http2";
import { selfSigned } from "../../../../dist/testing.js";
import { together } from "../server.mjs";

process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
const { key, cert } = selfSigned({ names: ["127.0.0.1"] });
const settings = { maxConcurrentStreams: 50 };
const server = http2.createSecureServer({ key, cert, allowHTTP1: true, settings }, (_request, response) =>
  setTimeout(() => response.end("ok"), 20),
);
server.listen(0, "127.0.0.1");
await once(server, "listening");
const url = `https://127.0.0.1:${server.address().port}/`;
await (await fetch(url)).text();
for (let turn = 0; turn < 3; turn += 1) await together(8, async () => (await fetch(url)).text());
process.exit();
