// `npm run bench`: measures Trunkline and its peers and says which targets hold. See docs/performance.md.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, type } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { capture, fail, root } from "../scripts/lib/project.mjs";
import { canPin, measure, startHttp2Servers, startServer } from "./lib/processes.mjs";
import { markdown, terminalRow } from "./lib/report.mjs";
import { clients, rows } from "./lib/rows.mjs";
import { bundlePool, goClient, nodeBinary, peerVersions, setUp } from "./lib/setup.mjs";
import { verdicts } from "./lib/verdicts.mjs";

const help = `npm run bench -- [--only row,row] [--clients "name,name"] [--node 20,26] [--rounds n] [--quick] [--check]
  --only     some of: ${rows.map((row) => row.name).join(" ")} pool
  --clients  only these clients beside trunkline (raw sockets, undici request, ...)
  --node     major versions to measure on; others than this one are fetched (default: this one and 26)
  --rounds   how often each client runs (default 5)
  --no-build  measure dist/ as it is
  --quick    2 short rounds, for a first impression
  --check    exit with 1 when a target is missed
  TRUNKLINE_DIST=file:///…/index.js measures another build.
  Three or more whole rounds of every client are saved to bench/results/ and written to docs/performance.md; partial ones are printed only.`;

const own = process.versions.node.split(".")[0];
const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    clients: { type: "string", default: "" },
    node: { type: "string", default: [...new Set([own, "26"])].join(",") },
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    "no-build": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const list = (text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
const only = list(options.only);
const chosenClients = list(options.clients);
const unknown = [
  ...only.filter((name) => name !== "pool" && !rows.some((row) => row.name === name)),
  ...chosenClients.filter((name) => !(name in clients)),
];
if (options.help) {
  console.log(help);
  process.exit();
}
if (unknown.length > 0) fail(`${unknown.join(", ")}: no such row or client.\n${help}`);

const wanted = (name) => only.length === 0 || only.includes(name);
const isWanted = (client) =>
  chosenClients.length === 0 || client.startsWith("trunkline") || chosenClients.includes(client);
const saves =
  process.env.TRUNKLINE_DIST === undefined &&
  !options.quick &&
  chosenClients.length === 0 &&
  (options.rounds === undefined || Number(options.rounds) >= 3);
const results = join(root, "bench", "results");

await setUp({ build: !options["no-build"] });
const go = goClient();
const missed = [];
const hasTrunkline = process.env.TRUNKLINE_DIST !== undefined;
if (!hasTrunkline) console.error("There is no dist/index.js: the peers are measured without trunkline.");
if (loadavg()[0] > 0.7)
  console.error(
    `This machine is busy (load ${loadavg()[0].toFixed(1)}): read the ratios, and measure again when it is quiet.`,
  );
for (const major of list(options.node)) await measureOn(Number(major));
if (saves && hasTrunkline) writeDocument();
if (missed.length > 0) {
  console.log(`Missed: ${missed.join("; ")}`);
  if (options.check) process.exitCode = 1;
}

async function measureOn(major) {
  const node = await nodeBinary(major);
  const { stdout } = await capture(node, ["--version"]);
  const version = stdout.trim().slice(1);
  const result = {
    ...saved(major),
    node: version,
    peers: { ...peerVersions(major), ...(go && { Go: go.version }) },
    machine: machine(),
  };
  console.log(`Node ${version}\n`);
  const server = await startServer();
  if (rows.some((row) => row.http2 !== undefined && wanted(row.name)))
    server.http2 = await startHttp2Servers(go?.binary, server);
  try {
    for (const row of rows.filter((row) => wanted(row.name))) {
      const rounds = roundsOf(row);
      const figures = await measureRow({ row, rounds, node, server });
      if (figures[row.own ?? "trunkline"] !== undefined)
        result.rows[row.name] = { date: today(), rounds, figures };
      console.log(terminalRow(row, figures, major));
      missed.push(
        ...verdicts(row, figures, major)
          .filter(({ passed }) => !passed)
          .map((item) => `${row.name} on Node ${major}, ${item.wanted}`),
      );
    }
  } finally {
    server.http2?.stop();
    await server.stop();
  }
  if (wanted("pool")) result.pool = await simulatePool(node, major);
  if (!saves || !hasTrunkline) return;
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `node-${major}.json`), `${JSON.stringify(result, null, 1)}\n`);
}

function saved(major) {
  const file = join(results, `node-${major}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { rows: {} };
}

function roundsOf(row) {
  if (options.rounds !== undefined) return Number(options.rounds);
  return options.quick ? (row.quickRounds ?? 2) : (row.rounds ?? 5);
}

/** What runs one call at a time is warmed up for longer: V8 compiles what has run often enough, however slowly. */
function windowOf({ task }) {
  const factor = task.kind === "closedLoop" && task.concurrency === 1 ? 5 : 1;
  return options.quick
    ? { warmup: 500 * factor, duration: 700, times: 3 }
    : { warmup: 800 * factor, duration: 1500, times: 8 };
}

/** Every client once a round, round after round. A client that fails is reported and leaves the row. */
async function measureRow({ row, rounds, node, server }) {
  const figures = Object.fromEntries(row.clients.filter(isWanted).map((client) => [client, []]));
  if (go === undefined) delete figures["Go net/http"];
  if (!hasTrunkline)
    for (const name of Object.keys(figures)) if (name.startsWith("trunkline")) delete figures[name];
  for (let round = 0; round < rounds; round += 1) {
    for (const client of Object.keys(figures)) {
      if (process.stderr.isTTY)
        process.stderr.write(`\r\x1b[K${row.name}: round ${round + 1} of ${rounds}, ${client}`);
      try {
        figures[client].push(
          await measure({ row, client, node, go: go?.binary, server, window: windowOf(row) }),
        );
      } catch (error) {
        delete figures[client];
        console.error(`${client} is left out of ${row.name}: ${error.message}`);
      }
    }
  }
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  return figures;
}

/** The pool's own measurement, which needs no server: it says itself whether its target holds. */
async function simulatePool(node, major) {
  const env = { ...process.env, TRUNKLINE_COMPILED: await bundlePool() };
  const script = join(root, "bench", "pool-simulation.mjs");
  const { code, stdout, stderr } = await capture(node, ["--expose-gc", script], { env });
  console.log(`pool: simulated, from 100 origins to 100,000\n${stdout}${stderr}`);
  if (code !== 0) missed.push(`pool on Node ${major}`);
  return { text: stdout.trim(), passed: code === 0, date: today() };
}

function today() {
  return new Date().toISOString().slice(0, 10);
}

function machine() {
  const processors = `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, ${type()} ${release()}`;
  return canPin ? `${processors}; client and server pinned to a core each` : processors;
}

function writeDocument() {
  const file = join(root, "docs", "performance.md");
  const [start, end] = ["<!-- bench:start -->", "<!-- bench:end -->"];
  const text = readFileSync(file, "utf8");
  const [before, after] = [text.indexOf(start), text.indexOf(end)];
  if (before < 0 || after < before)
    fail(`docs/performance.md lacks the marks ${start} and ${end} between which the figures go.`);
  const saves = [20, 22, 24, 26].map(saved).filter((result) => result.node !== undefined);
  writeFileSync(
    file,
    `${text.slice(0, before + start.length)}\n\n${markdown(saves)}\n\n${text.slice(after)}`,
  );
}
