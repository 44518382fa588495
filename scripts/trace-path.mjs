// `npm run trace-path`: follows one GET on an idle connection through the sources, step by step, and says which files it
// passes through and how often it moves from one to another. A reader opens a file for each move.

import { readFileSync } from "node:fs";
import { Session } from "node:inspector";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { compile } from "./lib/compile.mjs";
import { compiled } from "./lib/project.mjs";
import { ensureDependencies, requireNode } from "./lib/setup.mjs";

/** The design's limit on files (docs/architecture.md). */
const MOST_FILES = 30;

/** Where the turns of a request begin: it is asked for; bytes have come; the caller has the response. */
const TURNS = [
  ["client/client.js", "return this.#call(GET,"],
  ["transport/connection/wire.js", "this.#sink.received(buffer"],
  ["message/response.js", "const now = body.textNow();"],
];

if (isMainThread) await trace();
else follow(workerData);

async function trace() {
  requireNode();
  await ensureDependencies();
  if (!(await compile())) process.exit(1);
  const { Client, Transport } = await import(pathToFileURL(join(compiled, "src/index.js")).href);
  const server = createServer((socket) => {
    socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
    socket.on("error", () => socket.destroy());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  const transport = new Transport({ proxy: false });
  const client = new Client({ transport });
  for (let i = 0; i < 3; i++) await client.get(url).text();
  const follower = new Worker(fileURLToPath(import.meta.url), {
    workerData: pathToFileURL(join(compiled, "src/")).href,
  });
  const message = () => new Promise((resolve) => follower.once("message", resolve));
  await message(); // it is attached
  await client.get(url).text();
  follower.postMessage("over");
  const path = await message();
  await follower.terminate();
  await transport.close();
  server.close();
  report(path);
}

/** In a thread of its own, since the followed one stands still at each step. */
function follow(sources) {
  const session = new Session();
  session.connectToMainThread();
  const names = new Map();
  const path = [];
  session.on("Debugger.scriptParsed", ({ params }) => names.set(params.scriptId, params.url));
  session.on("Debugger.paused", ({ params }) => {
    const [{ location, url }] = params.callFrames;
    const name = url || names.get(location.scriptId) || "";
    if (name.startsWith(sources)) {
      const file = name.slice(sources.length).replace(/\.js$/, ".ts");
      if (path.at(-1) !== file) path.push(file);
    }
    session.post("Debugger.stepInto");
  });
  session.post("Debugger.enable");
  // Steps end with their turn of the event loop.
  for (const [file, text] of TURNS) {
    const lineNumber = readFileSync(join(compiled, "src", file), "utf8")
      .split("\n")
      .findIndex((line) => line.includes(text));
    if (lineNumber < 0)
      throw new Error(
        `${file} has no line with ${text}: scripts/trace-path.mjs must know where a turn begins`,
      );
    session.post("Debugger.setBreakpointByUrl", { url: new URL(file, sources).href, lineNumber });
  }
  session.post("Debugger.setSkipAllPauses", { skip: false }, () => parentPort.postMessage("attached"));
  parentPort.once("message", () => {
    session.post("Debugger.disable");
    parentPort.postMessage(path);
  });
}

function report(path) {
  const files = new Set(path);
  for (const [index, file] of path.entries()) console.log(`${String(index + 1).padStart(4)}  ${file}`);
  console.log(
    `\nA GET on an idle connection passes through ${files.size} files in ${path.length - 1} moves (at most ${MOST_FILES} files).`,
  );
  if (files.size > MOST_FILES) process.exitCode = 1;
}
