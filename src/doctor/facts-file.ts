import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Facts, mergeFacts } from "../explain/index.js";

/** The environment variable that names the folder of the facts files. */
export const FOLDER_VARIABLE = "TRUNKLINE_DOCTOR_FOLDER";

/** The folder where nobody has named one: of a service that is loaded with the preload alone. */
export function usualFolder(): string {
  return join(tmpdir(), "trunkline-doctor");
}

/** The first lines wait for this only: a worker of a test runner may be ended without a word. */
const AT_ONCE = 2;
const AT_ONCE_LINES = 20;
/** How long (milliseconds) facts wait to be written, which is what a SIGKILL may cost: the first lines, and the later ones. */
const DELAY = 20;
const LATER_DELAY = 100;
const FIRST_LINES = 100;
/** The ending of a file that has its last line, and the size from which it has. */
export const FULL = ".full";
const MAX_BYTES = 1 << 20;
/** How often at most what passes is looked at while the program runs. */
const PRESENT_EVERY = 500;

/**
 * A line of a facts file: JSON, one of a process or thread. `start` comes first; `add` is facts to be added up;
 * of `now` only the last one counts.
 */
export type FactsLine =
  | { readonly start: { readonly version: 1; readonly process: string; readonly node: string } }
  | { readonly add: Facts }
  | { readonly now: Facts };

interface FactsSource {
  news(): Facts;
  present(ending: boolean): Facts;
}

/** Writes the facts of this process or thread as they come, so that its sudden end loses next to nothing. */
export class FactsFile {
  readonly #path: string;
  #file: number;
  #bytes = 0;
  #full = 0;
  readonly #now: () => number;
  // Taken before the program can replace them.
  readonly #setTimeout = setTimeout;
  #source: FactsSource | undefined;
  #waiting = false;
  #failed = false;
  #lines = 0;
  #presentAt = 0;
  #presentText = "";

  readonly #attended: boolean;

  /**
   * `attended`: somebody gathers the files while the program runs, so that full ones are left to them. Else they are
   * summed up here.
   *
   * @throws where the folder cannot be written to.
   */
  constructor(folder: string, process: string, node: string, now: () => number, attended = true) {
    this.#now = now;
    this.#attended = attended;
    if (!attended) mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#path = join(folder, process);
    this.#file = openSync(`${this.#path}.jsonl`, "a");
    this.#write({ start: { version: 1, process, node } });
  }

  from(source: FactsSource): void {
    this.#source = source;
  }

  /** Something happened that is to be written soon. */
  readonly touch = (): void => {
    if (this.#waiting || this.#failed) return;
    this.#waiting = true;
    this.#setTimeout(this.#soon, this.#delay()).unref();
  };

  #delay(): number {
    if (this.#lines < AT_ONCE_LINES) return AT_ONCE;
    return this.#lines < FIRST_LINES ? DELAY : LATER_DELAY;
  }

  readonly #soon = (): void => {
    this.#waiting = false;
    this.flush(false);
  };

  flush(ending: boolean): void {
    const source = this.#source;
    if (source === undefined || this.#failed) return;
    try {
      if (this.#bytes > MAX_BYTES) this.#beginNext();
      const news = source.news();
      if (hasNews(news)) this.#write({ add: news });
      const now = this.#now();
      if (!ending && now - this.#presentAt < PRESENT_EVERY) return;
      this.#presentAt = now;
      const present = source.present(ending);
      const text = JSON.stringify(present);
      if (text !== this.#presentText) this.#write({ now: present });
      this.#presentText = text;
    } catch {
      // The disk is full, or the folder is gone because nobody waits for the facts any more.
      this.#failed = true;
    }
  }

  /** Leaves the full file to who gathers, which removes it. */
  #beginNext(): void {
    closeSync(this.#file);
    if (this.#attended) renameSync(`${this.#path}.jsonl`, `${this.#path}-${++this.#full}${FULL}`);
    else this.#sumUp();
    this.#file = openSync(`${this.#path}.jsonl`, "a");
    this.#bytes = 0;
    // In the full file it would count no more.
    this.#presentText = "";
    this.#presentAt = Number.NEGATIVE_INFINITY;
  }

  /** The same in a few lines, so that a service that runs for months fills no disk. */
  #sumUp(): void {
    const lines = readFileSync(`${this.#path}.jsonl`, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as FactsLine);
    const added = mergeFacts(lines.flatMap((line) => ("add" in line ? [line.add] : [])));
    const kept = [...lines.filter((line) => "start" in line), { add: added }];
    writeFileSync(`${this.#path}.new`, kept.map((line) => `${JSON.stringify(line)}\n`).join(""));
    renameSync(`${this.#path}.new`, `${this.#path}.jsonl`);
  }

  #write(line: FactsLine): void {
    this.#lines++;
    this.#bytes += writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

function hasNews({ origins, clients, modules, processes = [], dropped }: Facts): boolean {
  return origins.length + clients.length + modules.length + processes.length + dropped > 0;
}
