import { readFileSync } from "node:fs";

/** Lines shown before and after the one that is meant. */
const AROUND = 1;
/** A longer line is that of a bundle, which nobody reads. */
const MAX_LINE = 200;

interface SourceLine {
  readonly number: number;
  readonly text: string;
  readonly meant: boolean;
}

/** The lines of code around a place (`file:line:column`), as far as the file is there. */
export function sourceLines(site: string): SourceLine[] {
  const [, file, line] = /^(.*):(\d+):\d+$/.exec(site) ?? [];
  if (file === undefined || line === undefined) return [];
  try {
    const lines = readFileSync(file, "utf8").split("\n");
    const meant = Number(line);
    const shown: SourceLine[] = [];
    for (
      let number = Math.max(1, meant - AROUND);
      number <= Math.min(lines.length, meant + AROUND);
      number++
    ) {
      const text = lines[number - 1] ?? "";
      if (text.length > MAX_LINE) return [];
      shown.push({ number, text, meant: number === meant });
    }
    return shown;
  } catch {
    return [];
  }
}
