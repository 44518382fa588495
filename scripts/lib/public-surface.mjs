// What the public declarations lack: types of a signature without an entry, docstrings, and tags that would be printed raw.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bodyStart, exportsOf, membersOf, statements } from "./declarations.mjs";

const isShape = ({ kind }) => kind === "class" || kind === "interface";
const allCode = (entry) => [entry.code, ...entry.more.map(({ code }) => code)];
const withoutText = (code) => code.replace(/\/\*[\s\S]*?\*\/|"(?:[^"\\]|\\.)*"|`[^`]*`/g, '""');

/** The code of an entry that a reader of the reference sees: a class without its private members. */
function publicCode(entry) {
  if (!isShape(entry)) return allCode(entry).map(withoutText);
  return allCode(entry).flatMap((code) => [
    withoutText(code.slice(0, bodyStart(code))),
    ...membersOf(code).map((member) => withoutText(member.code)),
  ]);
}

/** The names that a declaration file declares or imports from another of ours: Map of name to `file#name`. */
function scopeOf(file) {
  const scope = new Map();
  for (const { code } of statements(readFileSync(file, "utf8"))) {
    const declared =
      /^(?:export\s+)?(?:declare\s+)?(?:abstract\s+)?(?:class|interface|type|const|let|function)\s+([\w$]+)/.exec(
        code,
      )?.[1];
    if (declared) scope.set(declared, `${file}#${declared}`);
    const [, list, specifier] = /^import\s+(?:type\s+)?\{([\s\S]*?)\}\s*from\s*"(\.[^"]+)"/.exec(code) ?? [];
    if (!list) continue;
    const target = join(dirname(file), specifier.replace(/\.js$/, ".d.ts"));
    for (const item of list.split(",")) {
      const [, name, alias = name] = /^\s*(?:type\s+)?([\w$]+)(?:\s+as\s+([\w$]+))?\s*$/.exec(item) ?? [];
      const entry = name && exportsOf(target).get(name);
      if (entry) scope.set(alias, keyOf(entry));
    }
  }
  return scope;
}

const keyOf = ({ file, declared }) => `${file}#${declared}`;

/** Types in the signatures of these exports that are not exported themselves, as `Owner: Type`. */
export function missingTypes(entries) {
  const known = new Set(entries.map(keyOf));
  const scopes = new Map();
  const missing = new Set();
  for (const entry of entries) {
    if (!scopes.has(entry.file)) scopes.set(entry.file, scopeOf(entry.file));
    const scope = scopes.get(entry.file);
    for (const code of publicCode(entry)) {
      // A name before a colon is that of a member or a parameter.
      for (const [name] of code.matchAll(/(?<![\w$.])[A-Za-z_$][\w$]*(?![\w$]|\??:)/g)) {
        const key = scope.get(name);
        if (key && !known.has(key)) missing.add(`${entry.name}: ${name}`);
      }
      if (/\bimport\("\."/.test(code)) missing.add(`${entry.name}: an inline import`);
    }
  }
  return [...missing];
}

const nameOf = (code) =>
  /^(?:readonly |static |get |set |async |abstract )*(\[[^\]]+\]|[\w$]+|"[^"]+"|\(|new )/.exec(code)?.[1] ??
  code;

/** The members of what these types are: those of a class or an interface, and of an object that a type stands for. */
function shapesOf(entry) {
  if (isShape(entry)) return allCode(entry).map(membersOf);
  if (entry.kind !== "type") return [];
  const value = entry.code.replace(/^declare\s+/, "").replace(/^type\s+[^=]+=\s*/, "");
  return value.startsWith("{") && /}\s*;?$/.test(value) ? [membersOf(`interface X ${value}`)] : [];
}

/** Exports and members without a docstring, as `Name` or `Name.member`. An overload may rely on the docstring of another. */
export function undocumented(entries) {
  const silent = new Set();
  for (const entry of entries) {
    if (entry.doc === "" && entry.more.every(({ doc }) => doc === "")) silent.add(entry.name);
    const members = shapesOf(entry).flat();
    const described = new Set(members.filter(({ doc }) => doc !== "").map(({ code }) => nameOf(code)));
    for (const { code } of members)
      if (!described.has(nameOf(code))) silent.add(`${entry.name}.${nameOf(code)}`);
  }
  return [...silent];
}

/** The tags that a page of the reference would print raw, with their lines. */
export function rawTags(page) {
  const found = [];
  let inCode = false;
  for (const [index, line] of page.split("\n").entries()) {
    if (/^\s*```/.test(line)) inCode = !inCode;
    const prose = inCode ? line.replace(/"[^"]*"/g, "") : line.replace(/`[^`]*`/g, "");
    const tag = /\{@\w+|(?<![\w/])@[a-z]\w*/i.exec(prose);
    if (tag) found.push(`${tag[0]} (line ${index + 1})`);
  }
  return found;
}
