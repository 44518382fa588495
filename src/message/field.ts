/**
 * What a header's name and value may be (WHATWG Fetch §2.2.2 "Headers", RFC 9110 §5). Error texts name the
 * header and the place, never the value: it may be a credential.
 */

/** One entry per byte: 1 where RFC 9110 §5.6.2 allows it in a token. */
const TOKEN: Uint8Array = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  TOKEN[char.charCodeAt(0)] = 1;
}

/** Below this a plain loop beats the fixed cost of entering the regular expression engine. */
const LOOP_AT_MOST = 40;
const FORBIDDEN = /[\0\n\r\u0100-\uffff]/;

/** Whether `name` is a token, and so can be a header's name. */
function isFieldName(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    if (TOKEN[name.charCodeAt(i)] !== 1) return false;
  }
  return name !== "";
}

/** `name` as a string, or a `TypeError` that shows what is wrong with it. */
export function checkFieldName(name: unknown): string {
  const text = typeof name === "string" ? name : `${name}`;
  if (isFieldName(text)) return text;
  throw badName(text);
}

function badName(name: string): TypeError {
  if (name === "") return new TypeError("A header name cannot be empty");
  let at = 0;
  while (TOKEN[name.charCodeAt(at)] === 1) at++;
  // No further than to what is wrong: a whole line given as a name, `Authorization: Bearer …`, has its value behind.
  const end = Math.min(at + 1, 60);
  const shown = JSON.stringify(end < name.length ? `${name.slice(0, end)}…` : name);
  return new TypeError(
    `${shown} is not a valid header name: ${describe(name.charCodeAt(at))} at position ${at} is not allowed`,
  );
}

/**
 * `value` as it goes on the wire: a byte string without the white space (HTAB, LF, CR, SP) at its ends. Throws
 * a `TypeError` that names the header when it holds NUL, CR, LF or a character beyond U+00FF.
 */
export function checkFieldValue(name: string, value: unknown): string {
  const text = trimField(typeof value === "string" ? value : `${value}`);
  const length = text.length;
  if (length > LOOP_AT_MOST) {
    if (FORBIDDEN.test(text)) throw badValue(name, text);
    return text;
  }
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < 14 ? code === 0 || code === 10 || code === 13 : code > 255) throw badValue(name, text);
  }
  return text;
}

function badValue(name: string, value: string): TypeError {
  const at = value.search(FORBIDDEN);
  const code = value.charCodeAt(at);
  const advice =
    code > 255
      ? "header values are bytes, so encode it first (encodeURIComponent, or RFC 8187 for parameters)"
      : "remove it: it would end the header";
  return new TypeError(`The value of header "${name}" has ${describe(code)} at position ${at}: ${advice}`);
}

function describe(code: number): string {
  if (code === 13) return "a carriage return";
  if (code === 10) return "a line feed";
  if (code === 0) return "a NUL";
  if (code === 32) return "a space";
  const hex = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  return code > 32 && code < 127 ? `"${String.fromCharCode(code)}"` : `the character ${hex}`;
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 13 || code === 10;
}

function trimField(value: string): string {
  const length = value.length;
  if (length === 0) return value;
  if (!isSpace(value.charCodeAt(0)) && !isSpace(value.charCodeAt(length - 1))) return value;
  let start = 0;
  let end = length;
  while (start < end && isSpace(value.charCodeAt(start))) start++;
  while (end > start && isSpace(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

/** Whether two names (both tokens) are the same header: ASCII letters of either case are equal. */
export function sameName(a: string, b: string): boolean {
  if (a === b) return true;
  const length = a.length;
  if (length !== b.length) return false;
  for (let i = 0; i < length; i++) {
    const code = a.charCodeAt(i);
    const difference = code ^ b.charCodeAt(i);
    if (difference === 0) continue;
    if (difference !== 32) return false;
    // Letters alone have two cases; "^" and "~" differ by the same bit.
    const letter = code | 32;
    if (letter < 97 || letter > 122) return false;
  }
  return true;
}

/** What names of headers with credentials have in them: the standard's, and those of services. */
const SENSITIVE =
  /authoriz|^authentication$|\bauth\b|cookie|token|secret|passw|credential|signature|session|jwt|(?:api|access|account|subscription|functions?)[-_]?key/i;

/** Whether the header usually carries a credential, so that its value is not for logs. */
export function isSensitive(name: string): boolean {
  return SENSITIVE.test(name);
}
