/** A MIME type as MIME Sniffing §3 has it: its parts in lower case, the values of its parameters as they are. */
interface MimeType {
  readonly essence: string;
  readonly parameters: Map<string, string>;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** HTTP quoted-string token code points. */
const QUOTABLE = /^[\t\x20-\x7e\x80-\xff]*$/;
const OUTER_SPACE = /^[\t\n\r ]+|(?<![\t\n\r ])[\t\n\r ]+$/g;
const TRAILING_SPACE = /(?<![\t\n\r ])[\t\n\r ]+$/;

/** Parses a MIME type (MIME Sniffing §4.4); `undefined` for what is none. */
export function parseMimeType(text: string): MimeType | undefined {
  const input = text.replace(OUTER_SPACE, "");
  const slash = input.indexOf("/");
  if (slash === -1) return undefined;
  const end = endOfPart(input, slash);
  const type = input.slice(0, slash);
  const subtype = input.slice(slash + 1, end).replace(TRAILING_SPACE, "");
  if (!TOKEN.test(type) || !TOKEN.test(subtype)) return undefined;
  const parameters = new Map<string, string>();
  for (let at = end + 1; at < input.length; ) {
    while (at < input.length && /[\t\n\r ]/.test(input.charAt(at))) at++;
    let stop = at;
    while (stop < input.length && input[stop] !== ";" && input[stop] !== "=") stop++;
    const name = input.slice(at, stop).toLowerCase();
    at = stop;
    if (at < input.length) {
      at++;
      if (input[stop] === ";") continue;
    }
    if (at >= input.length) break;
    let value: string;
    if (input[at] === '"') {
      [value, at] = quotedString(input, at);
      at = endOfPart(input, at) + 1;
    } else {
      stop = endOfPart(input, at);
      value = input.slice(at, stop).replace(TRAILING_SPACE, "");
      at = stop + 1;
      if (value === "") continue;
    }
    if (TOKEN.test(name) && QUOTABLE.test(value) && !parameters.has(name)) parameters.set(name, value);
  }
  return { essence: `${type}/${subtype}`.toLowerCase(), parameters };
}

/** The text of a MIME type (MIME Sniffing §4.5). */
export function serializeMimeType({ essence, parameters }: MimeType): string {
  let text = essence;
  for (const [name, value] of parameters) {
    text += `;${name}=${TOKEN.test(value) ? value : `"${value.replace(/(["\\])/g, "\\$1")}"`}`;
  }
  return text;
}

/** The MIME type that the values of `Content-Type`, joined as a list, stand for (Fetch §2.2.2 "extract a MIME type"). */
export function extractMimeType(contentType: string | null): MimeType | undefined {
  if (contentType === null) return undefined;
  let charset: string | undefined;
  let found: MimeType | undefined;
  for (const value of splitList(contentType)) {
    const type = parseMimeType(value);
    if (type === undefined || type.essence === "*/*") continue;
    const own = type.parameters.get("charset");
    if (type.essence !== found?.essence) charset = own;
    else if (own === undefined && charset !== undefined) type.parameters.set("charset", charset);
    found = type;
  }
  return found;
}

/** The items of a list of values; a comma in quotes is part of its value. */
function splitList(list: string): string[] {
  const values: string[] = [];
  let from = 0;
  for (let at = 0; at <= list.length; at++) {
    if (list[at] === '"') at = quotedString(list, at)[1] - 1;
    else if (at === list.length || list[at] === ",") {
      values.push(list.slice(from, at));
      from = at + 1;
    }
  }
  return values;
}

/** The text of the quoted string that begins at `start`, and where it ends. */
function quotedString(input: string, start: number): [string, number] {
  let value = "";
  let at = start + 1;
  for (; at < input.length; at++) {
    const char = input[at] as string;
    if (char === '"') return [value, at + 1];
    if (char !== "\\") value += char;
    else if (++at < input.length) value += input[at] as string;
    else value += "\\";
  }
  return [value, input.length];
}

function endOfPart(text: string, from: number): number {
  const at = text.indexOf(";", from);
  return at === -1 ? text.length : at;
}
