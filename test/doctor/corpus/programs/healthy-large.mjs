// Large bodies, read to their end through a pipeline.
import http from "node:http";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { serve, times, turn } from "../server.mjs";

const server = await serve();
const agent = new http.Agent({ keepAlive: true });
await times(10, async () => {
  const response = await new Promise((resolve, reject) => {
    http.get(`${server.url}/large`, { agent }, resolve).on("error", reject);
  });
  await pipeline(response, new Writable({ write: (_chunk, _encoding, done) => done() }));
  await turn();
});
agent.destroy();
server.close();
