/**
 * A chunk of a streamed body as bytes; a string becomes UTF-8 where `text` allows strings.
 * @throws TypeError that names the chunk's type.
 */
export function chunkBytes(chunk: unknown, text: boolean): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (text && typeof chunk === "string") return Buffer.from(chunk);
  if (isBytes(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const wanted = text ? "a Uint8Array or a string" : "a Uint8Array";
  throw new TypeError(
    `Each chunk of a request body must be ${wanted}; this stream returned ${typeName(chunk)}`,
  );
}

/** Whether this is a `Uint8Array`, also of another realm, such as Node's `Buffer` in a test environment of jest. */
export function isBytes(value: unknown): value is Uint8Array {
  return (
    value instanceof Uint8Array ||
    (ArrayBuffer.isView(value) &&
      (value as { readonly [Symbol.toStringTag]?: string })[Symbol.toStringTag] === "Uint8Array")
  );
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  const name: unknown = (value as { readonly constructor?: { readonly name?: unknown } }).constructor?.name;
  return typeof name === "string" && name !== "" ? name : "an object";
}

/** A copy in memory of its own: a view on a slab would show its holder the bodies of other responses. */
export function ownCopy(buffer: Buffer, start: number, end: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(end - start);
  copy.set(buffer.subarray(start, end));
  return copy;
}
