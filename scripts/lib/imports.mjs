// What a TypeScript source imports and exports, read from its text: the formatter keeps every statement in one of these
// few shapes.
const statement = /^(?:import|export)\s+(?:type\s+)?(?:([\w*{}\s,$]+?)\sfrom\s+)?"([^"]+)"/gm;
const expression = /\b(?:import|require)\(\s*"([^"]+)"\s*\)(?:\)?\.(\w+))?/g;
const declaration =
  /^export\s+(?:declare\s+)?(?:default\s+)?(?:abstract\s+)?(?:async\s+)?(?:class|const|function\*?|interface|let|type)\s+([\w$]+)/gm;
const list = /^export\s+(?:type\s+)?\{([^}]*)\}/gm;

/**
 * `{ specifier, names, line }` of every import, re-export, dynamic import and require. `names` is what is taken, by its
 * name there; undefined where that is everything.
 */
export function importsOf(source) {
  const code = withoutComments(source);
  const lineAt = lines(code);
  const found = [];
  for (const { 1: clause, 2: specifier, index } of code.matchAll(statement))
    found.push({ specifier, names: taken(clause, code), line: lineAt(index) });
  for (const { 1: specifier, 2: name, index } of code.matchAll(expression))
    found.push({ specifier, names: name && [name], line: lineAt(index) });
  return found;
}

/** `{ name, line }` of everything that a source exports. */
export function exportsOf(source) {
  const code = withoutComments(source);
  const lineAt = lines(code);
  const found = [];
  for (const { 1: name, index } of code.matchAll(declaration)) found.push({ name, line: lineAt(index) });
  for (const { 1: names, index } of code.matchAll(list))
    for (const name of named(names)) found.push({ name: name.here, line: lineAt(index) });
  return found;
}

/** The names of an import clause: `{ a, type b as c }`, or the members of `* as all` that the source mentions. */
function taken(clause, code) {
  if (clause === undefined) return [];
  const whole = /\*\s+as\s+([\w$]+)/.exec(clause)?.[1];
  if (whole !== undefined)
    return [...code.matchAll(new RegExp(`\\b${whole}\\.([\\w$]+)`, "g"))].map(([, name]) => name);
  if (clause.includes("*")) return undefined;
  const braces = /\{([^}]*)\}/.exec(clause)?.[1];
  return braces === undefined ? ["default"] : named(braces).map(({ there }) => there);
}

function named(names) {
  return names
    .split(",")
    .map((one) => one.trim().replace(/^type\s+/, ""))
    .filter((one) => one !== "")
    .map((one) => one.split(/\s+as\s+/))
    .map(([there, here = there]) => ({ there, here }));
}

function withoutComments(source) {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
    .replace(/^\s*\/\/.*$/gm, "");
}

function lines(code) {
  return (index) => code.slice(0, index).split("\n").length;
}
