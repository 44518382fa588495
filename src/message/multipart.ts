import { isBytes } from "./chunk.js";
import { type BlobLike, readableBlob, readBlob } from "./replayable-source.js";
import type { BodySource } from "./source.js";

// Loading it takes four milliseconds, and few programs send forms with files.
const loadCrypto = (): typeof import("node:crypto") => process.getBuiltinModule("node:crypto");

/** A `FormData`, the platform's or another library's. `getAll` distinguishes it from a map. */
export interface FormDataLike {
  /** Its entries, in order. */
  entries(): Iterable<[string, string | (BlobLike & { readonly name?: string })]>;
  /** Every value under one name. */
  getAll(name: string): unknown[];
}

/** Bytes to send as they are, or a blob to stream. */
type Part = Uint8Array | BlobLike;

const CRLF: Uint8Array = Buffer.from("\r\n");

/**
 * The `multipart/form-data` encoding of a form (HTML §4.10.21.8, RFC 7578). The entries are fixed when it is
 * made; the content of files is streamed each time it is opened. The length is known beforehand.
 */
export function multipartSource(form: FormDataLike): BodySource {
  // Unpredictable, so that nobody who controls one value can end its part and add another.
  const boundary = `----trunkline-${loadCrypto().randomBytes(18).toString("hex")}`;
  const parts: Part[] = [];
  let text = "";
  const flush = () => {
    if (text !== "") parts.push(Buffer.from(text));
    text = "";
  };
  for (const [name, value] of form.entries()) {
    text += `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(normalizeNewlines(name))}"`;
    if (typeof value === "string") {
      text += `\r\n\r\n${normalizeNewlines(value)}\r\n`;
      continue;
    }
    // A blob of the platform has no other characters in its type; one of another library might.
    const type = /^[\x20-\x7e]+$/.test(value.type) ? value.type : "application/octet-stream";
    text += `; filename="${quoted(value.name ?? "blob")}"\r\nContent-Type: ${type}\r\n\r\n`;
    flush();
    parts.push(readableBlob(value), CRLF);
  }
  text += `--${boundary}--\r\n`;
  flush();
  return new MultipartSource(parts, boundary);
}

class MultipartSource implements BodySource {
  readonly length: number;
  readonly contentType: string;
  readonly replayable = true as const;
  readonly small: Uint8Array | undefined;
  readonly #parts: readonly Part[];

  constructor(parts: readonly Part[], boundary: string) {
    this.#parts = parts;
    this.contentType = `multipart/form-data; boundary=${boundary}`;
    this.length = parts.reduce((sum, part) => sum + sizeOf(part), 0);
    const only = parts[0];
    this.small = parts.length === 1 && isBytes(only) ? only : undefined;
  }

  async *open(): AsyncGenerator<Uint8Array, undefined, undefined> {
    for (const part of this.#parts) {
      if (isBytes(part)) yield part;
      else yield* readBlob(part);
    }
  }

  cancel(): Promise<void> {
    return Promise.resolve();
  }
}

function sizeOf(part: Part): number {
  return isBytes(part) ? part.length : part.size;
}

/** What would end the quoted name, or the line. */
function quoted(name: string): string {
  return name.replaceAll("\n", "%0A").replaceAll("\r", "%0D").replaceAll('"', "%22");
}

/** Every line end becomes CR LF, as in a form that a browser sends. */
function normalizeNewlines(text: string): string {
  return text.replace(/\r\n?|\n/g, "\r\n");
}
