import { readFileSync } from "node:fs";

/** The package this program is part of: found from the program's file, which may be a bundle or a build of one. */
export function packageOf(program: URL): { root: URL; version: string } {
  for (let folder = new URL(".", program); ; folder = new URL("..", folder)) {
    const found = readPackage(new URL("package.json", folder));
    // A build's own package.json may have the name as well; only the package's has a version.
    if (found?.name === "trunkline" && found.version !== undefined)
      return { root: folder, version: found.version };
    if (folder.pathname === new URL("..", folder).pathname) return { root: folder, version: "unknown" };
  }
}

function readPackage(file: URL): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as { name?: string; version?: string };
  } catch {
    return undefined; // no package.json here: the search goes on one folder up
  }
}
