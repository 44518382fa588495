// What a TypeScript source imports, read from its text: the formatter keeps every statement in one of these few shapes.
const statement = /^(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\sfrom\s+)?"([^"]+)"/gm;
const expression = /\b(?:import|require)\(\s*"([^"]+)"\s*\)/g;

/** `{ specifier, typeOnly, line }` of every import, re-export, dynamic import and require. */
export function importsOf(source) {
  const code = source
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
    .replace(/^\s*\/\/.*$/gm, "");
  const lineAt = (index) => code.slice(0, index).split("\n").length;
  const found = [];
  for (const match of code.matchAll(statement)) {
    const names = /\{([^}]*)\}/.exec(match[0])?.[1];
    const everyNameIsType =
      names !== undefined &&
      names.trim() !== "" &&
      names.split(",").every((name) => /^\s*(?:type\s|$)/.test(name));
    found.push({
      specifier: match[2],
      typeOnly: match[1] !== undefined || everyNameIsType,
      line: lineAt(match.index),
    });
  }
  // A dynamic import runs later, and `import("x").T` in a type never does: neither makes a load-time cycle.
  for (const match of code.matchAll(expression))
    found.push({ specifier: match[1], typeOnly: true, line: lineAt(match.index) });
  return found;
}
