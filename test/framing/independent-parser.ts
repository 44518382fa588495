/** One request as a strict reader of RFC 9112 sees it; it shares nothing with the client's code or its test servers. */
export interface SeenRequest {
  readonly method: string;
  /** Lower-cased names and values, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly framing: "none" | "length" | "chunked";
  readonly body: string;
  readonly trailers: readonly (readonly [name: string, value: string])[];
}

export interface Seen {
  readonly requests: readonly SeenRequest[];
  /** What follows the last whole request: nothing, or the beginning of another. */
  readonly rest: string;
  /** Whether {@link rest} begins with a whole head. */
  readonly head: boolean;
}

const LINE = /^([A-Za-z-]+) (\S+) HTTP\/1\.1$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\t\x20-\x7e\x80-\xff]*)$/;

/** Reads everything that one connection carried. @throws Error at the first byte that no request allows. */
export function readRequests(bytes: Buffer): Seen {
  const text = bytes.toString("latin1");
  const requests: SeenRequest[] = [];
  let at = 0;
  for (;;) {
    const headEnd = text.indexOf("\r\n\r\n", at);
    if (headEnd < 0) {
      const rest = text.slice(at);
      const first = rest.split("\r\n")[0] as string;
      if (rest !== "" && !/^[A-Z-]+( |$)/.test(first)) throw new Error(`No request: ${JSON.stringify(rest)}`);
      return { requests, rest, head: false };
    }
    const [line, ...lines] = text.slice(at, headEnd).split("\r\n");
    const method = LINE.exec(line as string)?.[1];
    if (method === undefined) throw new Error(`No request line: ${JSON.stringify(line)}`);
    const fields = lines.map(readField);
    const body = readBody(text, headEnd + 4, fields);
    if (body === undefined) return { requests, rest: text.slice(at), head: true };
    requests.push({
      method,
      fields,
      framing: body.framing,
      body: Buffer.from(body.content, "latin1").toString("utf8"),
      trailers: body.trailers,
    });
    at = body.end;
  }
}

function readField(line: string): readonly [string, string] {
  const [, name, value] = FIELD.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`No field: ${JSON.stringify(line)}`);
  return [name.toLowerCase(), value];
}

interface Body extends Pick<SeenRequest, "framing" | "trailers"> {
  readonly content: string;
  readonly end: number;
}

function readBody(text: string, from: number, fields: SeenRequest["fields"]): Body | undefined {
  const lengths = fields.filter(([name]) => name === "content-length").map(([, value]) => value);
  const codings = fields.filter(([name]) => name === "transfer-encoding").map(([, value]) => value);
  if (lengths.length + codings.length > 1) throw new Error(`Framed twice: ${JSON.stringify(fields)}`);
  if (codings.length === 1) {
    if (codings[0] !== "chunked") throw new Error(`Unknown coding ${codings[0]}`);
    return readChunks(text, from);
  }
  const [digits] = lengths;
  if (digits === undefined) return { framing: "none", content: "", trailers: [], end: from };
  if (!/^(0|[1-9][0-9]*)$/.test(digits)) throw new Error(`No length: ${digits}`);
  const end = from + Number(digits);
  if (text.length < end) return undefined;
  return { framing: "length", content: text.slice(from, end), trailers: [], end };
}

function readChunks(text: string, from: number): Body | undefined {
  let content = "";
  let at = from;
  for (;;) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const digits = text.slice(at, lineEnd);
    if (!/^[0-9a-f]+$/.test(digits)) throw new Error(`No chunk size: ${JSON.stringify(digits)}`);
    const size = Number.parseInt(digits, 16);
    at = lineEnd + 2;
    if (size === 0) break;
    if (text.length < at + size + 2) return undefined;
    content += text.slice(at, at + size);
    at += size;
    if (text.slice(at, at + 2) !== "\r\n") throw new Error("A chunk is longer than its size");
    at += 2;
  }
  const trailers: (readonly [string, string])[] = [];
  for (;;) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const line = text.slice(at, lineEnd);
    at = lineEnd + 2;
    if (line === "") return { framing: "chunked", content, trailers, end: at };
    trailers.push(readField(line));
  }
}
