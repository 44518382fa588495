// `npm run docs`: the API reference, docs/api/, from the docstrings of what each entry point exports.
// `--check` only says whether the reference is current.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { importable } from "./lib/consumer.mjs";
import { bodyStart, exportsOf, membersOf } from "./lib/declarations.mjs";
import { dist, filesUnder, root, run } from "./lib/project.mjs";

const groups = [
  ["Classes", ["class"]],
  ["Functions and values", ["function", "const", "let"]],
  ["Types", ["interface", "type"]],
];

/** Docstring syntax as Markdown. */
function markdown(doc) {
  return doc
    .replace(/\{@link\s+([^}|\s]+)(?:[|\s]\s*([^}]+))?\}/g, (_, target, label) =>
      label ? `${label} (\`${target}\`)` : `\`${target}\``,
    )
    .replace(/^@param\s+(?:\{[^}]*\}\s+)?([\w$.]+)\s*-?\s*/gm, "- `$1`: ")
    .replace(/^@returns?\s+/gm, "Returns: ")
    .replace(/^@throws\s+(?:\{([^}]*)\}\s*)?/gm, (_, type) => `Throws ${type ? `\`${type}\` ` : ""}`)
    .replace(/^@default(?:Value)?\s+/gm, "Default: ")
    .replace(/^@example\s*/gm, "")
    .trim();
}

const oneLine = (doc) =>
  markdown(doc)
    .split(/\n\s*\n/)[0]
    .replace(/\s*\n\s*/g, " ");
const fence = (code) => `\`\`\`ts\n${code}\n\`\`\`\n`;
const withoutDocs = (code) => code.replace(/\n\s*\/\*\*[\s\S]*?\*\//g, "");

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
      const signature = withoutDocs(member.code)
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
    parts.push(fence(all.map((one) => withoutDocs(one).replace(/^declare\s+/, "")).join("\n")));
    for (const text of [doc, ...more.map((other) => other.doc)]) if (text) parts.push(`${markdown(text)}\n`);
  }
  return parts.join("\n");
}

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
    const types = join(dist, "types", entry.source.replace(/^src\//, "").replace(/\.ts$/, ".d.ts"));
    const names = [...exportsOf(types).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
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

/** Exports without a docstring: the reference would say nothing about them. */
function undocumented() {
  const names = [];
  for (const entry of importable()) {
    if (entry.format === "cjs") continue;
    const types = join(dist, "types", entry.source.replace(/^src\//, "").replace(/\.ts$/, ".d.ts"));
    for (const one of exportsOf(types).values()) {
      if (one.doc === "" && one.more.every((other) => other.doc === ""))
        names.push(`${one.name} (${entry.source})`);
    }
  }
  return names;
}

const folder = join(root, "docs/api");
if (process.argv.includes("--check")) {
  const fresh = pages();
  const stale = [...fresh].filter(
    ([file, text]) => !existsSync(join(folder, file)) || readFileSync(join(folder, file), "utf8") !== text,
  );
  const gone = filesUnder("docs/api").filter((path) => !fresh.has(path.replace("docs/api/", "")));
  const silent = undocumented();
  for (const [file] of stale) console.error(`docs/api/${file} is not current; run \`npm run docs\`.`);
  for (const path of gone) console.error(`${path} describes nothing that exists; run \`npm run docs\`.`);
  if (silent.length > 0) console.error(`These exports have no docstring: ${silent.join(", ")}.`);
  console.log(
    `${fresh.size} pages, ${stale.length + gone.length} not current, ${silent.length} names without a docstring`,
  );
  process.exitCode = stale.length + gone.length + silent.length > 0 ? 1 : 0;
} else {
  const code = await run(process.execPath, [join(root, "scripts/build.mjs")]);
  if (code !== 0) process.exit(code);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of pages()) writeFileSync(join(folder, file), text);
}
