// got with a new agent for each request.
import http from "node:http";
import got from "got";
import { serve, times } from "../server.mjs";

const server = await serve();
await times(12, () => got(server.url, { agent: { http: new http.Agent({ keepAlive: true }) } }).text());
server.close();
