import { guardedPrototype } from "./foreign-reader.js";

/**
 * Makes objects of ours `instanceof` the platform's class of the same name. Touching `globalThis.Response` and
 * kin loads Node's bundled fetch, 16 to 24 ms, so it is done when it first matters and not at import.
 */
export function inheritFromPlatform(
  name: "Request" | "Response",
  ours: { readonly prototype: object },
): void {
  if (linked.has(name)) return;
  linked.add(name);
  const platform = (globalThis as Record<string, unknown>)[name];
  if (typeof platform !== "function") return; // --no-experimental-fetch
  const prototype = platform.prototype as object;
  // A program may have put our class, or one made from it, in the platform's place.
  if (prototype === ours.prototype || Object.prototype.isPrototypeOf.call(ours.prototype, prototype)) return;
  const parent = name === "Request" ? guardedPrototype(platform as new (input: never) => object) : prototype;
  Object.setPrototypeOf(ours.prototype, parent);
}

const linked = new Set<string>();

/** The platform's `ReadableStream`, also where a test environment, such as jest's of jsdom, has no global one. */
export function readableStreams(): typeof globalThis.ReadableStream {
  if (typeof ReadableStream === "function") return ReadableStream;
  return process.getBuiltinModule("node:stream/web").ReadableStream as typeof globalThis.ReadableStream;
}
