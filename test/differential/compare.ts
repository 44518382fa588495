import { readFileSync } from "node:fs";
import type { Observed } from "./scenario.js";

/** A difference that is meant, or that only one side can help. */
export interface Known {
  /** The name of a scenario; a `*` at its end stands for any rest. */
  readonly scenario: string;
  /** Paths of the values that differ, as {@link differences} gives them; a `*` at the end stands for any rest. */
  readonly at: readonly string[];
  readonly reason: string;
  /** Not every run, or not every version of Go, shows it. */
  readonly sometimes?: boolean;
}

export interface KnownDifferences {
  /** Fields that are left out of the comparison everywhere. */
  readonly everywhere: {
    readonly requestFields: readonly { readonly name: string; readonly reason: string }[];
    readonly responseFields: readonly { readonly name: string; readonly reason: string }[];
  };
  readonly differences: readonly Known[];
}

export function readJSON<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, sources()), "utf8")) as T;
}

/** The data is beside the sources, wherever the compiled test is run from. */
function sources(): URL {
  return new URL(`file://${process.cwd()}/test/differential/`);
}

/** Leaves out what differs everywhere. */
export function trimmed({ connections, outcomes }: Observed, known: KnownDifferences): Observed {
  const requestFields = known.everywhere.requestFields.map(({ name }) => name);
  const responseFields = known.everywhere.responseFields.map(({ name }) => name);
  const kept = (line: string): boolean => !requestFields.includes(line.slice(0, line.indexOf(":")));
  return {
    connections: connections.map((requests) =>
      requests.map((request) => ({ ...request, headers: request.headers.filter(kept) })),
    ),
    outcomes: outcomes.map((outcome) => {
      if (outcome.status === undefined) return outcome;
      const headers = Object.entries(outcome.headers ?? {}).filter(
        ([name]) => !responseFields.includes(name),
      );
      return { ...outcome, headers: Object.fromEntries(headers.sort(([x], [y]) => (x < y ? -1 : 1))) };
    }),
  };
}

const lines = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

/** Where two values differ: `outcomes[0].status: 200 | 404`. */
export function differences(ours: unknown, theirs: unknown, path = ""): string[] {
  if (lines(ours) && lines(theirs)) {
    const only = (some: string[], others: string[]): string[] =>
      some.filter((line) => !others.includes(line));
    const same = ours.join("\n") === theirs.join("\n");
    return same
      ? []
      : [`${path}: ${JSON.stringify(only(ours, theirs))} | ${JSON.stringify(only(theirs, ours))}`];
  }
  if (typeof ours === "object" && typeof theirs === "object" && ours !== null && theirs !== null) {
    const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
    const get = (value: object, name: string): unknown => (value as Record<string, unknown>)[name];
    return names.flatMap((name) =>
      differences(
        get(ours, name),
        get(theirs, name),
        Array.isArray(ours) ? `${path}[${name}]` : path === "" ? name : `${path}.${name}`,
      ),
    );
  }
  return ours === theirs ? [] : [`${path}: ${JSON.stringify(ours)} | ${JSON.stringify(theirs)}`];
}

export const matches = (pattern: string, text: string): boolean =>
  pattern.endsWith("*") ? text.startsWith(pattern.slice(0, -1)) : pattern === text;
