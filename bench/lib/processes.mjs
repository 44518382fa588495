// Starts the processes of a measurement, each on a core of its own where the system can pin one.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeCertificate } from "./certificate.mjs";
import { largeBytes, pageFields, pageHead, pageJson, postDocument, smallJson } from "./documents.mjs";
import { clients } from "./rows.mjs";

const here = (file) => fileURLToPath(new URL(`../${file}`, import.meta.url));

export const canPin = availableParallelism() > 1 && spawnSync("taskset", ["--version"]).status === 0;
/** A client that has not ended by then, in milliseconds, hangs. */
const patience = 120_000;

const clientCore = "0";
const serverCore = "1";

const pinned = (core, command, args) =>
  canPin ? ["taskset", ["-c", core, command, ...args]] : [command, args];

/** Starts the server; `counts` asks it for what it has seen, `stop` ends it. */
export async function startServer() {
  const folder = mkdtempSync(join(tmpdir(), "trunkline-bench-"));
  const { certificate, key } = writeCertificate(folder);
  const [command, args] = pinned(serverCore, process.execPath, [here("lib/server.mjs"), certificate, key]);
  const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const [ports] = await once(child, "message");
  return {
    certificate,
    key,
    http: `http://127.0.0.1:${ports.http}`,
    https: `https://127.0.0.1:${ports.https}`,
    async counts(command) {
      child.send(command);
      return (await once(child, "message"))[0];
    },
    async stop() {
      child.disconnect();
      await once(child, "exit");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * The servers of HTTP/2: Go's `net/http`, and nghttpd where it is installed (Debian: nghttp2-server). Origins by name;
 * a name that is missing has no server here.
 */
export async function startHttp2Servers(go, { certificate, key }) {
  const origins = {};
  const children = [];
  const start = (command, args, stdio) => {
    const child = spawn(...pinned(serverCore, command, args), { stdio });
    children.push(child);
    process.once("exit", () => child.kill());
    return child;
  };
  if (go !== undefined) {
    const head = pageHead
      .split("\r\n")
      .slice(1)
      .map((line) => line.split(": "));
    const task = {
      certificate,
      key,
      small: smallJson,
      page: pageJson,
      pageHead: head.filter(([name]) => name !== "Connection"),
      largeBytes,
    };
    const child = start(go, ["serve", JSON.stringify(task)], ["pipe", "pipe", "inherit"]);
    const ports = JSON.parse(String((await once(child.stdout, "data"))[0]));
    origins["go-tls"] = `https://127.0.0.1:${ports.https}`;
    origins["go-h2c"] = `http://127.0.0.1:${ports.http}`;
  }
  if (spawnSync("nghttpd", ["--version"]).status === 0) {
    const folder = mkdtempSync(join(tmpdir(), "trunkline-bench-"));
    writeFileSync(join(folder, "hello"), smallJson);
    const port = 20_000 + (process.pid % 10_000);
    start(
      "nghttpd",
      ["-a", "127.0.0.1", "-d", folder, "--max-concurrent-streams=1000", String(port), key, certificate],
      ["ignore", "ignore", "inherit"],
    );
    origins["nghttpd-tls"] = `https://127.0.0.1:${port}`;
    await listening(port);
  }
  return {
    origins,
    stop: () => {
      for (const child of children) child.kill();
    },
  };
}

async function listening(port) {
  for (let tries = 0; tries < 100; tries += 1) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50)); // nghttpd does not say when it is ready
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** Runs one client once and resolves with the figures it printed and the connections the server counted. */
export async function measure({ row, client, node, go, server, window, flags = [] }) {
  const task = {
    ...row.task,
    ...window,
    client: clients[client],
    origin:
      row.http2 === undefined ? (row.secure ? server.https : server.http) : server.http2.origins[row.http2],
    priorKnowledge: row.http2?.endsWith("h2c") ?? false,
  };
  if (task.origin === undefined) throw new Error(`there is no server ${row.http2} on this machine`);
  const secure = task.origin.startsWith("https:");
  await server.counts({ reset: true, hold: row.task.kind === "idleMemory" ? row.task.concurrency : 0 });
  const env = {
    ...process.env,
    NODE_EXTRA_CA_CERTS: secure ? server.certificate : "",
    SSL_CERT_FILE: server.certificate,
  };
  const [command, args] =
    task.client === "go" ? [go, [goTask(task)]] : [node, [...flags, ...nodeArguments(task)]];
  const figures = await lastLine(...pinned(clientCore, command, args), env);
  const { connections, requests } = await server.counts({});
  return { ...figures, connections, served: requests };
}

function nodeArguments(task) {
  const library = task.client.split(":")[0];
  if (task.kind === "importTime") return [here("start.mjs"), "import", library];
  if (task.kind === "firstBody") return [here("start.mjs"), "first-body", library, `${task.origin}/hello`];
  const flags = task.kind === "idleMemory" ? ["--expose-gc"] : [];
  return [...flags, here("worker.mjs"), JSON.stringify(task)];
}

const goTask = (task) =>
  JSON.stringify({ ...task, largeBytes, pageFields, post: JSON.stringify(postDocument) });

async function lastLine(command, args, env) {
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  const limit = setTimeout(() => child.kill("SIGKILL"), patience);
  const [code, signal] = await once(child, "close");
  clearTimeout(limit);
  if (signal === "SIGKILL") throw new Error(`it did not end within ${patience / 1000} s`);
  if (code !== 0) throw new Error(`${[command, ...args].join(" ")} ended with code ${code}`);
  return JSON.parse(output.trim().split("\n").at(-1));
}
