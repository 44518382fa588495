import type { InspectOptions } from "node:util";
import { checkFieldName, checkFieldValue, isSensitive, sameName } from "./field.js";
import { findInBlock, splitBlock } from "./field-block.js";
import { pairIterator } from "./headers-iterator.js";
import { INSPECT } from "./inspect-symbol.js";
import { needArguments, shapeInterface } from "./interface-shape.js";

/** What `Headers` can be made from: other headers (the platform's too), name-value pairs, or an object. A list becomes one value, joined with ",". */
export type HeadersInit =
  | Headers
  | Iterable<readonly string[]>
  | Readonly<Record<string, string | readonly string[] | undefined>>;

type Pair = readonly [string, string];

/** Tells the constructor that the caller is in this file and fills the object itself. */
const BARE: Readonly<Record<string, string>> = Object.freeze({});
const NO_FIELDS: string[] = [];

// The doors into the private state, opened once by the static block of the class.
let create: (init: HeadersInit | undefined) => Headers;
let wrap: (fields: string[], block: string, start: number, immutable: boolean) => Headers;
let fieldsOf: (headers: Headers) => readonly string[];
let freeze: (headers: Headers) => void;
let copy: (headers: Headers) => Headers;
let ownEntries: unknown;
let brandOf: (headers: Headers) => void;

/**
 * A list of HTTP headers with the WHATWG interface (Fetch §5.1). It keeps the order and case in which they were given,
 * and sends them so. Reading is as in `fetch`: names are case-insensitive, repeated headers are joined with ", ", and
 * iteration is sorted and lower-cased, with each `set-cookie` on its own.
 *
 * No names are forbidden. The headers of a response from the network are immutable; to change them, make a copy:
 * `new Headers(response.headers)`.
 *
 * Every method throws a `TypeError` for a name that is not a token (RFC 9110 §5.1), and for a value with CR, LF, NUL or
 * a character beyond U+00FF.
 */
export class Headers {
  /** `[name, value, name, value, …]` in order and case of the wire; empty while `#block` still holds them. */
  #fields: string[] = NO_FIELDS;
  /** A validated latin1 head, not split yet; "" when there is none. */
  #block = "";
  /** Where the first field begins in `#block`; at least 1, since a line is found by the LF before it. */
  #start = 0;
  #immutable = false;
  #sorted: Pair[] | undefined = undefined;

  static {
    create = (init) => {
      const headers = new Headers(BARE);
      headers.#fields = [];
      if (init !== undefined) headers.#fill(init);
      return headers;
    };
    wrap = (fields, block, start, immutable) => {
      const headers = new Headers(BARE);
      headers.#fields = fields;
      headers.#block = block;
      headers.#start = start;
      headers.#immutable = immutable;
      return headers;
    };
    fieldsOf = (headers) => headers.#split();
    brandOf = (headers) => {
      if (!(#fields in headers))
        throw new TypeError("Cannot call this method: it was called on an object that is not a Headers");
    };
    copy = (headers) => wrap(headers.#split().slice(), "", 0, headers.#immutable);
    freeze = (headers) => {
      headers.#immutable = true;
    };
    Object.defineProperty(Headers.prototype, INSPECT, {
      value(this: Headers, depth: number, options: InspectOptions): string {
        return this.#inspect(depth, options);
      },
      writable: true,
      configurable: true,
    });
  }

  /**
   * @param init The headers to start with; default none. A copy of other `Headers` keeps their order and case.
   */
  constructor(init?: HeadersInit) {
    if (init === BARE) return;
    linkHeadersToPlatform();
    this.#fields = [];
    if (init !== undefined) this.#fill(init);
  }

  /** Adds a header at the end, and keeps others of that name. */
  append(name: string, value: string): void {
    needArguments(arguments, 2, "Headers.append");
    const checked = checkFieldName(name);
    this.#add(checked, value);
  }

  /** Removes all headers of that name. */
  delete(name: string): void {
    needArguments(arguments, 1, "Headers.delete");
    const checked = checkFieldName(name);
    this.#beforeChange(checked);
    this.#removeFrom(0, checked);
  }

  /** The values of all headers of that name, joined with ", "; `null` when there are none. */
  get(name: string): string | null {
    if (name === undefined) needArguments(arguments, 1, "Headers.get");
    if (this.#block !== "") {
      const found = findInBlock(this.#block, this.#start, name);
      if (found !== undefined) return found;
    }
    const checked = checkFieldName(name);
    const fields = this.#split();
    let found: string | null = null;
    for (let i = 0; i < fields.length; i += 2) {
      if (!sameName(fields[i] as string, checked)) continue;
      const value = fields[i + 1] as string;
      found = found === null ? value : `${found}, ${value}`;
    }
    return found;
  }

  /** The value of each `Set-Cookie` header; these cannot be joined (RFC 6265 §3). */
  getSetCookie(): string[] {
    // A block without the field, the usual case, need not be split for it.
    if (this.#block !== "" && this.get("set-cookie") === null) return [];
    const fields = this.#split();
    const values: string[] = [];
    for (let i = 0; i < fields.length; i += 2) {
      if (sameName(fields[i] as string, "set-cookie")) values.push(fields[i + 1] as string);
    }
    return values;
  }

  /** Whether there is a header of that name. */
  has(name: string): boolean {
    if (name === undefined) needArguments(arguments, 1, "Headers.has");
    if (this.#block !== "") return this.get(name) !== null;
    const checked = checkFieldName(name);
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i += 2) {
      if (sameName(fields[i] as string, checked)) return true;
    }
    return false;
  }

  /** Sets the first header of that name to this value and removes the others, or adds it at the end. */
  set(name: string, value: string): void {
    needArguments(arguments, 2, "Headers.set");
    const checked = checkFieldName(name);
    const text = checkFieldValue(checked, value);
    this.#beforeChange(checked);
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i += 2) {
      if (!sameName(fields[i] as string, checked)) continue;
      fields[i + 1] = text;
      this.#removeFrom(i + 2, checked);
      return;
    }
    fields.push(checked, text);
  }

  /** Calls `callback(value, name, headers)` for each pair that `entries()` gives. */
  forEach(callback: (value: string, name: string, parent: Headers) => void, thisArg?: unknown): void {
    if (typeof callback !== "function") {
      throw new TypeError(`Headers.forEach needs a function, not ${typeof callback}`);
    }
    // The pairs are asked for again at each step, so that a change made meanwhile is seen.
    for (let i = 0; ; i++) {
      const pair = this.#sortAndCombine()[i];
      if (pair === undefined) return;
      callback.call(thisArg, pair[1], pair[0], this);
    }
  }

  /** Pairs of lower-case name and joined value, sorted by name; each `set-cookie` on its own. */
  entries(): ReturnType<globalThis.Headers["entries"]> {
    brandOf(this);
    return pairIterator(
      () => this.#sortAndCombine(),
      ([name, value]) => [name, value],
    );
  }

  /** The names that `entries()` gives. */
  keys(): ReturnType<globalThis.Headers["keys"]> {
    brandOf(this);
    return pairIterator(
      () => this.#sortAndCombine(),
      (pair) => pair[0],
    );
  }

  /** The values that `entries()` gives. */
  values(): ReturnType<globalThis.Headers["values"]> {
    brandOf(this);
    return pairIterator(
      () => this.#sortAndCombine(),
      (pair) => pair[1],
    );
  }

  /** The same as `entries()`. */
  [Symbol.iterator](): ReturnType<globalThis.Headers["entries"]> {
    return this.entries();
  }
  /** `"Headers"`. */
  get [Symbol.toStringTag](): string {
    return "Headers";
  }

  /** As the platform prints it, in wire order and case; values that are usually credentials are not shown. */
  #inspect(depth: number, options: InspectOptions): string {
    const shown: Record<string, string | string[]> = Object.create(null);
    const fields = this.#split();
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i] as string;
      const value = isSensitive(name) ? "***" : (fields[i + 1] as string);
      const before = shown[name];
      if (before === undefined) shown[name] = value;
      else if (typeof before === "string") shown[name] = [before, value];
      else before.push(value);
    }
    const { inspect } = process.getBuiltinModule("node:util");
    const text = inspect({ ...shown }, { ...options, depth: depth < 0 ? 0 : 1 });
    return `Headers ${text}`;
  }

  #add(name: string, value: unknown): void {
    const text = checkFieldValue(name, value);
    this.#beforeChange(name);
    this.#fields.push(name, text);
  }

  #beforeChange(name: string): void {
    if (this.#immutable) {
      throw new TypeError(
        `Header "${name}" cannot be changed: response headers are read-only; copy them with new Headers(response.headers)`,
      );
    }
    this.#split();
    this.#sorted = undefined;
  }

  #removeFrom(index: number, name: string): void {
    const fields = this.#fields;
    let kept = index;
    for (let i = index; i < fields.length; i += 2) {
      if (sameName(fields[i] as string, name)) continue;
      fields[kept++] = fields[i] as string;
      fields[kept++] = fields[i + 1] as string;
    }
    fields.length = kept;
  }

  #fill(init: HeadersInit): void {
    if ((typeof init !== "object" && typeof init !== "function") || init === null) {
      throw new TypeError(
        `Headers must be an object, pairs or other Headers, not ${init === null ? "null" : typeof init}`,
      );
    }
    const iterate: unknown = (init as { readonly [Symbol.iterator]?: unknown })[Symbol.iterator];
    // Ours, and nobody has changed how it is listed.
    if (#fields in init && iterate === ownEntries) {
      this.#fields = init.#split().slice();
    } else if (iterate !== undefined && iterate !== null) {
      this.#fillFromPairs(listOf(init, iterate));
    } else {
      this.#fillFromRecord(init as Readonly<Record<string, unknown>>);
    }
  }

  #fillFromPairs(pairs: readonly unknown[]): void {
    for (const pair of pairs) {
      const iterate: unknown =
        typeof pair === "object" && pair !== null
          ? (pair as { readonly [Symbol.iterator]?: unknown })[Symbol.iterator]
          : undefined;
      if (iterate === undefined || iterate === null) {
        throw new TypeError("Each item in a list of headers must be a pair: [name, value]");
      }
      const items = listOf(pair as object, iterate);
      if (items.length !== 2) {
        throw new TypeError(
          `Each item in a list of headers must be a pair; this one has ${items.length} items`,
        );
      }
      this.#add(checkFieldName(items[0]), items[1]);
    }
  }

  /** In the order of a Web IDL record: each key is looked at and read before the next. */
  #fillFromRecord(record: Readonly<Record<string, unknown>>): void {
    for (const key of Reflect.ownKeys(record)) {
      const property = Reflect.getOwnPropertyDescriptor(record, key);
      if (property?.enumerable !== true) continue;
      if (typeof key === "symbol") throw new TypeError("A symbol cannot be a header name");
      const name = checkFieldName(key);
      this.#add(name, record[key]);
    }
  }

  #split(): string[] {
    if (this.#block === "") return this.#fields;
    this.#fields = splitBlock(this.#block, this.#start);
    this.#block = "";
    return this.#fields;
  }

  #sortAndCombine(): readonly Pair[] {
    if (this.#sorted !== undefined) return this.#sorted;
    const fields = this.#split();
    const joined = new Map<string, string>();
    const cookies: Pair[] = [];
    for (let i = 0; i < fields.length; i += 2) {
      const name = (fields[i] as string).toLowerCase();
      const value = fields[i + 1] as string;
      if (name === "set-cookie") {
        cookies.push([name, value]);
        continue;
      }
      const before = joined.get(name);
      joined.set(name, before === undefined ? value : `${before}, ${value}`);
    }
    const pairs: Pair[] = [...joined, ...cookies];
    // Names are ASCII, so comparing code units is the byte order the specification asks for; sort is stable.
    pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
    this.#sorted = pairs;
    return pairs;
  }
}

shapeInterface(Headers, {
  name: "Headers",
  length: 0,
  members: ["append", "delete", "get", "getSetCookie", "has", "set", "entries", "forEach", "keys", "values"],
  lengths: { forEach: 1 },
});
ownEntries = Headers.prototype.entries;
Object.defineProperty(Headers.prototype, Symbol.iterator, {
  value: ownEntries,
  writable: true,
  configurable: true,
});

/** The items of what can be iterated, by its own method. */
function listOf(source: object, iterate: unknown): readonly unknown[] {
  if (Array.isArray(source) && iterate === Array.prototype[Symbol.iterator]) return source;
  if (typeof iterate !== "function") throw new TypeError("A list of headers must be iterable");
  return [...{ [Symbol.iterator]: () => iterate.call(source) as Iterator<unknown> }];
}

/** `new Headers(init)` for the library's own use: it does not load the platform's classes. */
export function createHeaders(init?: HeadersInit): Headers {
  return create(init);
}

/** The same fields in headers of their own, which refuse changes where the first do. */
export function cloneHeaders(headers: Headers): Headers {
  return copy(headers);
}

/**
 * Headers over a head that the parser has validated; it is split when they are first listed, and a single field
 * is found by searching. They are immutable, as the headers of a response are in `fetch`.
 *
 * @param block latin1 text whose lines end in CR LF, without the empty last line.
 * @param start Where the first field begins; 0, or just after a CR LF.
 */
export function headersFromBlock(block: string, start: number): Headers {
  if (start >= block.length) return wrap([], "", 0, true);
  return start < 2
    ? wrap(NO_FIELDS, `\r\n${block.slice(start)}`, 2, true)
    : wrap(NO_FIELDS, block, start, true);
}

/** Headers over a flat list of names and values that are known to be valid. The list is kept, not copied. */
export function headersFromRaw(fields: string[], immutable = false): Headers {
  return wrap(fields, "", 0, immutable);
}

/**
 * Names and values in one flat list, in the order and case of the wire. It is the live list, not a copy:
 * only for reading, and before the headers change.
 */
export function rawHeaders(headers: Headers): readonly string[] {
  return fieldsOf(headers);
}

/** Makes `headers` refuse changes from now on, as those of a received or an error response do. */
export function freezeHeaders(headers: Headers): Headers {
  freeze(headers);
  return headers;
}

let linked = false;

/**
 * Makes every `Headers` an instance of `globalThis.Headers` too. Touching that loads the platform's HTTP client
 * (16 to 24 ms), so it is not done at import: `new Headers()` does it, and the library does it while the first
 * response is under way.
 */
export function linkHeadersToPlatform(): void {
  if (linked) return;
  linked = true;
  const prototype = (globalThis.Headers as { readonly prototype: object } | undefined)?.prototype;
  // A program may have removed the global, or put this class or one made from it in its place.
  if (prototype === undefined || prototype === Headers.prototype || prototype instanceof Headers) return;
  Object.setPrototypeOf(Headers.prototype, prototype);
}

/** The values of the fields of that name, each as it came; `get` would join them. */
export function fieldValues(headers: Headers, name: string): string[] {
  const raw = rawHeaders(headers);
  return raw.filter((_, index) => index % 2 === 1 && sameName(raw[index - 1] as string, name));
}
