// A server that speaks HTTP/1.0.
import { get, serveBytes, times } from "../server.mjs";

const server = await serveBytes("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", { end: true });
await times(8, () => get(server.url));
server.close();
