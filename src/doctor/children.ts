import { ChildProcess } from "node:child_process";
import { FOLDER_VARIABLE } from "./facts-file.js";
import { binding, guarded, redefine } from "./patch.js";

interface SpawnOptions {
  envPairs?: string[];
}

/**
 * Lets processes that are given an environment of their own be watched, too: it lacks the two variables that load the
 * preload, so they are added in the call that makes the process. Everything else of it stays.
 */
export function followChildren(folder: string, preload: string): void {
  const add = guarded((options: SpawnOptions | undefined) => {
    if (Array.isArray(options?.envPairs)) options.envPairs = withOurs(options.envPairs, folder, preload);
  });
  const prototype = ChildProcess.prototype as unknown as { spawn(options?: SpawnOptions): unknown };
  const { spawn } = prototype;
  redefine(prototype, "spawn", function (this: unknown, options?: SpawnOptions): unknown {
    add(options);
    return spawn.call(this as never, options);
  });
  // Those that are waited for are made by another way.
  const sync = binding<{ spawn(options?: SpawnOptions): unknown }>("spawn_sync");
  if (sync === undefined) return;
  const { spawn: spawnSync } = sync;
  sync.spawn = (options?: SpawnOptions): unknown => {
    add(options);
    return spawnSync.call(sync, options);
  };
}

/** An environment with the two variables where it has them not. */
export function withOurs(pairs: readonly string[], folder: string, preload: string): string[] {
  const option = `--require "${preload.replace(/[\\"]/g, "\\$&")}"`;
  let hasFolder = false;
  let hasOptions = false;
  const result = pairs.map((pair) => {
    if (pair.startsWith(`${FOLDER_VARIABLE}=`)) hasFolder = true;
    if (!pair.startsWith("NODE_OPTIONS=")) return pair;
    hasOptions = true;
    const had = pair.slice("NODE_OPTIONS=".length);
    return had.includes("doctor/register") ? pair : `NODE_OPTIONS=${option}${had === "" ? "" : ` ${had}`}`;
  });
  if (!hasFolder) result.push(`${FOLDER_VARIABLE}=${folder}`);
  if (!hasOptions) result.push(`NODE_OPTIONS=${option}`);
  return result;
}
