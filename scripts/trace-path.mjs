// `npm run trace-path`: the path of one GET on an idle connection through the sources. It says which files the request
// passes through and how often it moves from one to another: a reader opens a file for each move. Fails above the limit.
//
// V8's coverage says which functions ran during the GET; a copy of the sources in which just these report when they
// begin and end is then asked for another one. So nothing stands still, and the path is the same each time.

import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { compile } from "./lib/compile.mjs";
import { compiled } from "./lib/project.mjs";
import { ensureDependencies, requireNode } from "./lib/setup.mjs";

/** The design's limit on files (docs/architecture.md). */
const MOST_FILES = 30;
/** The function that traced sources call, on the global object. */
const HOOK = "__tracePath";

requireNode();
await ensureDependencies();
if (!(await compile())) process.exit(1);
const original = join(compiled, "src");
const functions = await calledIn(original);
const traced = join(compiled, "traced");
rmSync(traced, { recursive: true, force: true });
cpSync(original, traced, { recursive: true, filter: (path) => !path.endsWith(".test.js") });
for (const [file, called] of functions) {
  const source = readFileSync(join(original, file), "utf8");
  writeFileSync(join(traced, file), reporting(source, called, file.replace(/\.js$/, ".ts")));
}
const path = await followed(traced);
rmSync(traced, { recursive: true, force: true });
report(path, [...functions.keys()]);

/** Gives `around` a GET on an idle connection, made with the sources in a folder. */
async function withGet(folder, around) {
  const { Client, Transport } = await import(pathToFileURL(join(folder, "index.js")).href);
  const server = createServer((socket) => {
    socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
    socket.on("error", () => socket.destroy());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  const transport = new Transport({ proxy: false });
  const client = new Client({ transport });
  for (let i = 0; i < 3; i++) await client.get(url).text();
  // A turn of the loop, so that it has polled the socket since the answer.
  await new Promise((resolve) => setTimeout(resolve, 5));
  await around(() => client.get(url).text());
  await transport.close();
  server.close();
}

/** The functions that run during the GET, by file: their ranges in the file's text. */
async function calledIn(folder) {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  let coverage;
  await withGet(folder, async (get) => {
    await session.post("Profiler.takePreciseCoverage"); // counts begin anew
    await get();
    coverage = await session.post("Profiler.takePreciseCoverage");
  });
  session.disconnect();
  const prefix = pathToFileURL(`${folder}/`).href;
  const found = new Map();
  for (const { url, functions } of coverage.result) {
    const called = functions.map(({ ranges: [range] }) => range).filter(({ count }) => count > 0);
    if (url.startsWith(prefix) && called.length > 0)
      found.set(fileURLToPath(url).slice(folder.length + 1), called);
  }
  return found;
}

/** The source, each of these functions reporting. */
function reporting(source, called, name) {
  const inserted = [];
  for (const { startOffset, endOffset } of called) {
    const body = bodyOf(source, startOffset, endOffset);
    if (body === undefined) continue;
    const call = `globalThis.${HOOK}?.(${JSON.stringify(name)}`;
    if (body.expression) {
      inserted.push([body.at, `(${call}, true),(`], [endOffset, "))"]);
    } else if (body.suspends) {
      inserted.push([body.at, `${call}, true);`]);
    } else {
      inserted.push([body.at, `${call});try{`], [endOffset - 1, `}finally{globalThis.${HOOK}?.()}`]);
    }
  }
  let text = source;
  for (const [at, insert] of inserted.sort(([a], [b]) => b - a))
    text = text.slice(0, at) + insert + text.slice(at);
  return text;
}

/** Where a function's statements or its expression begin; undefined for what the language makes by itself. */
function bodyOf(source, start, end) {
  if (/^class\b/.test(source.slice(start, end))) return undefined;
  let at = source.indexOf("(", start);
  if (at < 0 || at >= end || /[;={]/.test(source.slice(start, at))) return undefined;
  const suspends = /\basync\s|\*/.test(
    source
      .slice(Math.max(0, start - 12), at)
      .split("\n")
      .at(-1),
  );
  let depth = 0;
  do {
    if (source[at] === "(") depth += 1;
    if (source[at] === ")") depth -= 1;
    at += 1;
  } while (depth > 0 && at < end);
  const opening = /^\s*(=>)?\s*(\{)?/.exec(source.slice(at, end));
  if (opening[2] === undefined && opening[1] === undefined) return undefined;
  return { at: at + opening[0].length, expression: opening[2] === undefined, suspends };
}

/** The files that the GET passes through, one for each move. */
async function followed(folder) {
  const path = [];
  const open = [];
  const move = (file) => {
    if (file !== undefined && path.at(-1) !== file) path.push(file);
  };
  await withGet(folder, async (get) => {
    globalThis[HOOK] = (file, leaf = false) => {
      if (file === undefined) {
        open.pop();
        return;
      }
      move(open.at(-1)); // where it came back to
      move(file);
      if (!leaf) open.push(file);
    };
    await get();
    delete globalThis[HOOK];
  });
  return path;
}

function report(path, called) {
  const files = new Set([...path, ...called.map((file) => file.replace(/\.js$/, ".ts"))]);
  for (const [index, file] of path.entries()) console.log(`${String(index + 1).padStart(4)}  ${file}`);
  const silent = [...files].filter((file) => !path.includes(file));
  if (silent.length > 0) console.log(`      also: ${silent.join(", ")}`);
  console.log(
    `\nA GET on an idle connection passes through ${files.size} files in ${path.length - 1} moves (at most ${MOST_FILES} files).`,
  );
  if (files.size > MOST_FILES) process.exitCode = 1;
}
