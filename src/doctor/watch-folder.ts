import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NO_FACTS } from "../explain/index.js";
import { FOLDER_VARIABLE, usualFolder } from "./facts-file.js";
import { type Gathered, Gatherer } from "./gather.js";
import { atSources } from "./source-maps.js";
import { SystemFigures } from "./system.js";

/** How often (milliseconds) full files are taken in. */
const TAKE_EVERY = 2000;

/** A folder where the processes and threads of a program write what is seen of them, and the environment that makes them. */
export class WatchFolder {
  /** What the program is to be run with. */
  readonly environment: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly #gatherer: Gatherer;
  readonly #timer: NodeJS.Timeout;
  readonly #system = new SystemFigures();

  /** `register` is the preload's file, `dist/doctor/register.cjs` of the package. */
  constructor(register: string, environment: NodeJS.ProcessEnv) {
    this.folder = mkdtempSync(join(tmpdir(), "trunkline-doctor-"));
    this.#gatherer = new Gatherer(this.folder);
    this.#timer = setInterval(() => {
      this.#gatherer.takeFull();
      this.#system.look(pidsIn(this.folder));
    }, TAKE_EVERY).unref();
    this.environment = {
      ...environment,
      [FOLDER_VARIABLE]: this.folder,
      NODE_OPTIONS: withPreload(environment["NODE_OPTIONS"], register),
    };
  }

  /** What was written until now; all of it once the program has ended. */
  gather(): Gathered {
    const gathered = this.#gatherer.gathered();
    return { ...gathered, facts: atSources(gathered.facts) };
  }

  /** What the system knows of the program: descriptors, ports, connections that wait for their end. */
  system(origins: readonly string[]): string[] {
    this.#system.look(pidsIn(this.folder));
    return this.#system.lines(origins);
  }

  /** Takes the folder away; what outlives the program writes no more then. */
  remove(): void {
    clearInterval(this.#timer);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What a service has written to a folder while nobody looked. */
export function readFolder(folder: string = usualFolder()): Gathered {
  if (!existsSync(folder)) return { facts: NO_FACTS, watched: 0, tooOld: [] };
  const gathered = new Gatherer(folder).gathered();
  return { ...gathered, facts: atSources(gathered.facts) };
}

/** What the system knows of the processes that have written to a folder. */
export function systemOf(folder: string | undefined, origins: readonly string[]): string[] {
  const system = new SystemFigures();
  const read = folder ?? usualFolder();
  if (existsSync(read)) system.look(pidsIn(read));
  return system.lines(origins);
}

/** The processes that have written to a folder: a file begins with its process's id. */
function pidsIn(folder: string): number[] {
  const pids = readdirSync(folder).map((name) => Number.parseInt(name, 10));
  return [...new Set(pids.filter((pid) => pid > 0))];
}

/** NODE_OPTIONS with the preload first, so that it sees what other preloads do. */
export function withPreload(options: string | undefined, register: string): string {
  const path = `"${register.replace(/[\\"]/g, "\\$&")}"`;
  return options === undefined || options.trim() === ""
    ? `--require ${path}`
    : `--require ${path} ${options}`;
}
