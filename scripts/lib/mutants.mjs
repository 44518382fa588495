// Small faults put into compiled code, one at a time: each is an edit of a source's text.

/** What stands for what. Of the first that fits at a place, the replacement is made. */
const SWAPS = new Map([
  ["===", "!=="],
  ["!==", "==="],
  ["<=", "<"],
  [">=", ">"],
  ["<", "<="],
  [">", ">="],
  ["&&", "||"],
  ["||", "&&"],
  ["+=", "-="],
  ["-=", "+="],
  ["+", "-"],
  ["-", "+"],
  ["*", "/"],
  ["true", "false"],
  ["false", "true"],
  ["break", ""],
  ["continue", ""],
  ["!", ""],
]);
const OPERATORS = [
  "===",
  "!==",
  "**",
  "=>",
  "??=",
  "||=",
  "&&=",
  "<<",
  ">>",
  "++",
  "--",
  "<=",
  ">=",
  "&&",
  "||",
  "+=",
  "-=",
  "??",
  "?.",
  "<",
  ">",
  "+",
  "-",
  "*",
  "!",
];

/** After these a slash begins a regular expression. */
const BEFORE_REGEXP = /(?:^|[=(,:?[!&|{};+\-*%<>~]|\b(?:return|typeof|case|in|of))\s*$/;

/**
 * Every fault that can be put into the source: `{ at, length, text, line, what }`. Strings, comments, regular
 * expressions and imports are left alone.
 */
export function mutantsOf(source) {
  const found = [];
  let line = 1;
  let at = 0;
  const skipTo = (end) => {
    line += source.slice(at, end).split("\n").length - 1;
    at = end;
  };
  const add = (length, text) =>
    found.push({ at, length, text, line, what: `${source.slice(at, at + length)} -> ${text || "nothing"}` });
  while (at < source.length) {
    const rest = source.slice(at, at + 400);
    const literal = /^(?:\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/.exec(rest);
    if (literal) {
      skipTo(at + literal[0].length);
    } else if (rest.startsWith("/*")) {
      skipTo(source.indexOf("*/", at) + 2);
    } else if (rest[0] === "`") {
      skipTo(endOfTemplate(source, at));
    } else if (rest[0] === "/" && BEFORE_REGEXP.test(source.slice(Math.max(0, at - 20), at))) {
      skipTo(at + (/^\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/.exec(rest)?.[0].length ?? 1));
    } else if (/^(?:import|export \{|export \*)[^;]*;/.test(rest) && source[at - 1] !== ".") {
      skipTo(source.indexOf(";", at) + 1);
    } else {
      const number = /^(?:0x[\da-f_]+|\d[\d_]*(?:\.\d+)?)/i.exec(rest)?.[0];
      if (number !== undefined) {
        add(number.length, String(Number(number.replaceAll("_", "")) + 1));
        skipTo(at + number.length);
        continue;
      }
      const word = /^[\w$#]+/.exec(rest)?.[0];
      if (word !== undefined) {
        if (SWAPS.has(word)) add(word.length, SWAPS.get(word));
        else if (word === "this" || /^[a-z]\w*$/i.test(word)) statement(source, at, add);
        skipTo(at + word.length);
        continue;
      }
      const operator = OPERATORS.find((one) => rest.startsWith(one));
      if (operator !== undefined && SWAPS.has(operator)) add(operator.length, SWAPS.get(operator));
      skipTo(at + (operator?.length ?? 1));
    }
  }
  return found;
}

/** A call or an assignment to a member that stands on a line of its own can be left out. */
function statement(source, at, add) {
  const begin = source.lastIndexOf("\n", at) + 1;
  if (source.slice(begin, at).trim() !== "") return;
  const end = source.indexOf("\n", at);
  const text = source.slice(at, end < 0 ? source.length : end);
  if (
    /^(?:this|[a-z]\w*)(?:\.[\w.#?[\]]+(?:\(.*\)| [-+*?|]*= .*)|\(.*\));$/.test(text) &&
    !/^(?:return|throw|const|let|super)\b/.test(text)
  )
    add(text.length, ";");
}

function endOfTemplate(source, start) {
  let at = start + 1;
  let depth = 0;
  for (; at < source.length; at += 1) {
    const char = source[at];
    if (char === "\\") at += 1;
    else if (depth === 0 && char === "`") return at + 1;
    else if (depth > 0 && char === "`") at = endOfTemplate(source, at) - 1;
    else if (source.startsWith("${", at)) {
      depth += 1;
      at += 1;
    } else if (depth > 0 && char === "{") depth += 1;
    else if (depth > 0 && char === "}") depth -= 1;
  }
  return at;
}

/** The source with the fault in it. */
export function withMutant(source, { at, length, text }) {
  return source.slice(0, at) + text + source.slice(at + length);
}
