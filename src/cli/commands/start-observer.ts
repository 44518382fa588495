import {
  dial,
  dialError,
  ForwardProxy,
  type Observer,
  parseTarget,
  ReverseProxy,
  type Target,
} from "../../observe/index.js";
import { CommandFailure, UsageError } from "../exit.js";
import type { ParsedOptions } from "../options.js";

/** How long the target may take to answer before anything is observed. In milliseconds. */
const PATIENCE = 10_000;

/** The proxy that the options ask for, once it listens. */
export async function startObserver(options: ParsedOptions): Promise<Observer> {
  const { host, port } = listenOn(options.value("listen"));
  const given = options.value("target");
  if (given === undefined) {
    if (options.has("keep-host"))
      throw new UsageError("--keep-host needs --target: a proxy never changes Host");
    return listening(() => ForwardProxy.start({ host, port }), host, port);
  }
  const target = parseTarget(given);
  if (typeof target === "string") throw new UsageError(`--target: ${target}`);
  await check(target);
  const keepHost = options.has("keep-host");
  return listening(() => ReverseProxy.start({ target, host, port, keepHost }), host, port);
}

async function listening(start: () => Promise<Observer>, host: string, port: number): Promise<Observer> {
  try {
    return await start();
  } catch (error) {
    throw new CommandFailure(cannotListen(error as NodeJS.ErrnoException, host, port));
  }
}

/** One connection without a request, so that a target that is down is said so before anything runs. */
async function check(target: Target): Promise<void> {
  const { socket, done } = dial(target);
  socket.on("error", () => {});
  const timer = setTimeout(() => socket.destroy(), PATIENCE);
  try {
    await done;
  } catch (error) {
    throw new CommandFailure(`--target: ${dialError(error, target).sentence}`);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

function listenOn(text: string | undefined): { host: string; port: number } {
  if (text === undefined) return { host: "127.0.0.1", port: 0 };
  const match = /^(?:(\[[0-9a-f:.]+\]|[^:[\]]*):)?(\d{1,5})$/i.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535)
    throw new UsageError(`--listen needs host:port or a port, not "${text}"; 127.0.0.1:0 picks a free port`);
  const host = match[1]?.replace(/^\[|\]$/g, "") ?? "";
  return { host: host === "" ? "127.0.0.1" : host, port };
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): string {
  const where = `${host}:${port}`;
  if (error.code === "EADDRINUSE")
    return `${where} is in use by another program; --listen ${host}:0 picks a free port`;
  if (error.code === "EACCES") return `not allowed to listen on ${where}; use a port above 1023`;
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND")
    return `${host} is not an address of this machine`;
  return `cannot listen on ${where}: ${error.message}`;
}
