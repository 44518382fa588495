import type { Phases } from "../../probe/index.js";
import { duration } from "./table.js";

const TITLES: readonly (readonly [keyof Phases, string])[] = [
  ["dns", "DNS lookup"],
  ["connect", "TCP connect"],
  ["tls", "TLS handshake"],
  ["waiting", "server"],
  ["receiving", "transfer"],
];

/** The phases of a request as boxes in a row, with the time that has passed at the end of each. ASCII alone. */
export function phaseBoxes(phases: Phases): string[] {
  const boxes = TITLES.flatMap(([phase, title]) => {
    const took = phases[phase];
    return took === undefined ? [] : [{ title, took }];
  });
  let passed = 0;
  let [titles, times, marks, sums] = ["", "[", " ", " "];
  for (const [index, { title, took }] of boxes.entries()) {
    passed += took;
    const time = duration(took);
    const width = Math.max(title.length, time.length) + 2;
    titles += ` ${centred(title, width)}`;
    times += `${centred(time, width)}${index === boxes.length - 1 ? "]" : "|"}`;
    marks += `${" ".repeat(width)}|`;
    const sum = duration(passed);
    // Right under the bar that ends the box.
    sums = `${sums.padEnd(Math.max(0, marks.length - sum.length))}${sum}`;
  }
  return [titles, times, marks, sums].map((line) => line.trimEnd());
}

function centred(text: string, width: number): string {
  const left = Math.floor((width - text.length) / 2);
  return `${" ".repeat(left)}${text}`.padEnd(width);
}
