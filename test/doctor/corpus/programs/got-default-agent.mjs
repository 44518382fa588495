// got with an agent that does not keep connections.
import http from "node:http";
import got from "got";
import { serve, times } from "../server.mjs";

const server = await serve();
const agent = { http: new http.Agent() };
await times(12, () => got(server.url, { agent }).text());
server.close();
