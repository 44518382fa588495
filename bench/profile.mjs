// `node bench/profile.mjs text50 --node 26 [--client "undici request"] [--top 40] [--seconds 4]`:
// one client and one row under the CPU profiler, and the functions that took the most time by themselves.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fail } from "../scripts/lib/project.mjs";
import { measure, startHttp2Servers, startServer } from "./lib/processes.mjs";
import { clients, rows } from "./lib/rows.mjs";
import { goClient, nodeBinary, setUp } from "./lib/setup.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: "string", default: process.versions.node.split(".")[0] },
    client: { type: "string", default: "trunkline" },
    top: { type: "string", default: "40" },
    seconds: { type: "string", default: "4" },
    keep: { type: "string" },
    "no-build": { type: "boolean", default: false },
  },
});
const row = rows.find((candidate) => candidate.name === positionals[0]);
if (row === undefined) fail(`Which row? One of: ${rows.map((each) => each.name).join(" ")}`);
if (!(options.client in clients) || clients[options.client] === "go")
  fail(`${options.client} cannot be profiled here.`);

await setUp({ build: !options["no-build"] });
const node = await nodeBinary(Number(options.node));
const folder = options.keep ?? mkdtempSync(join(tmpdir(), "trunkline-profile-"));
const server = await startServer();
if (row.http2 !== undefined) server.http2 = await startHttp2Servers(goClient()?.binary, server);
const window = { warmup: 1000, duration: Number(options.seconds) * 1000, times: Number(options.seconds) * 4 };
try {
  const flags = ["--cpu-prof", `--cpu-prof-dir=${folder}`, "--cpu-prof-interval=200"];
  const figures = await measure({ row, client: options.client, node, server, window, flags });
  const profile = JSON.parse(
    readFileSync(
      join(
        folder,
        readdirSync(folder).find((name) => name.endsWith(".cpuprofile")),
      ),
      "utf8",
    ),
  );
  print(profile, figures);
} finally {
  server.http2?.stop();
  await server.stop();
  if (options.keep === undefined) rmSync(folder, { recursive: true, force: true });
}

function print(profile, figures) {
  const nodes = new Map(profile.nodes.map((each) => [each.id, each]));
  const self = new Map();
  let busy = 0;
  profile.samples.forEach((id, index) => {
    const { functionName, url, lineNumber } = nodes.get(id).callFrame;
    if (functionName === "(idle)" || functionName === "(root)") return;
    const place = url === "" ? "" : `  ${url.replace(/^.*\/(?=[^/]+\/[^/]+$)/, "")}:${lineNumber + 1}`;
    const name = `${functionName || "(anonymous)"}${place}`;
    const time = profile.timeDeltas[index];
    self.set(name, (self.get(name) ?? 0) + time);
    busy += time;
  });
  const value = figures[row.metric.key];
  console.log(
    `${options.client}, ${row.name}, Node ${options.node}: ${row.metric.name} ${value?.toFixed(2)} ${row.metric.unit} while profiled`,
  );
  console.log("  self ms  share of busy");
  const top = [...self].sort(([, a], [, b]) => b - a).slice(0, Number(options.top));
  for (const [name, time] of top) {
    console.log(
      `${(time / 1000).toFixed(0).padStart(9)}  ${((100 * time) / busy).toFixed(1).padStart(5)} %  ${name}`,
    );
  }
}
