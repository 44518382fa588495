// What the doctor's preload costs a request: `node bench/doctor.mjs [path of a node…]`. CPU of the whole process for each
// of 5,000 sequential requests on one connection, with the preload and without by turns: the difference of the medians, and of
// the least, which a busy machine moves least. First come 12,000 that do not count: Node 22 is still compiling its own client
// after 2,000 (130 µs a request, and 52 once it is done), and what it compiles then moves more than the preload costs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const REQUESTS = 5000;
const WARM_UP = 12_000;
const ROUNDS = 9;
const self = fileURLToPath(import.meta.url);
const root = join(self, "../..");
const preload = join(root, "dist/doctor/register.cjs");

const clients = {
  "node:http": (url) => {
    const agent = new http.Agent({ keepAlive: true });
    const done = (resolve) => (response) => response.resume().on("end", () => setImmediate(resolve));
    return () =>
      new Promise((resolve, reject) => http.get(url, { agent }, done(resolve)).on("error", reject));
  },
  fetch: (url) => async () => void (await (await fetch(url)).arrayBuffer()),
};

const [mode, name, url] = process.argv.slice(2);
if (mode === "client") await measure(clients[name](url));
else if (mode === "server") serve();
else await compare(process.argv.slice(2));

async function measure(ask) {
  for (let index = 0; index < WARM_UP; index++) await ask();
  const before = process.cpuUsage();
  for (let index = 0; index < REQUESTS; index++) await ask();
  const { user, system } = process.cpuUsage(before);
  console.log((user + system) / REQUESTS);
  process.exit();
}

function serve() {
  const server = http.createServer({ keepAliveTimeout: 60_000 }, (_request, response) => response.end("ok"));
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
  process.stdin.resume().on("end", () => process.exit());
}

async function compare(given) {
  const cache = join(root, ".cache");
  const fetched = (existsSync(cache) ? readdirSync(cache) : [])
    .filter((one) => /^node-\d+$/.test(one))
    .map((one) => join(cache, one, "bin/node"))
    .filter((file) => existsSync(file));
  const nodes = given.length > 0 ? given : [process.execPath, ...fetched];
  const server = spawn(process.execPath, [self, "server"], { stdio: ["pipe", "pipe", "inherit"] });
  const [port] = await once(server.stdout, "data");
  const address = `http://127.0.0.1:${String(port).trim()}/`;
  for (const node of nodes) {
    for (const client of Object.keys(clients)) {
      const without = [];
      const watched = [];
      for (let round = 0; round < ROUNDS; round++) {
        without.push(await run(node, client, address, false));
        watched.push(await run(node, client, address, true));
      }
      const version = await output(node, ["--version"]);
      const least = Math.min(...watched) - Math.min(...without);
      const [plain, more] = [median(without), median(watched)];
      console.log(
        `${version.trim()} ${client}: ${plain.toFixed(1)} µs without, ${more.toFixed(1)} µs with: ${(more - plain).toFixed(1)} µs a request (of the least ${least.toFixed(1)})`,
      );
    }
  }
  server.stdin.end();
}

async function run(node, client, address, watched) {
  const folder = mkdtempSync(join(tmpdir(), "trunkline-bench-"));
  try {
    const env = { ...process.env, TRUNKLINE_DOCTOR_FOLDER: folder };
    const args = [...(watched ? ["--require", preload] : []), self, "client", client, address];
    return Number(await output(node, args, env));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function output(file, args, env = process.env) {
  const child = spawn(file, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  return text(child.stdout);
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
