// One session of HTTP/2 for all requests, many at once.
import http2 from "node:http2";
import { requestOn, serveHttp2, times, together } from "../server.mjs";

const server = await serveHttp2();
const session = http2.connect(server.url);
await together(10, () => times(10, () => requestOn(session)));
session.close();
server.close();
