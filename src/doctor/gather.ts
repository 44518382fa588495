import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Evidence, mergeEvidence, NO_EVIDENCE } from "../explain/index.js";
import type { FactsLine } from "./facts-file.js";

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

/** Reads all facts files of a folder. A line that was cut short by a sudden end is left out. */
export function gather(folder: string): Gathered {
  const parts: Evidence[] = [NO_EVIDENCE];
  const tooOld = new Set<string>();
  let watched = 0;
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith(".jsonl")) continue;
    let present: Evidence | undefined;
    for (const line of linesOf(readFileSync(join(folder, name), "utf8"))) {
      if ("start" in line) {
        if (Number.parseInt(line.start.node, 10) < OLDEST_NODE) tooOld.add(line.start.node);
        else watched++;
      } else if ("add" in line) {
        parts.push(line.add);
      } else {
        present = line.now;
      }
    }
    if (present !== undefined) parts.push(present);
  }
  return { evidence: mergeEvidence(parts), watched, tooOld: [...tooOld].sort() };
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
