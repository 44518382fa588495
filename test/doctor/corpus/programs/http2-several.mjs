// Three sessions of HTTP/2 to one origin, where one would carry all requests.
import http2 from "node:http2";
import { requestOn, serveHttp2, times, together } from "../server.mjs";

const server = await serveHttp2();
const sessions = [1, 2, 3].map(() => http2.connect(server.url));
await Promise.all(sessions.map((session) => together(3, () => times(5, () => requestOn(session)))));
for (const session of sessions) session.close();
server.close();
