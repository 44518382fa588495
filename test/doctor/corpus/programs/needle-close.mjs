// needle told to close.
import needle from "needle";
import { serve, times } from "../server.mjs";

const server = await serve();
await times(12, () => needle("get", server.url, null, { connection: "close" }));
server.close();
