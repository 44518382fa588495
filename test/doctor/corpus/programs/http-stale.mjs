// The program computes for longer than the server keeps idle connections: the next request meets a dead one.
import http from "node:http";
import { Worker } from "node:worker_threads";
import { get, times } from "../server.mjs";

// In a thread of its own, so that the server goes on while the program computes.
const worker = new Worker(
  `const { parentPort } = require("node:worker_threads");
  import(${JSON.stringify(new URL("../server.mjs", import.meta.url).href)})
    .then(({ serveIdle }) => serveIdle(30))
    .then(({ port }) => parentPort.postMessage(port));`,
  { eval: true },
);
const port = await new Promise((resolve) => worker.once("message", resolve));
const agent = new http.Agent({ keepAlive: true });
await times(10, async () => {
  await get(`http://127.0.0.1:${port}`, { agent }).catch(() => {});
  const until = Date.now() + 120;
  while (Date.now() < until);
});
await worker.terminate();
