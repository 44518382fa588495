// A new session of HTTP/2 for each request.
import http2 from "node:http2";
import { requestOn, serveHttp2, times } from "../server.mjs";

const server = await serveHttp2();
await times(10, async () => {
  const session = http2.connect(server.url);
  await requestOn(session);
  session.close();
});
server.close();
