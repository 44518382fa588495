// Reads what tsc wrote to dist/types. Declarations are regular text (four spaces a level, one statement after another,
// a docstring right before what it describes), and the native compiler has no programming interface, so text it is.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Splits declarations into statements: `{ doc, code, body }`, where `body` is the text between the outermost braces of a
 * class or an interface. Works for a file and, with the indentation removed, for the members of a body.
 */
export function statements(text) {
  const found = [];
  let rest = text;
  let doc = "";
  for (;;) {
    rest = rest.replace(/^\s+/, "");
    if (rest === "") return found;
    const comment = /^\/\*[\s\S]*?\*\/|^\/\/.*/.exec(rest);
    if (comment) {
      if (comment[0].startsWith("/**")) doc = docText(comment[0]);
      rest = rest.slice(comment[0].length);
      continue;
    }
    const end = endOfStatement(rest);
    const code = rest.slice(0, end).trim();
    found.push({ doc, code });
    doc = "";
    rest = rest.slice(end);
  }
}

/** Index just past the statement that starts the text: its `;` outside of brackets, or the `}` that closes a block. */
function endOfStatement(text) {
  const isBlock = /^(?:export\s+)?(?:declare\s+)?(?:abstract\s+)?(?:class|interface|module|namespace)\b/.test(
    text,
  );
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (text.startsWith("/*", index)) index = text.indexOf("*/", index) + 1;
    else if (character === '"' || character === "'" || character === "`")
      index = text.indexOf(character, index + 1);
    else if ("{([".includes(character)) depth++;
    else if ("})]".includes(character)) {
      depth--;
      // `class A extends B<{ … }> {`: the first brace that closes need not be the body's.
      if (depth === 0 && isBlock && /^}\s*(?:\n|$)/.test(text.slice(index, index + 3))) return index + 1;
    } else if (character === ";" && depth === 0) return index + 1;
  }
  return text.length;
}

const docText = (comment) =>
  comment
    .replace(/^\/\*\*|\*\/$/g, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n")
    .trim();

const declaration =
  /^(?:export\s+)?(?:declare\s+)?(?:abstract\s+)?(class|interface|type|function|const|let)\s+([\w$]+)/;

/** The file that a relative specifier in a declaration file means. */
const resolveFrom = (file, specifier) => join(dirname(file), specifier.replace(/\.js$/, ".d.ts"));

/** Every name a declaration file exports, through its re-exports: Map of name to `{ kind, name, file, doc, code, more }`. */
export function exportsOf(file, seen = new Set()) {
  const found = new Map();
  if (seen.has(file)) return found;
  seen.add(file);
  const own = new Map();
  const parts = statements(readFileSync(file, "utf8"));
  for (const { doc, code } of parts) {
    const [, kind, name] = declaration.exec(code) ?? [];
    if (!kind) continue;
    const before = own.get(name);
    // Overloads of a function, and an interface merged with a class or a const of the same name.
    if (before) before.more.push({ doc, code });
    else
      own.set(name, {
        kind,
        name,
        file,
        declared: name,
        doc,
        code: code.replace(/^export\s+/, ""),
        more: [],
      });
    if (/^export\s/.test(code)) found.set(name, own.get(name));
  }
  // An imported name may be exported further down; it is looked up only then, since files may import each other.
  const imported = new Map();
  for (const { code } of parts) {
    const star = /^export\s+\*\s+from\s*"(\.[^"]+)"/.exec(code);
    if (star) for (const [name, entry] of exportsOf(resolveFrom(file, star[1]), seen)) found.set(name, entry);
    const [, verb, list, specifier] =
      /^(export|import)\s+(?:type\s+)?\{([\s\S]*?)\}(?:\s*from\s*"([^"]+)")?/.exec(code) ?? [];
    if (!list || specifier?.startsWith(".") === false) continue;
    for (const item of list.split(",")) {
      const [, local, alias = local] = /^\s*(?:type\s+)?([\w$]+)(?:\s+as\s+([\w$]+))?\s*$/.exec(item) ?? [];
      if (!local) continue;
      if (verb === "import") {
        imported.set(alias, { file: resolveFrom(file, specifier), name: local });
        continue;
      }
      const origin = specifier ? { file: resolveFrom(file, specifier), name: local } : imported.get(local);
      const entry = origin ? exportsOf(origin.file).get(origin.name) : own.get(local);
      if (entry) found.set(alias, { ...entry, name: alias });
    }
  }
  return found;
}

/** Index of the brace that opens the body of a class or an interface: the last one outside of all others. */
export function bodyStart(code) {
  let depth = 0;
  let start = code.length;
  for (let index = 0; index < code.length; index++) {
    const character = code[index];
    if (code.startsWith("/*", index)) index = code.indexOf("*/", index) + 1;
    else if (character === '"' || character === "'" || character === "`")
      index = code.indexOf(character, index + 1);
    else if (character === "{" && depth++ === 0) start = index;
    else if (character === "}") depth--;
  }
  return start;
}

/** The public members of a class or an interface. */
export function membersOf(code) {
  const body = code.slice(bodyStart(code) + 1, code.lastIndexOf("}"));
  return statements(body)
    .filter(({ code: member }) => !/^(?:#|private\b|protected\b|static \{)/.test(member) && member !== ";")
    .map(({ doc, code: member }) => ({ doc, code: member.replace(/\n {4}/g, "\n") }));
}
