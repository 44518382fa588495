import { readdirSync, readFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { type Facts, mergeFacts, NO_FACTS } from "../explain/index.js";
import { type FactsLine, FULL } from "./facts-file.js";

/** What the processes and threads of a program have written down. */
export interface Gathered {
  readonly facts: Facts;
  /** Processes and threads that were watched. */
  readonly watched: number;
  /** Versions of Node that are too old to be watched. */
  readonly tooOld: readonly string[];
}

/** The oldest Node that can be watched. */
export const OLDEST_NODE = 20;

/** What one file has. */
interface Read {
  readonly added: Facts[];
  readonly present: Facts;
  readonly watched: number;
  readonly tooOld: readonly string[];
}

/** Reads the facts files of a folder, those that are full while the program still runs. */
export class Gatherer {
  readonly #folder: string;
  readonly #tooOld = new Set<string>();
  #facts: Facts = NO_FACTS;
  #watched = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Takes in the files that are full and removes them, so that a program that runs for days fills no disk. */
  takeFull(): void {
    for (const name of readdirSync(this.#folder)) {
      if (!name.endsWith(FULL)) continue;
      const file = join(this.#folder, name);
      const { added, watched, tooOld } = readFacts(file);
      // Of what passes only the last line of a process counts, which is in a later file.
      this.#facts = mergeFacts([this.#facts, ...added]);
      this.#watched += watched;
      for (const version of tooOld) this.#tooOld.add(version);
      unlinkSync(file);
    }
  }

  /** All that was written until now. */
  gathered(): Gathered {
    this.takeFull();
    const parts: Facts[] = [this.#facts];
    let watched = this.#watched;
    const old = new Set(this.#tooOld);
    for (const name of readdirSync(this.#folder).sort()) {
      if (!name.endsWith(".jsonl")) continue;
      const read = readFacts(join(this.#folder, name));
      parts.push(...read.added, read.present);
      watched += read.watched;
      for (const version of read.tooOld) old.add(version);
    }
    return { facts: mergeFacts(parts), watched, tooOld: [...old].sort() };
  }
}

function readFacts(file: string): Read {
  const added: Facts[] = [];
  const tooOld: string[] = [];
  let present = NO_FACTS;
  let watched = 0;
  for (const line of linesOf(readFileSync(file, "utf8"))) {
    if ("start" in line) {
      if (Number.parseInt(line.start.node, 10) < OLDEST_NODE) tooOld.push(line.start.node);
      else watched++;
    } else if ("add" in line) {
      added.push(line.add);
    } else {
      present = line.now;
    }
  }
  return { added, present, watched, tooOld };
}

function linesOf(text: string): FactsLine[] {
  const lines: FactsLine[] = [];
  for (const line of text.split("\n")) {
    if (line === "") continue;
    try {
      lines.push(JSON.parse(line) as FactsLine);
    } catch {
      // only the last line of a killed process can be cut short
    }
  }
  return lines;
}
