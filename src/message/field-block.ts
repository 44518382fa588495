import { checkFieldName } from "./field.js";

/**
 * Fields still in the text they came in: latin1 lines that end in CR LF (the last may lack it), already validated.
 * `start` is where the first begins; at least 1, since a line is found by the LF before it.
 */

/** All fields, as `[name, value, …]` in wire order and case. */
export function splitBlock(block: string, start: number): string[] {
  const fields: string[] = [];
  let at = start;
  while (at < block.length) {
    const colon = block.indexOf(":", at);
    let end = block.indexOf("\r\n", colon);
    if (end === -1) end = block.length;
    fields.push(block.slice(at, colon), fieldValue(block, colon + 1, end));
    at = end + 2;
  }
  return fields;
}

/**
 * The values of the fields of that name joined with ", ", or `null`, found without splitting the block.
 * `undefined` when that would be slower than splitting it.
 * @throws TypeError when `name` is not a token.
 */
export function findInBlock(block: string, start: number, name: string): string | null | undefined {
  const pattern = linePattern(name);
  if (pattern === undefined) return undefined;
  let found: string | null = null;
  // From the LF before the first field. The expression is shared, but nothing else runs in between.
  pattern.lastIndex = start - 1;
  while (pattern.test(block)) {
    const from = pattern.lastIndex;
    let end = block.indexOf("\r", from);
    if (end === -1) end = block.length;
    const value = fieldValue(block, from, end);
    found = found === null ? value : `${found}, ${value}`;
  }
  return found;
}

/** The text between, without the optional white space around it (RFC 9112 §5.1). */
function fieldValue(block: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(block.charCodeAt(start))) start++;
  while (end > start && isBlank(block.charCodeAt(end - 1))) end--;
  return block.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/**
 * Matches the beginning of a field's line, up to its value. An ignore-case expression over the block as it came is
 * faster than a search in a lower-cased copy, once it is compiled. Programs ask for few different names, so the
 * expressions are kept; bounded, since names can come from anywhere.
 */
const linePatterns: Map<string, RegExp> = new Map();
const MAX_LINE_PATTERNS = 256;

/** `undefined` when there are too many already: compiling one for a single search costs more than splitting. */
function linePattern(name: string): RegExp | undefined {
  const known = linePatterns.get(name);
  if (known !== undefined) return known;
  const checked = checkFieldName(name);
  if (linePatterns.size >= MAX_LINE_PATTERNS) return undefined;
  const pattern = new RegExp(`\\n${checked.replace(/[$*+.^|]/g, "\\$&")}:[ \\t]*`, "gi");
  linePatterns.set(checked, pattern);
  return pattern;
}
