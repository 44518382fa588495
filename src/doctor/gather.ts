import { readdirSync, readFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { type Evidence, mergeEvidence, NO_EVIDENCE } from "../explain/index.js";
import { type FactsLine, FULL } from "./facts-file.js";

/** What the processes and threads of a program have written down. */
export interface Gathered {
  readonly evidence: Evidence;
  /** Processes and threads that were watched. */
  readonly watched: number;
  /** Versions of Node that are too old to be watched. */
  readonly tooOld: readonly string[];
}

/** The oldest Node that can be watched. */
export const OLDEST_NODE = 20;

/** Reads the facts files of a folder, those that are full while the program still runs. */
export class Gatherer {
  readonly #folder: string;
  readonly #tooOld = new Set<string>();
  #evidence: Evidence = NO_EVIDENCE;
  #watched = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Takes in the files that are full and removes them, so that a program that runs for days fills no disk. */
  takeFull(): void {
    for (const name of readdirSync(this.#folder)) {
      if (!name.endsWith(FULL)) continue;
      const file = join(this.#folder, name);
      // Of what passes only the last line of a process counts, which is in a later file.
      this.#evidence = mergeEvidence([this.#evidence, ...this.#read(file).added]);
      unlinkSync(file);
    }
  }

  /** All that was written until now. */
  gathered(): Gathered {
    this.takeFull();
    const parts: Evidence[] = [this.#evidence];
    for (const name of readdirSync(this.#folder).sort()) {
      if (!name.endsWith(".jsonl")) continue;
      const { added, present } = this.#read(join(this.#folder, name));
      parts.push(...added, present);
    }
    return { evidence: mergeEvidence(parts), watched: this.#watched, tooOld: [...this.#tooOld].sort() };
  }

  #read(file: string): { added: Evidence[]; present: Evidence } {
    const added: Evidence[] = [];
    let present = NO_EVIDENCE;
    for (const line of linesOf(readFileSync(file, "utf8"))) {
      if ("start" in line) {
        if (Number.parseInt(line.start.node, 10) < OLDEST_NODE) this.#tooOld.add(line.start.node);
        else this.#watched++;
      } else if ("add" in line) {
        added.push(line.add);
      } else {
        present = line.now;
      }
    }
    return { added, present };
  }
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
