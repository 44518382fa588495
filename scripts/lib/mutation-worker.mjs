// Runs tests again and again in one thread, each time with another fault in one file. A process for each fault would
// spend nearly all of its time on starting.
//
// The compiled files become functions of `require` that are compiled once; what does not import the broken file is
// even loaded only once. Tests register themselves with a `node:test` of our own, which knows `test` and `describe`.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { Script } from "node:vm";
import { parentPort, workerData } from "node:worker_threads";
import { transformSync } from "esbuild";

// `files`: what the first thread read and made of it, so that one that takes over runs the same, and at once.
const { folder, tests, seeds, files } = workerData;
process.env.TRUNKLINE_SEEDS = String(seeds);
const realRequire = createRequire(join(folder, "package.json"));

/** By path: the function that a file is, what it imports, and its exports while it is loaded. */
const modules = new Map();
const loaded = new Map();
/** Registered by the test file that is being loaded. */
let registered = [];

const register = (_name, ...rest) => {
  const body = rest.at(-1);
  if (typeof body === "function") registered.push(body);
};
const nodeTest = { test: register, describe: (...rest) => rest.at(-1)() };

/** A module of the language as a function of `require`. */
function codeOf(path, text) {
  // A file that looks for others beside itself finds them where it was compiled to.
  const whole = text.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href));
  return transformSync(whole, { format: "cjs", platform: "node", target: "esnext" }).code;
}

function functionOf(path, code) {
  return new Script(`(function (require, module, exports) {${code}\n})`, {
    filename: path,
  }).runInThisContext();
}

function moduleOf(path) {
  let known = modules.get(path);
  if (known === undefined) {
    const file = files.get(path) ?? read(path);
    known = { ...file, factory: functionOf(path, file.code) };
    modules.set(path, known);
  }
  return known;
}

function read(path) {
  const text = readFileSync(path, "utf8");
  const imports = [...text.matchAll(/^(?:import|export)\b[^;]*?from\s+"(\.[^"]+)"/gm)];
  return { code: codeOf(path, text), imports: imports.map(([, name]) => join(dirname(path), name)) };
}

function load(path) {
  let module = loaded.get(path);
  if (module === undefined) {
    module = { exports: {} };
    loaded.set(path, module);
    moduleOf(path).factory((name) => find(name, path), module, module.exports);
  }
  return module.exports;
}

function find(name, from) {
  if (name === "node:test") return nodeTest;
  return name.startsWith(".") ? load(join(dirname(from), name)) : realRequire(name);
}

/** Whether a file imports another, itself or through others. */
function imports(path, target, seen = new Set()) {
  if (path === target) return true;
  if (seen.has(path)) return false;
  seen.add(path);
  return moduleOf(path).imports.some((next) => imports(next, target, seen));
}

/** Milliseconds that a test file takes. */
const costs = new Map();

function runFile(path) {
  const began = performance.now();
  registered = [];
  loaded.delete(path);
  load(path);
  for (const body of registered)
    if (body() instanceof Promise) throw new Error(`${path} has a test that is not synchronous`);
  costs.set(path, performance.now() - began);
}

/** Runs the tests that a fault in `file` can reach, until one fails: the cheap ones first. The file that noticed, or null. */
function noticed(file, text) {
  const path = join(folder, file);
  const known = moduleOf(path);
  const whole = known.factory;
  for (const one of loaded.keys()) if (imports(one, path)) loaded.delete(one);
  const reached = tests.map((test) => join(folder, test)).filter((test) => imports(test, path));
  const stem = path.replace(/\.js$/, "");
  const rank = (test) => costs.get(test) - (test.startsWith(`${stem}.`) ? 1000 : 0);
  reached.sort((a, b) => rank(a) - rank(b));
  try {
    known.factory = functionOf(path, codeOf(path, text));
    for (const test of reached) {
      try {
        runFile(test);
      } catch {
        return test;
      }
    }
    return null;
  } finally {
    known.factory = whole;
    for (const one of loaded.keys()) if (imports(one, path)) loaded.delete(one);
  }
}

// Properties are tried with the same values each time, and a failure is enough: a smaller one is of no use here.
realRequire("fast-check").configureGlobal({ seed: 1, endOnFailure: true });

const runAll = () => {
  for (const test of tests) runFile(join(folder, test));
};
runAll();
if (files.size === 0) {
  // How long they take once all is compiled and warm; the first time says little.
  const before = process.cpuUsage();
  runAll();
  const { user, system } = process.cpuUsage(before);
  const read = [...modules].map(([path, { code, imports }]) => [path, { code, imports }]);
  parentPort.postMessage({ ready: true, files: new Map(read), milliseconds: (user + system) / 1_000 });
} else {
  parentPort.postMessage({ ready: true });
}
parentPort.on("message", ({ file, text }) => {
  try {
    parentPort.postMessage({ by: noticed(file, text) });
  } catch (error) {
    parentPort.postMessage({ invalid: error.message });
  }
});
