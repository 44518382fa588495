import type { Timeline } from "./facts.js";

/** Steps kept at most: as many as a picture shows. */
const MAX_STEPS = 240;
/** The finest step, in milliseconds. */
export const FINEST = 16;

/**
 * Timelines as one, in steps as wide as their whole span needs. Widths are powers of two times {@link FINEST}, counted
 * from 1970, so that it does not matter in which order or in how many steps timelines are merged.
 */
export function mergeTimelines(parts: readonly Timeline[]): Timeline {
  let width = FINEST;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const part of parts) {
    width = Math.max(width, part.width);
    for (const key of Object.keys(part.points)) {
      first = Math.min(first, Number(key) * part.width);
      last = Math.max(last, Number(key) * part.width);
    }
  }
  while (Math.floor(last / width) - Math.floor(first / width) >= MAX_STEPS) width *= 2;
  const points: Record<string, [number, number, number, number]> = {};
  for (const part of parts) {
    for (const [key, counts] of Object.entries(part.points)) {
      const step = Math.floor((Number(key) * part.width) / width);
      const point = (points[step] ??= [0, 0, 0, 0]);
      for (const [index, count] of counts.entries()) point[index] = (point[index] ?? 0) + count;
    }
  }
  return { width, points };
}

/** Connections open at the end of each step, from the first to the last. */
export function openOverTime({
  width,
  points,
}: Timeline): { at: number; open: number; counts: readonly number[] }[] {
  const steps = Object.keys(points)
    .map(Number)
    .sort((a, b) => a - b);
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined) return [];
  const line: { at: number; open: number; counts: readonly number[] }[] = [];
  let open = 0;
  for (let step = first; step <= last; step++) {
    const counts = points[step] ?? [0, 0, 0, 0];
    open = Math.max(0, open + counts[0] - counts[1]);
    line.push({ at: step * width, open, counts });
  }
  return line;
}
