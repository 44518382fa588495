import { fileSystem } from "../../runtime/index.js";

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

// From a stack, because a CommonJS bundle has no `import.meta`. Where there is none, every frame counts as this package's.
const here = folderOf(new Error().stack);

function folderOf(stack: unknown): string {
  const [, first = ""] = typeof stack === "string" ? stack.split("\n") : [];
  const place = /((?:file:\/\/|\/|[A-Za-z]:\\)[^()]+):\d+:\d+\)?$/.exec(first.trim())?.[1] ?? "";
  return place.replace(/^file:\/\//, "").replace(/[^/\\]*$/, "");
}

const FOLDER = "transport/account/";
// Bundled, all of the package is beside this file; unbundled, it is two folders above.
export const packageRoot: string = here.endsWith(`/${FOLDER}`) ? here.slice(0, -FOLDER.length) : here;

let ownRoots: readonly string[] | undefined;

/**
 * Where this package's code can be said to be: as it runs, and as source maps name it. Only in a folder that is
 * this package's: bundled into a program, the code has the program's own folders around it.
 */
function rootsOf(root: string): readonly string[] {
  const base = root.replace(/(?:\.build\/src|dist(?:\/chunks)?|src)\/$/, "");
  if (base === root) return [root];
  try {
    const { name } = JSON.parse(fileSystem.readFileSync(`${base}package.json`, "utf8")) as { name?: unknown };
    if (name === "trunkline") return [`${base}src/`, `${base}dist/`, `${base}.build/src/`];
  } catch {
    // No package of that kind there.
  }
  return [root];
}

function isOwn(place: string): boolean {
  const path = place.startsWith("file://") ? place.slice("file://".length) : place;
  ownRoots ??= rootsOf(packageRoot);
  return ownRoots.some((root) => path.startsWith(root)) && !/\.test\.[cm]?[jt]s:/.test(path);
}
