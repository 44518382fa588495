import { kindOfName, kindOfValue } from "./field-kind.js";
import { STATIC_FIELDS } from "./static-table.js";

/** What each field costs in a table and in a list, beside its octets (RFC 7541 §4.1, RFC 9113 §10.5.1). */
export const FIELD_OVERHEAD = 32;
/** Of a dynamic table, until SETTINGS say otherwise. */
export const DEFAULT_TABLE_BYTES = 4_096;

/** A field as a table keeps it: with its line of a head ready, so that a response only joins lines. */
export interface Entry {
  readonly name: string;
  readonly value: string;
  /** `name: value\r\n`. */
  readonly line: string;
  /** The bits of field-kind.ts: of the name alone, and of both. */
  readonly nameKind: number;
  readonly kind: number;
  readonly size: number;
}

export function makeEntry(name: string, value: string, nameKind: number = kindOfName(name)): Entry {
  const kind = nameKind | kindOfValue(value);
  const size = name.length + value.length + FIELD_OVERHEAD;
  return { name, value, line: `${name}: ${value}\r\n`, nameKind, kind, size };
}

let staticEntries: readonly Entry[] | undefined;

/** The static table, its first entry at 0; made when first needed. */
export function staticTable(): readonly Entry[] {
  staticEntries ??= STATIC_FIELDS.map(([name, value]) => makeEntry(name, value));
  return staticEntries;
}

const NO_ENTRIES: (Entry | undefined)[] = [];
const FIRST_CAPACITY = 8;

/** The dynamic table of RFC 7541 §2.3.2, newest entry first. Takes no memory until something is inserted. */
export class DynamicTable {
  /** A ring whose length is a power of two. */
  #entries: (Entry | undefined)[] = NO_ENTRIES;
  #newest = -1;
  #length = 0;
  #size = 0;
  #limit: number = DEFAULT_TABLE_BYTES;

  get length(): number {
    return this.#length;
  }

  /** Of all entries together, as RFC 7541 §4.1 counts. */
  get size(): number {
    return this.#size;
  }

  get limit(): number {
    return this.#limit;
  }

  /** The entry with this index, 0 for the newest; undefined beyond the oldest. */
  at(index: number): Entry | undefined {
    if (index >= this.#length) return undefined;
    return this.#entries[(this.#newest - index) & (this.#entries.length - 1)];
  }

  /** Puts an entry in front. One larger than the whole table empties it, and is not an error (§4.4). */
  insert(entry: Entry): void {
    this.#evict(this.#limit - entry.size);
    if (entry.size > this.#limit) return;
    if (this.#length === this.#entries.length) this.#grow();
    this.#newest = (this.#newest + 1) & (this.#entries.length - 1);
    this.#entries[this.#newest] = entry;
    this.#length++;
    this.#size += entry.size;
  }

  /** Changes the limit and evicts what is above it. */
  resize(limit: number): void {
    this.#limit = limit;
    this.#evict(limit);
  }

  #evict(room: number): void {
    while (this.#length > 0 && this.#size > room) {
      const oldest = (this.#newest - this.#length + 1) & (this.#entries.length - 1);
      this.#size -= (this.#entries[oldest] as Entry).size;
      this.#entries[oldest] = undefined;
      this.#length--;
    }
  }

  #grow(): void {
    const before = this.#entries;
    const capacity = Math.max(FIRST_CAPACITY, before.length * 2);
    const larger = new Array<Entry | undefined>(capacity).fill(undefined);
    for (let i = 0; i < this.#length; i++) larger[this.#length - 1 - i] = this.at(i);
    this.#entries = larger;
    this.#newest = this.#length - 1;
  }
}
