// A thread for each request. Mended: the main thread sends them.
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { mended, serve, times } from "../server.mjs";

if (isMainThread) {
  const server = await serve();
  const job = () =>
    new Promise((resolve) =>
      new Worker(new URL(import.meta.url), { workerData: server.url }).on("exit", resolve),
    );
  await times(8, () => (mended ? fetch(server.url).then((response) => response.text()) : job()));
  server.close();
} else {
  await (await fetch(workerData)).text();
}
