import { File as PlatformFile } from "node:buffer";

const CRLF = "\r\n";
/** A part's fields are three short lines; more is not a form. */
const MAX_PART_HEAD = 16 * 1024;

interface PartHead {
  readonly name: string;
  readonly filename: string | undefined;
  readonly contentType: string | undefined;
}

/**
 * Parses `multipart/form-data` (RFC 7578, RFC 2046 §5.1.1): parts with a name, each followed by its delimiter. What
 * stands before the first delimiter and behind the last is not part of the form.
 *
 * @throws TypeError for a body that is no such form, or ends before its end.
 */
export function parseMultipart(body: Buffer, boundary: string): FormData {
  const form = new FormData();
  const delimiter = Buffer.from(`--${boundary}`, "latin1");
  let at = firstDelimiter(body, delimiter);
  for (;;) {
    if (body.toString("latin1", at, at + 2) === "--") return form;
    at = lineEnd(body, at);
    const headEnd = body.indexOf(CRLF + CRLF, at - 2, "latin1");
    if (headEnd === -1 || headEnd - at > MAX_PART_HEAD)
      throw broken("the header section of a part has no end");
    const head = partHead(headEnd < at ? "" : body.toString("utf8", at, headEnd));
    const start = headEnd + 4;
    const end = body.indexOf(Buffer.concat([Buffer.from(CRLF), delimiter]), start - 2);
    if (end === -1) throw broken("it ends before its last delimiter");
    append(form, head, body.subarray(start, Math.max(start, end)));
    at = end + 2 + delimiter.length;
  }
}

/** Where the first delimiter ends: it begins the body, or a line. */
function firstDelimiter(body: Buffer, delimiter: Buffer): number {
  for (let at = body.indexOf(delimiter); at !== -1; at = body.indexOf(delimiter, at + 1)) {
    if (at === 0 || body.toString("latin1", at - 2, at) === CRLF) return at + delimiter.length;
  }
  throw broken("it does not contain the boundary from its content type");
}

/** Where the line behind a delimiter begins; white space may stand between (RFC 2046 §5.1.1). */
function lineEnd(body: Buffer, from: number): number {
  let at = from;
  while (body[at] === 32 || body[at] === 9) at++;
  if (body[at] !== 13 || body[at + 1] !== 10) throw broken("a delimiter is not at the end of its line");
  return at + 2;
}

function partHead(text: string): PartHead {
  let name: string | undefined;
  let filename: string | undefined;
  let contentType: string | undefined;
  for (const line of text === "" ? [] : text.split(CRLF)) {
    const colon = line.indexOf(":");
    if (colon <= 0) throw broken("a part has a header line that is not a field");
    const field = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (field === "content-type") contentType = value;
    if (field !== "content-disposition") continue;
    if (!/^form-data\s*(?:;|$)/i.test(value)) throw broken("a part is not form-data");
    name = parameter(value, "name");
    filename = parameter(value, "filename");
  }
  if (name === undefined) throw broken("a part has no name");
  return { name, filename, contentType };
}

/** A parameter of `Content-Disposition` as forms write it: in quotes, with three characters escaped by percent. */
function parameter(value: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^\\s;"]+))`, "i").exec(value);
  if (match === null) return undefined;
  if (match[1] === undefined) return match[2];
  return match[1].replace(/%0A/gi, "\n").replace(/%0D/gi, "\r").replace(/%22/g, '"');
}

function append(form: FormData, { name, filename, contentType }: PartHead, bytes: Buffer): void {
  if (filename === undefined) {
    form.append(name, bytes.toString("utf8"));
    return;
  }
  // `FormData` takes files of its own realm's class only.
  const FileClass = (globalThis as { readonly File?: typeof PlatformFile }).File ?? PlatformFile;
  const file = new FileClass([bytes], filename, { type: contentType ?? "text/plain" });
  form.append(name, file as unknown as Blob, filename);
}

function broken(why: string): TypeError {
  return new TypeError(`Cannot read this body as multipart/form-data: ${why}`);
}
