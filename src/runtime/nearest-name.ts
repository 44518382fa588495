/** A name as long as this may have two slips of the pen in it; a shorter one has another meaning then. */
const LONG_NAME = 7;

/** Of `names` the one that `name` is misspelt for, when there is just one such: case, a letter or two. */
export function nearestName(name: string, names: Iterable<string>): string | undefined {
  let least = name.length < LONG_NAME ? 1 : 2;
  let found: string[] = [];
  for (const known of names) {
    const slips = slipsBetween(name.toLowerCase(), known.toLowerCase());
    if (slips > least) continue;
    if (slips < least) found = [];
    least = slips;
    found.push(known);
  }
  return found.length === 1 ? found[0] : undefined;
}

/** Letters added, left out, replaced or exchanged with their neighbour (optimal string alignment). */
function slipsBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let slips = Math.min(
        (above[column] as number) + 1,
        (line[column - 1] as number) + 1,
        (above[column - 1] as number) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        slips = Math.min(slips, (before[column - 2] as number) + 1);
      }
      line.push(slips);
    }
    before = above;
    above = line;
  }
  return above[b.length] as number;
}

/** `; did you mean …?` for a name that is misspelt, else nothing. */
export function spellingHint(name: string, names: Iterable<string>): string {
  const meant = nearestName(name, names);
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}
