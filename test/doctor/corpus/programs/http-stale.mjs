// The program computes for longer than the server keeps idle connections: the next request meets a dead one.
import http from "node:http";
import { Worker } from "node:worker_threads";
import { get, times } from "../server.mjs";

// In a thread of its own, so that the server goes on while the program computes; it ends what is idle when told to.
const ended = new Int32Array(new SharedArrayBuffer(4));
const worker = new Worker(
  `const { parentPort, workerData: ended } = require("node:worker_threads");
  const handler = (_request, response) => response.setHeader("connection", "keep-alive").end("ok");
  import(${JSON.stringify(new URL("../server.mjs", import.meta.url).href)})
    .then(({ serve }) => serve({ keepAliveTimeout: 0, handler }))
    .then(({ port, endIdle }) => {
      parentPort.on("message", () => {
        endIdle();
        setImmediate(() => {
          Atomics.store(ended, 0, 1);
          Atomics.notify(ended, 0);
        });
      });
      parentPort.postMessage(port);
    });`,
  { eval: true, workerData: ended },
);
const port = await new Promise((resolve) => worker.once("message", resolve));
const agent = new http.Agent({ keepAlive: true });
await times(10, async () => {
  await get(`http://127.0.0.1:${port}`, { agent }).catch(() => {});
  const until = Date.now() + 70;
  while (Date.now() < until);
  // Goes on once the connection has ended, and hears of that only afterwards.
  Atomics.store(ended, 0, 0);
  worker.postMessage("end");
  Atomics.wait(ended, 0, 0);
});
await worker.terminate();
