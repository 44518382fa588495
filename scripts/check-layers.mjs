// Proves the layer picture: imports point downward only, folders meet through their index.ts, nothing is circular
// (imports of types included), and no file grew beyond what a person reads in one go.
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { pathToFileURL } from "node:url";
import { importsOf } from "./lib/imports.mjs";
import {
  allowedImports,
  bundledPackages,
  maxLines,
  mayImportTesting,
  mutualFiles,
  pureAreas,
} from "./lib/layers.mjs";
import { filesUnder, root } from "./lib/project.mjs";

const isTest = (file) => /\.test\.[cm]?ts$/.test(file) || file.startsWith("test/");
const areaOf = (file) => (file.split("/").length === 2 ? "index" : file.split("/")[1]);

/** Whether it is a folder of an area, and not the area. */
const isFolder = (folder) => folder.split("/").length > 2;

/** The folder whose index.ts is the way in: src/trace, or src/transport/dial where an area has folders. */
function folderOf(file) {
  const parts = file.split("/");
  return parts.slice(0, parts.length > 3 ? 3 : 2).join("/");
}

/**
 * Problems of a set of sources, as sentences. `files` maps a path ("src/pool/pool.ts") to its text.
 * `dependencies` are the packages src/ may import besides Node's own.
 */
export function layerProblems(files, dependencies = []) {
  const problems = [];
  const fileEdges = new Map();
  const folderEdges = new Map();
  for (const [file, text] of files) {
    const report = (line, sentence) => problems.push(`${file}:${line}: ${sentence}`);
    style(file, text, report);
    if (!file.startsWith("src/")) continue;
    const from = areaOf(file);
    if (!(from in allowedImports))
      report(
        1,
        `"${from}" is not an area of the picture; add it to scripts/lib/layers.mjs or move the file.`,
      );
    if (!isTest(file)) fileEdges.set(file, []);
    for (const { specifier, line } of importsOf(text)) {
      if (!specifier.startsWith(".")) {
        builtin(file, from, specifier, dependencies, (sentence) => report(line, sentence));
        continue;
      }
      const target = posix.join(posix.dirname(file), specifier).replace(/\.([cm]?)js$/, ".$1ts");
      if (!files.has(target)) {
        report(line, `it imports "${specifier}", and there is no ${target}.`);
        continue;
      }
      if (!isTest(file) && isTest(target)) report(line, `it imports the test ${target}.`);
      fileEdges.get(file)?.push(target);
      const to = areaOf(target);
      if (to !== from && !isAllowed(file, from, to)) {
        report(
          line,
          `${from} may not import ${to}; it may import ${allowedImports[from]?.join(", ") || "nothing"}.`,
        );
      }
      const [home, away] = [folderOf(file), folderOf(target)];
      // A test beside a file may look at any file; what ships may not.
      const own = home === away || home.startsWith(`${away}/`);
      if (!own && target !== "src/index.ts" && target !== `${away}/index.ts` && !isTest(file)) {
        report(line, `import ${away}/index.js instead of "${specifier}": folders meet through their index.`);
      }
      // An area and its own folders are one house: what stands above them all is entered from the folders too.
      if (!isTest(file) && home !== away && isFolder(home) && isFolder(away))
        folderEdges.set(home, [...(folderEdges.get(home) ?? []), away]);
    }
  }
  for (const cycle of cycles(folderEdges))
    problems.push(`these folders import each other in a circle: ${cycle.join(" → ")}.`);
  // Files whose folders are in a circle are in one too, and that is said already.
  if (problems.length > 0) return problems;
  for (const cycle of cycles(fileEdges))
    if (!mutualFiles.some((mutual) => cycle.every((file) => mutual.includes(file))))
      problems.push(`these files import each other in a circle: ${cycle.join(" → ")}.`);
  return problems;
}

function isAllowed(file, from, to) {
  if (to === "testing") return mayImportTesting(file);
  if (isTest(file)) return true;
  return allowedImports[from]?.includes(to) ?? false;
}

function builtin(file, area, specifier, dependencies, report) {
  if (isTest(file)) return;
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  if (!specifier.startsWith("node:") && !dependencies.includes(name)) {
    report(`"${specifier}" is neither node: nor a dependency in package.json.`);
  }
  if (
    specifier.startsWith("node:") &&
    pureAreas.areas.includes(area) &&
    !pureAreas.builtins.includes(specifier)
  ) {
    report(`${area} decides and does not act, so it may not import ${specifier}.`);
  }
}

function style(file, text, report) {
  const lines = text.split("\n");
  const length = lines.at(-1) === "" ? lines.length - 1 : lines.length;
  if (!isTest(file) && !/-table\.ts$/.test(file) && length > maxLines) {
    report(
      maxLines + 1,
      `${length} lines; split it, ${maxLines} is the most (tables of data are named *-table.ts).`,
    );
  }
  const pure = file.startsWith("src/") && !isTest(file) && pureAreas.areas.includes(areaOf(file));
  for (const [index, line] of lines.entries()) {
    if (/\b(?:TO[D]O|FIX[M]E|X[X]X)\b/.test(line))
      report(index + 1, "finish it or file an issue: a note to oneself does not ship.");
    if (/@ts-(?:ig[n]ore|no[c]heck)|biome-ig[n]ore|eslint-dis[a]ble/.test(line))
      report(index + 1, "fix the cause instead of silencing the tool.");
    if (!isTest(file) && /@ts-expect-er[r]or/.test(line))
      report(index + 1, "only tests may expect a type error.");
    const code = line.replace(/^\s*(?:\*|\/\/|\/\*).*$/, "");
    const global = pure ? pureAreas.globals.exec(code) : null;
    if (global)
      report(
        index + 1,
        `${areaOf(file)} takes time and chance as arguments, so ${global[0]} does not belong here.`,
      );
  }
}

/** Each circle once, as the path that closes it. */
function cycles(edges) {
  const found = [];
  const state = new Map();
  const visit = (node, path) => {
    if (state.get(node) === "done") return;
    if (state.get(node) === "open") {
      found.push([...path.slice(path.indexOf(node)), node]);
      return;
    }
    state.set(node, "open");
    for (const next of edges.get(node) ?? []) visit(next, [...path, node]);
    state.set(node, "done");
  };
  for (const node of edges.keys()) visit(node, []);
  return found;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const paths = [
    ...["src", "test", "examples"].flatMap((folder) => filesUnder(folder, (file) => /\.[cm]?ts$/.test(file))),
    ...["scripts", "bench"].flatMap((folder) =>
      filesUnder(folder, (file) => /\.mjs$/.test(file) && !file.includes("node_modules/")),
    ),
  ];
  const files = new Map(
    paths
      .filter((path) => existsSync(join(root, path)))
      .map((path) => [path, readFileSync(join(root, path), "utf8")]),
  );
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const problems = layerProblems(files, [
    ...bundledPackages,
    ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
  ]);
  for (const problem of problems) console.error(problem);
  console.log(`${files.size} files, ${problems.length} problems`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
