// A new agent for each request, in a worker and in a child process.
import { fork } from "node:child_process";
import { Worker } from "node:worker_threads";

const program = new URL("./http-agent-each.mjs", import.meta.url);
await Promise.all([
  new Promise((resolve) => new Worker(program).on("exit", resolve)),
  new Promise((resolve) => fork(program).on("exit", resolve)),
]);
