import { DEFAULT_TABLE_BYTES, DynamicTable, type Entry, FIELD_OVERHEAD, staticTable } from "./hpack-table.js";
import { huffmanEncode, huffmanLength } from "./huffman.js";

/** The field goes into the table when that is worth it. */
export const INDEX = 0;
/** The field changes from request to request: in the table it would only push out others. */
export const PLAIN = 1;
/** The field is a secret, which no table on the way may keep (RFC 7541 §7.1.3). */
export const NEVER_INDEX = 2;
export type Indexing = typeof INDEX | typeof PLAIN | typeof NEVER_INDEX;

const INDEXED_PREFIX = 0x80;
const INSERT_PREFIX = 0x40;
const UPDATE_PREFIX = 0x20;
const NEVER_PREFIX = 0x10;
const HUFFMAN = 0x80;
const FIRST_DYNAMIC = 62;
/** A field that takes more of the table than this share would push out most others. */
const MAX_SHARE = 4;
/** A peer may offer us gigabytes; what is above this would be our memory, not its. */
const MAX_TABLE_BYTES = DEFAULT_TABLE_BYTES;

let staticFields: ReadonlyMap<string, number> | undefined;
let staticNames: ReadonlyMap<string, number> | undefined;

function indexStatic(): void {
  const fields = new Map<string, number>();
  const names = new Map<string, number>();
  staticTable().forEach((entry, i) => {
    if (!names.has(entry.name)) names.set(entry.name, i + 1);
    if (!fields.has(entry.line)) fields.set(entry.line, i + 1);
  });
  staticFields = fields;
  staticNames = names;
}

/** Encodes the header blocks of one connection (RFC 7541), as strings of one character an octet. */
export class HpackEncoder {
  readonly #table = new DynamicTable();
  /** By line and by name: the number an entry got when it was inserted, counting from 0. */
  readonly #lines = new Map<string, number>();
  readonly #names = new Map<string, number>();
  #inserted = 0;
  /** The least limit since the last block, and whether the next block has to say so; -1 when not. */
  #least = -1;
  #changes = 0;

  /** Grows with every change of the table: what was encoded under another generation may mean something else now. */
  get generation(): number {
    return this.#inserted + this.#changes;
  }

  /** Octets in the dynamic table, as RFC 7541 §4.1 counts. */
  get tableSize(): number {
    return this.#table.size;
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. The next block says what came of it (§4.2). */
  limit(bytes: number): void {
    const limit = Math.min(bytes, MAX_TABLE_BYTES);
    if (limit === this.#table.limit && this.#least < 0) return;
    this.#least = this.#least < 0 ? limit : Math.min(this.#least, limit);
    this.#changes++;
    this.#table.resize(limit);
    this.#forget();
  }

  /** What a block begins with after the limit changed; empty when it did not. */
  sizeUpdate(): string {
    if (this.#least < 0) return "";
    const least = this.#least;
    const limit = this.#table.limit;
    this.#least = -1;
    const first = integer(UPDATE_PREFIX, 0x1f, least);
    return limit > least ? first + integer(UPDATE_PREFIX, 0x1f, limit) : first;
  }

  /** One field. Name and value are latin1, the name in lower case. */
  field(name: string, value: string, indexing: Indexing): string {
    if (staticNames === undefined || staticFields === undefined) indexStatic();
    const fixedNames = staticNames as ReadonlyMap<string, number>;
    const nameIndex = fixedNames.get(name) ?? this.#nameIndex(name);
    if (indexing === NEVER_INDEX) return literal(NEVER_PREFIX, 0x0f, nameIndex, name, value);
    const line = `${name}: ${value}\r\n`;
    const index = (staticFields as ReadonlyMap<string, number>).get(line) ?? this.#lineIndex(line);
    if (index > 0) return integer(INDEXED_PREFIX, 0x7f, index);
    const size = name.length + value.length + FIELD_OVERHEAD;
    if (indexing === PLAIN || size * MAX_SHARE > this.#table.limit) {
      return literal(0, 0x0f, nameIndex, name, value);
    }
    this.#insert({ name, value, line, nameKind: 0, kind: 0, size });
    return literal(INSERT_PREFIX, 0x3f, nameIndex, name, value);
  }

  #lineIndex(line: string): number {
    return this.#index(this.#lines.get(line));
  }

  #nameIndex(name: string): number {
    return this.#index(this.#names.get(name));
  }

  /** From an entry's number to its index now; 0 when it has been evicted. */
  #index(number: number | undefined): number {
    if (number === undefined) return 0;
    const age = this.#inserted - 1 - number;
    return age < this.#table.length ? FIRST_DYNAMIC + age : 0;
  }

  #insert(entry: Entry): void {
    const before = this.#table.length;
    this.#table.insert(entry);
    this.#lines.set(entry.line, this.#inserted);
    this.#names.set(entry.name, this.#inserted);
    this.#inserted++;
    if (this.#table.length <= before) this.#forget();
  }

  /** Entries that were evicted leave the maps too. */
  #forget(): void {
    const oldest = this.#inserted - this.#table.length;
    for (const map of [this.#lines, this.#names]) {
      for (const [key, number] of map) if (number < oldest) map.delete(key);
    }
  }
}

function literal(prefix: number, mask: number, nameIndex: number, name: string, value: string): string {
  const head = integer(prefix, mask, nameIndex);
  return nameIndex > 0 ? head + text(value) : head + text(name) + text(value);
}

/** A string literal (§5.2): by Huffman's code when that is shorter. */
function text(value: string): string {
  const length = huffmanLength(value);
  return length < value.length
    ? integer(HUFFMAN, 0x7f, length) + huffmanEncode(value, length)
    : integer(0, 0x7f, value.length) + value;
}

/** An integer (§5.1) below the bits of `prefix`, the largest that fits the first octet being below `mask`. */
function integer(prefix: number, mask: number, value: number): string {
  if (value < mask) return String.fromCharCode(prefix | value);
  let octets = String.fromCharCode(prefix | mask);
  let left = value - mask;
  while (left >= 0x80) {
    octets += String.fromCharCode((left & 0x7f) | 0x80);
    left = Math.floor(left / 128);
  }
  return octets + String.fromCharCode(left);
}
