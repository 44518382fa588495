// `npm run docs`: the API reference, docs/api/, from the docstrings of what each entry point exports.
// `--check` says whether the reference is current, and what the public declarations lack: a type without an entry, a name
// without a docstring, a tag that would be printed raw.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { importable } from "./lib/consumer.mjs";
import { bodyStart, exportsOf, membersOf } from "./lib/declarations.mjs";
import { declarationOf, dist, filesUnder, root, run } from "./lib/project.mjs";
import { missingTypes, rawTags, undocumented } from "./lib/public-surface.mjs";

const groups = [
  ["Classes", ["class"]],
  ["Functions and values", ["function", "const", "let"]],
  ["Types", ["interface", "type"]],
];

const withoutLinks = (doc) =>
  doc.replace(/\{@link\s+([^}|\s]+)(?:[|\s]\s*([^}]+))?\}/g, (_, target, label) =>
    label ? `${label} (\`${target}\`)` : `\`${target}\``,
  );

/** Docstring syntax as Markdown; each tag is a paragraph. */
function markdown(doc) {
  return withoutLinks(doc)
    .replace(/(?<=\S)\n+(?=@)/g, "\n\n")
    .replace(/^@param\s+([\w$.]+)\s*-?\s*/gm, "- `$1`: ")
    .replace(/^@returns?\s+/gm, "Returns: ")
    .replace(/^@throws\s+/gm, "Throws ")
    .trim();
}

const oneLine = (doc) =>
  markdown(doc)
    .split(/\n\s*\n/)[0]
    .replace(/\s*\n\s*/g, " ");
const fence = (code) => `\`\`\`ts\n${code}\n\`\`\`\n`;
const withoutDocs = (code) => code.replace(/\n\s*\/\*\*[\s\S]*?\*\//g, "");
/** A type's parts are described in its code. */
const codeOf = ({ kind, code }) => (kind === "type" ? withoutLinks(code) : withoutDocs(code));

function describe({ name, kind, doc, code, more }) {
  const parts = [`### ${name}\n`];
  if (kind === "class" || kind === "interface") {
    const head = code
      .slice(0, bodyStart(code))
      .replace(/^declare\s+/, "")
      .trim();
    parts.push(fence(head));
    if (doc) parts.push(`${markdown(doc)}\n`);
    const members = [code, ...more.map((other) => other.code)].flatMap(membersOf);
    for (const member of members) {
      const signature = withoutLinks(member.code)
        .replace(/;$/, "")
        .replace(/^readonly (?=\[)/, "");
      const short = !signature.includes("\n") && !signature.includes("`");
      const text = markdown(member.doc).replace(/\n/g, "\n  ");
      parts.push(
        short
          ? `- \`${signature}\`${text ? `\\\n  ${text}` : ""}`
          : `- ${text}\n\n  ${fence(signature).trim().replace(/\n/g, "\n  ")}`,
      );
    }
    if (members.length > 0) parts.push("");
  } else {
    const all = [code, ...more.map((other) => other.code.replace(/^export\s+/, ""))];
    parts.push(fence(all.map((one) => codeOf({ kind, code: one }).replace(/^declare\s+/, "")).join("\n")));
    for (const text of [doc, ...more.map((other) => other.doc)]) if (text) parts.push(`${markdown(text)}\n`);
  }
  return parts.join("\n");
}

const declarationsOf = (entry) => join(dist, "types", declarationOf(entry));

/** Paths (in docs/api/) and contents of the reference. */
function pages() {
  const files = new Map();
  const index = [
    "# API reference",
    "",
    "Made from the docstrings by `npm run docs`; do not edit. Times are milliseconds, sizes are bytes.",
    "",
  ];
  for (const entry of importable()) {
    if (entry.format === "cjs") continue;
    const name = `trunkline${entry.subpath.slice(1)}`;
    const file = `${name.replaceAll("/", "-")}.md`;
    const names = [...exportsOf(declarationsOf(entry)).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    index.push(`## ${name}`, "", `[All of it](${file}).`, "", "| name | what it is |", "|---|---|");
    const page = [`# ${name}`, "", `\`import { … } from "${name}"\`. [All entry points](README.md).`, ""];
    for (const [title, kinds] of groups) {
      const members = names.filter(({ kind }) => kinds.includes(kind));
      if (members.length === 0) continue;
      page.push(`## ${title}`, "");
      for (const one of members) {
        index.push(
          `| [\`${one.name}\`](${file}#${one.name.toLowerCase()}) | ${oneLine(one.doc).replaceAll("|", "\\|")} |`,
        );
        page.push(describe(one));
      }
    }
    index.push("");
    files.set(file, `${page.join("\n").trimEnd()}\n`);
  }
  files.set("README.md", `${index.join("\n").trimEnd()}\n`);
  return files;
}

/** What every entry point exports, in one list. */
const everything = () =>
  importable()
    .filter(({ format }) => format !== "cjs")
    .flatMap((entry) => [...exportsOf(declarationsOf(entry)).values()]);

const folder = join(root, "docs/api");
if (process.argv.includes("--check")) {
  const fresh = pages();
  const stale = [...fresh].filter(
    ([file, text]) => !existsSync(join(folder, file)) || readFileSync(join(folder, file), "utf8") !== text,
  );
  const gone = filesUnder("docs/api").filter((path) => !fresh.has(path.replace("docs/api/", "")));
  const entries = everything();
  const problems = [
    ["These have no docstring", undocumented(entries)],
    ["These types are in a public signature and not exported", missingTypes(entries)],
    ...[...fresh].map(([file, text]) => [`docs/api/${file} would print raw tags`, rawTags(text)]),
  ].filter(([, names]) => names.length > 0);
  for (const [file] of stale) console.error(`docs/api/${file} is not current; run \`npm run docs\`.`);
  for (const path of gone) console.error(`${path} describes nothing that exists; run \`npm run docs\`.`);
  for (const [what, names] of problems) console.error(`${what}: ${names.join(", ")}.`);
  const count = problems.reduce((sum, [, names]) => sum + names.length, 0);
  console.log(
    `${fresh.size} pages, ${stale.length + gone.length} not current, ${count} problems of the public surface`,
  );
  process.exitCode = stale.length + gone.length + count > 0 ? 1 : 0;
} else {
  const code = await run(process.execPath, [join(root, "scripts/build.mjs")]);
  if (code !== 0) process.exit(code);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of pages()) writeFileSync(join(folder, file), text);
}
