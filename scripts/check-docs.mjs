// Proves about the documents what a machine can: links lead somewhere, every reason and finding has its entry, and no word
// appears twice in a row.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { filesUnder, root } from "./lib/project.mjs";

const read = (path) => readFileSync(join(root, path), "utf8");
const top = readdirSync(root).filter((name) => name.endsWith(".md"));
const documents = [
  ...top,
  ...filesUnder("docs", (file) => file.endsWith(".md")),
  ...filesUnder("examples", (file) => file.endsWith(".md")),
];
const problems = [];

/** The anchor GitHub gives a heading. */
const anchor = (heading) =>
  heading
    .replace(/`|\*|\[([^\]]*)\]\([^)]*\)/g, "$1")
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");

const withoutFences = (text) => text.replace(/^(```+)[^\n]*\n[\s\S]*?^\1\s*$/gm, "");
const anchorsOf = (path) =>
  new Set([...withoutFences(read(path)).matchAll(/^#{1,6}\s+(.+)$/gm)].map((match) => anchor(match[1])));

for (const document of documents) {
  const text = withoutFences(read(document));
  // What is quoted in “…”, the names of tests, and code are as they are.
  const twice = /\b([A-Za-z]{2,}) \1\b/.exec(text.replace(/`[^`]*`|“[^”]*”/g, ""));
  if (twice !== null) problems.push(`${document}: "${twice[0]}" has a word twice.`);
  for (const match of text.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)) {
    const link = match[1];
    if (/^[a-z][a-z+.-]*:/i.test(link)) continue;
    const [path = "", fragment] = link.split("#");
    const target = path === "" ? document : join(dirname(document), decodeURIComponent(path));
    if (!existsSync(resolve(root, target))) problems.push(`${document}: the link ${link} leads nowhere.`);
    else if (fragment && target.endsWith(".md") && !anchorsOf(target).has(fragment))
      problems.push(`${document}: ${link} names a heading that is not there.`);
  }
}

/** The names of a union type in a source, such as `"idle-timeout" | "max-idle"`. */
function namesOf(path, type) {
  const declaration = new RegExp(`export type ${type} =([^;]*);`).exec(read(path));
  if (declaration === null) throw new Error(`${path} does not declare ${type}`);
  return [...declaration[1].matchAll(/"([^"]+)"/g)].map((match) => match[1]);
}

for (const { source, type, document } of [
  { source: "src/trace/reasons.ts", type: "DialReason", document: "docs/reasons.md" },
  { source: "src/trace/reasons.ts", type: "CloseReason", document: "docs/reasons.md" },
  { source: "src/explain/report.ts", type: "FindingKind", document: "docs/findings.md" },
]) {
  const names = namesOf(source, type);
  const text = existsSync(join(root, document)) ? read(document) : "";
  const missing = names.filter((name) => !text.includes(`\`${name}\``));
  if (missing.length > 0)
    problems.push(`${document} does not explain ${missing.join(", ")} (${type} in ${source}).`);
}

for (const problem of problems) console.error(problem);
console.log(`${documents.length} documents, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
