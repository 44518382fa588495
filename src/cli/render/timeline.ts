import type { Format, Style } from "../terminal.js";

/** What a connection is doing during a span of a timeline. */
export type Activity = "dns" | "connect" | "tls" | "waiting" | "receiving" | "idle";

/** A stretch of time, in the unit and from the zero of its timeline. */
export interface Span {
  readonly activity: Activity;
  readonly from: number;
  readonly to: number;
}

interface Mark {
  readonly glyph: string;
  readonly ascii: string;
  readonly format: Format;
}

/** In painting order: what comes later covers what comes earlier, so the short phases stay visible. */
const marks: Readonly<Record<Activity, Mark>> = {
  idle: { glyph: "·", ascii: ".", format: "dim" },
  waiting: { glyph: "─", ascii: "-", format: "yellow" },
  receiving: { glyph: "█", ascii: "#", format: "green" },
  dns: { glyph: "░", ascii: "d", format: "magenta" },
  connect: { glyph: "▒", ascii: "c", format: "cyan" },
  tls: { glyph: "▓", ascii: "t", format: "blue" },
};

const paintingOrder = Object.keys(marks) as Activity[];
const readingOrder: readonly Activity[] = ["dns", "connect", "tls", "waiting", "receiving", "idle"];

/** One row of a timeline: each span takes at least one cell. `end` is the time at the right edge. */
export function timelineRow(spans: readonly Span[], end: number, width: number, style: Style): string {
  const cells: (Activity | undefined)[] = Array.from({ length: width });
  const cell = (time: number): number => (end > 0 ? (time / end) * width : 0);
  for (const activity of paintingOrder) {
    for (const span of spans) {
      if (span.activity !== activity || span.to < span.from) continue;
      const first = Math.min(width - 1, Math.max(0, Math.floor(cell(span.from))));
      const last = Math.min(width, Math.max(first + 1, Math.round(cell(span.to))));
      cells.fill(activity, first, last);
    }
  }
  return paintRuns(separateDial(cells, spans), style);
}

/** Neighbours of one activity are painted together, which keeps the escape codes few. */
function paintRuns(cells: readonly (Activity | undefined)[], style: Style): string {
  let row = "";
  for (let at = 0; at < cells.length; ) {
    const activity = cells[at];
    let length = 1;
    while (at + length < cells.length && cells[at + length] === activity) length++;
    row += activity === undefined ? " ".repeat(length) : draw(activity, style, length);
    at += length;
  }
  return row;
}

/** The phases of a dial are often shorter than a cell; they take one each, in order, where there is room. */
function separateDial(cells: (Activity | undefined)[], spans: readonly Span[]): (Activity | undefined)[] {
  const dial = spans.filter(
    ({ activity }) => activity === "dns" || activity === "connect" || activity === "tls",
  );
  const shown = new Set(cells);
  const missing = dial.some(({ activity }) => !shown.has(activity));
  if (!missing || dial.length > cells.length) return cells;
  const phases: ReadonlySet<Activity | undefined> = new Set(dial.map(({ activity }) => activity));
  const first = cells.findIndex((activity) => phases.has(activity));
  const start = Math.min(first, cells.length - dial.length);
  return cells.map((activity, index) => dial[index - start]?.activity ?? activity);
}

/** The marks in use, with their meaning. */
export function timelineLegend(used: ReadonlySet<Activity>, style: Style): string {
  return readingOrder
    .filter((activity) => used.has(activity))
    .map((activity) => `${draw(activity, style)} ${activity}`)
    .join("  ");
}

function draw(activity: Activity, style: Style, length: number = 1): string {
  const { glyph, ascii, format } = marks[activity];
  return style.paint(format, (style.unicode ? glyph : ascii).repeat(length));
}
