// Finds what is exported and nobody imports: it is dead, or an affair of its own file. What an entry of the package
// exports is its public surface.
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { pathToFileURL } from "node:url";
import { exportsOf, importsOf } from "./lib/imports.mjs";
import { entries, filesUnder, root } from "./lib/project.mjs";

/**
 * Problems of a set of sources, as sentences. `files` maps a path ("src/pool/pool.ts") to its text; what `entryFiles`
 * export is for others.
 */
export function exportProblems(files, entryFiles) {
  const takenOf = new Map();
  for (const [file, text] of files) {
    for (const { specifier, names = ["*"] } of importsOf(text)) {
      if (!specifier.startsWith(".")) continue;
      const target = posix.join(posix.dirname(file), specifier).replace(/\.([cm]?)js$/, ".$1ts");
      takenOf.set(target, [...(takenOf.get(target) ?? []), ...names]);
    }
  }
  const problems = [];
  for (const [file, text] of files) {
    if (!file.startsWith("src/") || entryFiles.includes(file)) continue;
    const taken = new Set(takenOf.get(file));
    if (taken.has("*")) continue;
    for (const { name, line } of exportsOf(text))
      if (!taken.has(name))
        problems.push(`${file}:${line}: ${name} is exported, and no other file imports it.`);
  }
  return problems;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const paths = ["src", "test", "examples"].flatMap((folder) =>
    filesUnder(folder, (file) => /\.[cm]?ts$/.test(file)),
  );
  const files = new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
  const problems = exportProblems(
    files,
    entries().map(({ source }) => source),
  );
  for (const problem of problems) console.error(problem);
  console.log(`${files.size} files, ${problems.length} problems`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
