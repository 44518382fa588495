import { type FormDataLike, multipartSource } from "./multipart.js";
import {
  fromIterable,
  fromNodeStream,
  fromWebStream,
  type NodeStreamLike,
  OneShotSource,
  type WebStreamLike,
} from "./one-shot-source.js";
import {
  ArraySource,
  type BlobLike,
  BlobSource,
  BytesSource,
  readableBlob,
  TextSource,
} from "./replayable-source.js";
import type { BodySource } from "./source.js";

export { formBody, jsonBody } from "./encoded-body.js";

/**
 * What a body can be. Bytes are copied when the request is made, as in `fetch`. A stream or an iterator can be sent once;
 * everything else, arrays of chunks included, any number of times.
 */
export type BodyInit =
  | string
  | ArrayBufferLike
  | ArrayBufferView
  | BlobLike
  | FormDataLike
  | URLSearchParams
  | WebStreamLike
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>;

/**
 * The source of a body, by what the value is (WHATWG Fetch §5.2 "extract a body"), `undefined` for no body.
 * The platform's classes are recognised by their tag, since touching them would load the platform's HTTP client.
 *
 * Where `fetch` would send "[object Object]" or a function's text this throws a `TypeError`.
 */
export function bodySource(body: BodyInit): BodySource;
export function bodySource(body: BodyInit | null | undefined): BodySource | undefined;
export function bodySource(body: BodyInit | null | undefined): BodySource | undefined {
  if (typeof body === "string") return new TextSource(body, "text/plain;charset=UTF-8");
  if (body === null || body === undefined) return undefined;
  if (typeof body !== "object") return fromOther(body);
  if (ArrayBuffer.isView(body)) {
    return new BytesSource(
      Buffer.from(new Uint8Array(body.buffer, body.byteOffset, body.byteLength)),
      undefined,
    );
  }
  return fromTagged(body) ?? fromObject(body);
}

/**
 * The source of a body as Web IDL converts it (`BodyInit`): what is none of the standard's kinds is its text. Node's
 * streams and async iterables are taken as bodies, as Node's own `fetch` takes them.
 */
export function platformBodySource(body: unknown): BodySource {
  if (typeof body === "string") return new TextSource(body, "text/plain;charset=UTF-8");
  if (typeof body === "object" && body !== null) {
    const tag = tagOf(body);
    const known = ArrayBuffer.isView(body)
      ? bodySource(body)
      : STANDARD.has(tag)
        ? fromTagged(body)
        : undefined;
    if (known !== undefined) return known;
    if (Symbol.asyncIterator in body) return fromObject(body);
  }
  return new TextSource(`${body}`, "text/plain;charset=UTF-8");
}

const STANDARD = new Set(["ArrayBuffer", "URLSearchParams", "Blob", "File", "FormData"]);

function fromTagged(body: object): BodySource | undefined {
  switch (tagOf(body)) {
    case "ArrayBuffer":
    case "SharedArrayBuffer":
      return new BytesSource(Buffer.from(new Uint8Array(body as ArrayBufferLike)), undefined);
    case "URLSearchParams":
      return new TextSource(
        (body as URLSearchParams).toString(),
        "application/x-www-form-urlencoded;charset=UTF-8",
      );
    case "Blob":
    case "File":
      return new BlobSource(readableBlob(body as BlobLike));
    case "FormData":
      return has(body, "entries") ? multipartSource(body as FormDataLike) : undefined;
    case "ReadableStream":
      return has(body, "getReader") ? new OneShotSource(fromWebStream(body as WebStreamLike)) : undefined;
    default:
      return undefined;
  }
}

function fromObject(body: object): BodySource {
  if (has(body, "pipe") && has(body, "on") && Symbol.asyncIterator in body) {
    return new OneShotSource(fromNodeStream(body as NodeStreamLike));
  }
  if (Array.isArray(body)) return fromArray(body as readonly unknown[]);
  if (Symbol.asyncIterator in body || Symbol.iterator in body) {
    // A String object can be iterated, but it is text.
    if (body instanceof String) return new TextSource(String(body), "text/plain;charset=UTF-8");
    return new OneShotSource(fromIterable(body as AsyncIterable<unknown> | Iterable<unknown>));
  }
  return fromOther(body);
}

/** The chunks of a body; one of anything else was meant for JSON. */
function fromArray(chunks: readonly unknown[]): BodySource {
  for (const chunk of chunks) {
    if (typeof chunk === "string" || ArrayBuffer.isView(chunk)) continue;
    throw new TypeError(`An array of ${typeof chunk}s cannot be a request body: use json to send it as JSON`);
  }
  return new ArraySource(chunks);
}

/** `fetch` turns anything else into a string; that is done only where the text can be meant. */
function fromOther(body: unknown): BodySource {
  if (typeof body === "function" || typeof body === "symbol") {
    throw new TypeError(`A ${typeof body} cannot be a request body: call it, or pass a string`);
  }
  if (typeof body === "object" && body !== null) {
    const ownText: unknown = (body as { readonly toString?: unknown }).toString;
    if (typeof ownText !== "function" || ownText === Object.prototype.toString) {
      throw new TypeError(
        `${article(tagOf(body))} cannot be a request body: use json to send it as JSON, or form to send it as a form`,
      );
    }
  }
  return new TextSource(String(body), "text/plain;charset=UTF-8");
}

function tagOf(value: object): string {
  const tag: unknown = (value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return typeof tag === "string" ? tag : (nameOfUntagged(value) ?? "Object");
}

/** What an object of happy-dom is, whose classes have no tag. */
function nameOfUntagged(value: object): string | undefined {
  if (has(value, "arrayBuffer") && has(value, "slice") && "size" in value) return "Blob";
  return has(value, "entries") && has(value, "getAll") && has(value, "append") ? "FormData" : undefined;
}

function has(value: object, method: string): boolean {
  return typeof (value as Readonly<Record<string, unknown>>)[method] === "function";
}

function article(tag: string): string {
  return tag === "Object" ? "A plain object" : `An object of type ${tag}`;
}
