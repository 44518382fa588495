/** A share as a percentage that says all and nothing only when it is so. */
export function percent(share: number): string {
  const figure = share * 100;
  const shown = share > 0 && share < 1 ? Math.min(99.9, Math.max(0.1, figure)) : figure;
  return `${Number(shown.toFixed(1))} %`;
}

export function code(text: string): string {
  return `\`${text}\``;
}

/** What a connection may carry at once, behind what it carried. More went out only before the server said so. */
export function besideLimit(most: number, limit: number | undefined): string {
  if (limit === undefined) return "";
  return most > limit
    ? `, before the server announced a limit of ${limit}`
    : `, of ${limit} that it may carry`;
}

/** The names with the largest counts first; of equal ones the first by name. */
export function ranked(counts: Readonly<Partial<Record<string, number>>>): [string, number][] {
  return Object.entries(counts)
    .filter((entry): entry is [string, number] => (entry[1] ?? 0) > 0)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

/** To microseconds: clocks know no more, and sums of floating-point numbers in another order read the same. */
export function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
