import type { Style } from "../terminal.js";

/** One row of a bar picture. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly text: string;
  readonly alarming?: boolean;
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;

/** Horizontal bars on one scale, as many columns as the style has. A value above zero is never invisible. */
export function bars(rows: readonly Bar[], style: Style): string[] {
  const labelWidth = Math.max(0, ...rows.map((row) => row.label.length));
  const textWidth = Math.max(0, ...rows.map((row) => row.text.length));
  const room = Math.max(10, Math.min(60, style.columns - labelWidth - textWidth - 4));
  const most = Math.max(1, ...rows.map((row) => row.value));
  return rows.map((row) => {
    const bar = style.paint(
      row.alarming === true ? "red" : "green",
      barOf((row.value / most) * room, row.value > 0, style.unicode),
    );
    return `${row.label.padEnd(labelWidth)}  ${bar} ${row.text}`;
  });
}

function barOf(length: number, visible: boolean, unicode: boolean): string {
  if (!unicode) return "#".repeat(Math.max(visible ? 1 : 0, Math.round(length)));
  const eighths = Math.max(visible ? 1 : 0, Math.round(length * 8));
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!;
}
