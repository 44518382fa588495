import { kindOfName, kindOfValue } from "./field-kind.js";
import {
  DEFAULT_TABLE_BYTES,
  DynamicTable,
  type Entry,
  FIELD_OVERHEAD,
  makeEntry,
  staticTable,
} from "./hpack-table.js";
import { compressionError } from "./http2-error.js";
import { huffmanDecode, latin1 } from "./huffman.js";

const STATIC_LENGTH = 61;
const MAX_INTEGER = 2_147_483_647;
const MAX_INTEGER_OCTETS = 5;

/** Takes the fields of a block in order. */
export interface FieldSink {
  /** A field with its line of a head (`name: value\r\n`), its bits of field-kind.ts, and its size in a header list. */
  field(name: string, value: string, line: string, kind: number, size: number): void;
}

/** Takes nothing: for blocks of streams that are no more, which must still be decoded. */
export const NO_SINK: FieldSink = { field() {} };

/** Decodes the header blocks of one connection (RFC 7541); every block must go through it, in order. */
export class HpackDecoder {
  readonly #table = new DynamicTable();
  /** What SETTINGS_HEADER_TABLE_SIZE of this side allows the peer's encoder. */
  #allowed: number = DEFAULT_TABLE_BYTES;
  /** The limit was lowered, so that the next block must begin with an update to at most this; -1 when not. */
  #owed = -1;
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  /** Octets in the dynamic table, as RFC 7541 §4.1 counts. */
  get tableSize(): number {
    return this.#table.size;
  }

  /** The peer acknowledged a SETTINGS_HEADER_TABLE_SIZE of this side. */
  allow(bytes: number): void {
    this.#allowed = bytes;
    if (bytes < this.#table.limit) this.#owed = bytes;
  }

  /**
   * Gives each field of the block `buffer[start, end)` to `sink`.
   * @throws Http2Error of the connection when the block breaks RFC 7541; the decoder is of no use after that.
   */
  decode(buffer: Buffer, start: number, end: number, sink: FieldSink): void {
    this.#buffer = buffer;
    this.#at = start;
    this.#end = end;
    const fixed = staticTable();
    this.#sizeUpdates();
    while (this.#at < this.#end) {
      const first = buffer[this.#at] as number;
      if (first >= 0x80) {
        const index = first & 0x7f;
        let entry: Entry | undefined;
        if (index > 0 && index <= STATIC_LENGTH) {
          this.#at++;
          entry = fixed[index - 1] as Entry;
        } else {
          entry = this.#entry(this.#integer(0x7f));
        }
        sink.field(entry.name, entry.value, entry.line, entry.kind, entry.size);
      } else if (first >= 0x40) {
        const named = this.#nameReference(0x3f);
        const name = named === undefined ? this.#string() : named.name;
        const entry = makeEntry(name, this.#string(), named?.nameKind);
        this.#table.insert(entry);
        sink.field(name, entry.value, entry.line, entry.kind, entry.size);
      } else if (first >= 0x20) {
        throw compressionError("a table size update follows a field");
      } else {
        const named = this.#nameReference(0x0f);
        const name = named === undefined ? this.#string() : named.name;
        const value = this.#string();
        const kind = (named === undefined ? kindOfName(name) : named.nameKind) | kindOfValue(value);
        sink.field(name, value, `${name}: ${value}\r\n`, kind, name.length + value.length + FIELD_OVERHEAD);
      }
    }
  }

  /** They stand before the first field only (§4.2). */
  #sizeUpdates(): void {
    while (this.#at < this.#end) {
      const first = this.#buffer[this.#at] as number;
      if ((first & 0xe0) !== 0x20) break;
      const bytes = this.#integer(0x1f);
      if (bytes > this.#allowed) {
        throw compressionError(`a table size update to ${bytes} exceeds the limit of ${this.#allowed}`);
      }
      if (this.#owed >= 0 && bytes <= this.#owed) this.#owed = -1;
      this.#table.resize(bytes);
    }
    if (this.#owed >= 0 && this.#at < this.#end) {
      throw compressionError("the table size update that a lower limit requires is missing");
    }
  }

  #entry(index: number): Entry {
    if (index === 0) throw compressionError("a field has the index 0");
    const entry =
      index <= STATIC_LENGTH ? staticTable()[index - 1] : this.#table.at(index - STATIC_LENGTH - 1);
    if (entry === undefined) throw compressionError(`the index ${index} is beyond the table`);
    return entry;
  }

  /** The entry whose name a literal uses; undefined when it brings its own. */
  #nameReference(mask: number): Entry | undefined {
    const index = this.#integer(mask);
    return index === 0 ? undefined : this.#entry(index);
  }

  /** An integer whose first octet is the next one, its prefix being what `mask` leaves (§5.1). */
  #integer(mask: number): number {
    const buffer = this.#buffer;
    let value = (buffer[this.#at++] as number) & mask;
    if (value < mask) return value;
    let factor = 1;
    for (let octets = 0; octets < MAX_INTEGER_OCTETS; octets++) {
      if (this.#at >= this.#end) throw compressionError("it ends inside an integer");
      const octet = buffer[this.#at++] as number;
      value += (octet & 0x7f) * factor;
      if (octet < 0x80) {
        if (value > MAX_INTEGER) break;
        return value;
      }
      factor *= 128;
    }
    throw compressionError("an integer is too large");
  }

  #string(): string {
    if (this.#at >= this.#end) throw compressionError("it ends inside a field");
    const huffman = (this.#buffer[this.#at] as number) >= 0x80;
    const length = this.#integer(0x7f);
    const from = this.#at;
    const to = from + length;
    if (to > this.#end) throw compressionError("a string is longer than the block");
    this.#at = to;
    return huffman ? huffmanDecode(this.#buffer, from, to) : latin1(this.#buffer, from, to);
  }
}
