// CPU time of one call through each package, over Trunkline and over global fetch, in one process; the server has its
// own. Pairs are measured by turns, and the median of their ratios is what counts.
//   node figures.mjs [calls a round] [rounds]
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import Anthropic from "@anthropic-ai/sdk";
import { Octokit } from "@octokit/core";
import axios from "axios";
import ky from "ky";
import { createFetch } from "ofetch";
import OpenAI from "openai";
import createClient from "openapi-fetch";
import Stripe from "stripe";
import { fetch } from "trunkline";
import wretch from "wretch";
import { serve } from "./server.mjs";

if (process.argv[2] === "--server") {
  const { origin } = await serve();
  process.stdout.write(origin);
  process.on("disconnect", () => process.exit());
  await new Promise(() => {});
}

const calls = Number(process.argv[2] ?? 300);
const rounds = Number(process.argv[3] ?? 9);
const server = spawn(process.execPath, [new URL(import.meta.url).pathname, "--server"], {
  stdio: ["ignore", "pipe", "inherit", "ipc"],
});
const origin = String(await new Promise((done) => server.stdout.once("data", done)));
const question = { model: "m", max_tokens: 9, messages: [{ role: "user", content: "Hi" }] };
const { hostname, port } = new URL(origin);

/** A call through each package, with the fetch it is given. */
const packages = {
  "fetch alone": (given) => async () => (await given(`${origin}/a`)).json(),
  ky: (given) => {
    const api = ky.create({ fetch: given, prefix: origin });
    return () => api.get("a").json();
  },
  ofetch: (given) => {
    const api = createFetch({ fetch: given });
    return () => api(`${origin}/a`);
  },
  axios: (given) => {
    const api = axios.create({ baseURL: origin, adapter: "fetch", env: { fetch: given } });
    return () => api.get("/a");
  },
  "openapi-fetch": (given) => {
    const api = createClient({ baseUrl: origin, fetch: given });
    return () => api.GET("/a");
  },
  wretch: (given) => {
    const api = wretch(origin).polyfills({ fetch: given });
    return () => api.url("/a").get().json();
  },
  "@octokit/core": (given) => {
    const api = new Octokit({ baseUrl: origin, request: { fetch: given } });
    return () => api.request("GET /repos/{owner}/{repo}", { owner: "o", repo: "r" });
  },
  openai: (given) => {
    const api = new OpenAI({ apiKey: "k", baseURL: `${origin}/v1`, fetch: given });
    return () => api.chat.completions.create(question);
  },
  "@anthropic-ai/sdk": (given) => {
    const api = new Anthropic({ apiKey: "k", baseURL: origin, fetch: given });
    return () => api.messages.create(question);
  },
  stripe: (given) => {
    const httpClient = Stripe.createFetchHttpClient(given);
    const api = new Stripe("sk_test_x", { host: hostname, port, protocol: "http", httpClient });
    return () => api.customers.create({ email: "a@example.com" });
  },
};

async function microseconds(call) {
  const before = process.cpuUsage();
  for (let n = 0; n < calls; n += 1) await call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const version = (name) => {
  const file = new URL(`./node_modules/${name}/package.json`, import.meta.url);
  return name.includes(" ") ? "" : ` ${JSON.parse(readFileSync(file)).version}`;
};

console.log(
  `Node ${process.version}, ${calls} calls a round, ${rounds} rounds, one after the other, small JSON`,
);
console.log("| package | over global fetch, µs | over Trunkline, µs | ratio |\n|---|---:|---:|---:|");
for (const [name, make] of Object.entries(packages)) {
  const theirs = make(globalThis.fetch);
  const ours = make(fetch);
  await microseconds(theirs);
  await microseconds(ours);
  const pairs = [];
  for (let round = 0; round < rounds; round += 1) {
    const one = round % 2 === 0 ? await microseconds(theirs) : 0;
    const mine = await microseconds(ours);
    pairs.push([one === 0 ? await microseconds(theirs) : one, mine]);
  }
  const ratio = median(pairs.map(([a, b]) => b / a));
  console.log(
    `| ${name}${version(name)} | ${median(pairs.map(([a]) => a)).toFixed(0)} | ${median(pairs.map(([, b]) => b)).toFixed(0)} | ${ratio.toFixed(2)} |`,
  );
}
server.disconnect();
process.exit();
