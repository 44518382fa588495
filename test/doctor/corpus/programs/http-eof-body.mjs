// Responses without a length: the end of the connection is the end of the body.
import { get, serveBytes, times } from "../server.mjs";

const server = await serveBytes("HTTP/1.1 200 OK\r\n\r\nhello", { end: true });
await times(8, () => get(server.url));
server.close();
