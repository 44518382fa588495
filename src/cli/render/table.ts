import { grouped, plural } from "../../errors/index.js";
import type { Style } from "../terminal.js";

/** One column of a table: its heading and on which side its cells are set. */
interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

/** Lines of text with aligned columns, two spaces apart, the heading first. Cells hold no colour codes. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map((column, index) =>
    Math.max(width(column.title), ...rows.map((row) => width(row[index] ?? ""))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, index) => pad(cells[index] ?? "", widths[index]!, column.align ?? "left"))
      .join("  ")
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...rows.map(line)];
}

/** Milliseconds in the unit a person would say. */
export function duration(milliseconds: number): string {
  if (milliseconds < 0.9995) return `${Math.round(milliseconds * 1000)} us`;
  if (milliseconds < 99.95) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 10_000) return `${grouped(milliseconds)} ms`;
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** Bytes in the unit a person would say. */
export function size(bytes: number): string {
  if (bytes < 1024) return plural(bytes, "byte");
  for (const [unit, factor] of [
    ["KiB", 1024],
    ["MiB", 1024 ** 2],
  ] as const) {
    if (bytes < factor * 1023.95) return `${(bytes / factor).toFixed(1)} ${unit}`;
  }
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

/** A share of 0..1 as a percentage that says 100 % only when it is all. */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 100 || value === 0) return `${value}%`;
  return `${Math.min(99.9, Math.max(0.1, value)).toFixed(1)}%`;
}

function pad(text: string, to: number, align: "left" | "right"): string {
  const space = " ".repeat(Math.max(0, to - width(text)));
  return align === "left" ? text + space : space + text;
}

function width(text: string): number {
  return [...text].length;
}

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
