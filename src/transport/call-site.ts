/** The name of a stack's first frame outside this package and Node itself: `file:line:column` of the user's code. */
export function userFrame(stack: string | undefined): string | undefined {
  for (const line of (stack ?? "").split("\n").slice(1)) {
    const match = /(?:^at (?:async )?|\()((?:file:\/\/|\/|[A-Za-z]:\\)[^()]+:\d+:\d+)\)?$/.exec(line.trim());
    const place = match?.[1];
    if (place === undefined || place.includes("node:") || isOwn(place)) continue;
    return place.startsWith("file://") ? place.slice("file://".length) : place;
  }
  return undefined;
}

const here = new URL(".", import.meta.url).pathname;
// Bundled, all of the package is beside this file; unbundled, it is the folder above.
export const packageRoot: string = here.endsWith("/transport/") ? here.slice(0, -"transport/".length) : here;

function isOwn(place: string): boolean {
  const path = place.startsWith("file://") ? place.slice("file://".length) : place;
  return path.startsWith(packageRoot) && !/\.test\.[cm]?[jt]s:/.test(path);
}
