import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileOf, packageNameOf } from "./stack.js";

/** The package that the user's code called, of those on the stack: the one farthest from Node; with its version. */
export function packageOnStack(sites: readonly NodeJS.CallSite[]): string | undefined {
  let outermost: string | undefined;
  for (const site of sites) {
    const file = fileOf(site);
    if (file === undefined) continue;
    const name = packageNameOf(file);
    if (name === undefined) break;
    outermost = file;
  }
  return outermost === undefined ? undefined : versioned(outermost);
}

const versions = new Map<string, string>();

/** The package of a file, with its version. */
export function versioned(file: string): string | undefined {
  const name = packageNameOf(file);
  const folder = packageOf(file);
  if (name === undefined || folder === undefined) return undefined;
  let known = versions.get(folder);
  if (known === undefined) {
    const { name: called, version } = identityOf(folder);
    versions.set(folder, (known = version === undefined ? called : `${called}@${version}`));
  }
  return known;
}

/** The folder of the package a file is of. */
export function packageOf(file: string): string | undefined {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+[\\/]/.exec(file)?.[0];
}

export function identityOf(folder: string): { name: string; version: string | undefined } {
  try {
    const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<
      string,
      unknown
    >;
    return { name: String(name), version: typeof version === "string" ? version : undefined };
  } catch {
    return { name: basename(folder), version: undefined }; // bundled, or read-protected
  }
}
