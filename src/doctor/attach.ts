import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { FOLDER_VARIABLE } from "./facts-file.js";
import { Inspector } from "./inspector.js";

/** How long (milliseconds) an inspector may take to open, and how often it is looked for. */
const OPENING = 10_000;
const LOOK_EVERY = 100;
/** Where Node's inspector listens by default. */
const USUAL_PORT = 9229;

/**
 * Loads the preload into a Node process that runs already, through its inspector: SIGUSR1 opens it, as Node itself
 * provides, and it is closed again where it was not open before. Rejects with a sentence.
 */
export async function attach(pid: number, preload: string, folder: string): Promise<void> {
  const before = listeningPorts(pid);
  const wasOpen = await firstInspector(before);
  if (wasOpen === undefined) process.kill(pid, "SIGUSR1");
  const until = Date.now() + OPENING;
  let port = wasOpen;
  while (port === undefined && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    const now = listeningPorts(pid);
    port = await firstInspector(now === undefined ? undefined : now.filter((one) => !before?.includes(one)));
  }
  if (port === undefined)
    throw new Error(
      `process ${pid} does not open an inspector: it is not a Node.js program, was started without one, or port ${USUAL_PORT} is taken (then start it with --inspect-port=0)`,
    );
  const inspector = await Inspector.connect(port);
  try {
    const done = await inspector.evaluate(expressionOf(preload, folder, wasOpen === undefined));
    if (done !== true) throw new Error(`process ${pid} is already being watched`);
  } finally {
    inspector.close();
  }
}

/** What is evaluated there: the preload is loaded with the folder, and the environment is left as it was. */
function expressionOf(preload: string, folder: string, close: boolean): string {
  const variable = JSON.stringify(FOLDER_VARIABLE);
  const after = close
    ? `const inspector = require("node:inspector");
      setTimeout(() => inspector.close(), 200).unref();`
    : "";
  return `(() => {
    if (Symbol.for("trunkline.doctor") in globalThis) return false;
    const had = process.env[${variable}];
    process.env[${variable}] = ${JSON.stringify(folder)};
    try {
      require(${JSON.stringify(preload)});
    } finally {
      if (had === undefined) delete process.env[${variable}];
      else process.env[${variable}] = had;
      ${after}
    }
    return Symbol.for("trunkline.doctor") in globalThis;
  })()`;
}

async function firstInspector(ports: readonly number[] | undefined): Promise<number | undefined> {
  for (const port of ports ?? [USUAL_PORT]) {
    const isOne = await Inspector.connect(port).then(
      (inspector) => {
        inspector.close();
        return true;
      },
      () => false,
    );
    if (isOne) return port;
  }
  return undefined;
}

/** The ports that a process listens on; nothing where the system does not show them. */
function listeningPorts(pid: number): number[] | undefined {
  try {
    const inodes = new Set<string>();
    for (const name of readdirSync(`/proc/${pid}/fd`)) {
      try {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1];
        if (inode !== undefined) inodes.add(inode);
      } catch {
        // closed meanwhile
      }
    }
    const ports: number[] = [];
    for (const table of ["tcp", "tcp6"]) {
      for (const line of readFileSync(`/proc/${pid}/net/${table}`, "utf8").split("\n").slice(1)) {
        const parts = line.trim().split(/\s+/);
        if (parts[3] === "0A" && inodes.has(parts[9] ?? ""))
          ports.push(Number.parseInt(parts[1]?.split(":")[1] ?? "", 16));
      }
    }
    return ports;
  } catch {
    return undefined;
  }
}
