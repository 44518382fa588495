import { findSourceMap } from "node:module";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { frames as framesBelow } from "../runtime/index.js";

/** Frames looked at: between the global fetch and what it sends there are two dozen of its own. */
const DEPTH = 40;

/** The frames of the stack below `above`. */
export function frames(above: CallableFunction, depth: number = DEPTH): readonly NodeJS.CallSite[] {
  return framesBelow(above, depth);
}

function here(): string | undefined {
  return frames(frames, 1)[0]?.getFileName() ?? undefined;
}

/** This program's own file, whose frames are nobody's. */
const own = here();

/** The file of a frame, as a path; absent for Node's own code, native code and this program. */
export function fileOf(site: NodeJS.CallSite): string | undefined {
  const name = site.getFileName() ?? undefined;
  if (name === undefined || name.startsWith("node:") || name === own) return undefined;
  if (!name.startsWith("file://")) return /^(?:\/|[A-Za-z]:[\\/])/.test(name) ? name : undefined;
  try {
    return fileURLToPath(name);
  } catch {
    return undefined; // a file URL of another platform
  }
}

/** `file:line:column` of the first frame in the user's own code, or else in any package. */
export function userPlace(sites: readonly NodeJS.CallSite[]): string | undefined {
  let inPackage: string | undefined;
  for (const site of sites) {
    const file = fileOf(site);
    if (file === undefined) continue;
    const place = placeOf(file, site.getLineNumber() ?? 1, site.getColumnNumber() ?? 1);
    if (!/[\\/]node_modules[\\/]/.test(file)) return place;
    inPackage ??= place;
  }
  return inPackage;
}

/**
 * A place as `file:line:column`, of the source where Node has a source map: of code that a loader compiles in memory
 * nobody else has one. Maps that lie beside the code are read when the program has ended.
 */
function placeOf(file: string, line: number, column: number): string {
  const entry = findSourceMap(file)?.findEntry(line - 1, column - 1);
  if (entry === undefined || !("originalSource" in entry) || typeof entry.originalSource !== "string")
    return `${file}:${line}:${column}`;
  const { originalSource, originalLine, originalColumn } = entry;
  const source = originalSource.startsWith("file://")
    ? fileURLToPath(originalSource)
    : resolve(file, "..", originalSource);
  return `${source}:${originalLine + 1}:${originalColumn + 1}`;
}

/** Whether the user's own code is on the stack. */
export function hasUserCode(sites: readonly NodeJS.CallSite[]): boolean {
  return sites.some((site) => {
    const file = fileOf(site);
    return file !== undefined && !/[\\/]node_modules[\\/]/.test(file);
  });
}

/** Whether a function of Node's own module is on the stack. */
export function hasFrame(sites: readonly NodeJS.CallSite[], module: string, name: RegExp): boolean {
  return sites.some(
    (site) =>
      site.getFileName() === module && name.test(site.getFunctionName() ?? site.getMethodName() ?? ""),
  );
}

/** The package that a file is of: `axios`, `@smithy/node-http-handler`. */
export function packageNameOf(file: string): string | undefined {
  return /^.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(file)?.[1]?.replace("\\", "/");
}

/** The first place in the user's own code that a printed stack names, or else in any package. */
export function placeInText(stack: string): string | undefined {
  const places = [...stack.matchAll(/(?:^|[\s(])((?:file:\/\/)?(?:\/|[A-Za-z]:\\)[^\s()]*):(\d+):(\d+)\)?/g)]
    .map(([, file = "", line, column]) => ({
      file: file.startsWith("file://") ? fileURLToPath(file) : file,
      line,
      column,
    }))
    .filter(({ file }) => file !== own);
  const place = places.find(({ file }) => packageNameOf(file) === undefined) ?? places[0];
  return place === undefined ? undefined : `${place.file}:${place.line}:${place.column}`;
}
