import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FOLDER_VARIABLE } from "./facts-file.js";
import { type Gathered, Gatherer } from "./gather.js";
import { atSources } from "./source-maps.js";

/** How often (milliseconds) full files are taken in. */
const TAKE_EVERY = 2000;

/** A folder where the processes and threads of a program write what is seen of them, and the environment that makes them. */
export class WatchFolder {
  /** What the program is to be run with. */
  readonly environment: NodeJS.ProcessEnv;
  readonly #folder: string;
  readonly #gatherer: Gatherer;
  readonly #timer: NodeJS.Timeout;

  /** `register` is the preload's file, `dist/doctor/register.cjs` of the package. */
  constructor(register: string, environment: NodeJS.ProcessEnv) {
    this.#folder = mkdtempSync(join(tmpdir(), "trunkline-doctor-"));
    this.#gatherer = new Gatherer(this.#folder);
    this.#timer = setInterval(() => this.#gatherer.takeFull(), TAKE_EVERY).unref();
    this.environment = {
      ...environment,
      [FOLDER_VARIABLE]: this.#folder,
      NODE_OPTIONS: withPreload(environment["NODE_OPTIONS"], register),
    };
  }

  /** What was written until now; all of it once the program has ended. To be called once. */
  gather(): Gathered {
    const gathered = this.#gatherer.gathered();
    return { ...gathered, evidence: atSources(gathered.evidence) };
  }

  /** Takes the folder away; what outlives the program writes no more then. */
  remove(): void {
    clearInterval(this.#timer);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** NODE_OPTIONS with the preload first, so that it sees what other preloads do. */
export function withPreload(options: string | undefined, register: string): string {
  const path = `"${register.replace(/[\\"]/g, "\\$&")}"`;
  return options === undefined || options.trim() === ""
    ? `--require ${path}`
    : `--require ${path} ${options}`;
}
