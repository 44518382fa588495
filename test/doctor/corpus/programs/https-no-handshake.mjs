// The port is open, but nobody there answers the TLS handshake; the program waits only so long.
import { once } from "node:events";
import net from "node:net";
import { get, times } from "../server.mjs";

const server = net.createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
await once(server, "listening");
const url = `https://127.0.0.1:${server.address().port}`;
await times(4, () => get(url, { limit: 60 }).catch(() => {}));
await times(4, () => fetch(url, { signal: AbortSignal.timeout(60) }).catch(() => {}));
process.exit();
