/*
 * A second decoder of RFC 7541, as plain as it can be and with nothing of `src/http2` in it: arrays that are shifted,
 * a Huffman code that is read bit by bit from the table of the RFC's Appendix B. Two decoders that agree are evidence.
 */
import { APPENDIX_A, APPENDIX_B } from "./rfc7541-table.js";

const codes = new Map<string, number>(
  APPENDIX_B.map(([code, bits], symbol) => [code.toString(2).padStart(bits, "0"), symbol]),
);

function huffman(bytes: Buffer): string {
  let text = "";
  let code = "";
  for (const byte of bytes) {
    for (const bit of byte.toString(2).padStart(8, "0")) {
      code += bit;
      const symbol = codes.get(code);
      if (symbol === undefined) continue;
      if (symbol === 256) throw new Error("end of string");
      text += String.fromCharCode(symbol);
      code = "";
    }
  }
  if (code.length > 7 || code.includes("0")) throw new Error("bad padding");
  return text;
}

export class PlainDecoder {
  #table: [string, string][] = [];
  #limit = 4_096;
  #left: number[] = [];

  /** The fields of a block, `[name, value, …]`. Throws an Error for a block that breaks the RFC. */
  decode(block: Buffer): string[] {
    this.#left = [...block];
    const fields: string[] = [];
    while (this.#left.length > 0) {
      const first = this.#left[0] as number;
      if (first & 0x80) {
        fields.push(...this.#entry(this.#number(7)));
      } else if (first & 0x40) {
        const field = this.#literal(6);
        this.#table.unshift(field);
        this.#evict();
        fields.push(...field);
      } else if (first & 0x20) {
        if (fields.length > 0) throw new Error("late size update");
        this.#limit = this.#number(5);
        if (this.#limit > 4_096) throw new Error("size update above the limit");
        this.#evict();
      } else {
        fields.push(...this.#literal(4));
      }
    }
    return fields;
  }

  #evict(): void {
    const size = (): number =>
      this.#table.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    while (size() > this.#limit) this.#table.pop();
  }

  #entry(index: number): [string, string] {
    const entry = index <= 61 ? APPENDIX_A[index - 1] : this.#table[index - 62];
    if (entry === undefined) throw new Error(`no entry ${index}`);
    return [entry[0], entry[1]];
  }

  #literal(prefix: number): [string, string] {
    const index = this.#number(prefix);
    const name = index === 0 ? this.#string() : this.#entry(index)[0];
    return [name, this.#string()];
  }

  #octet(): number {
    const octet = this.#left.shift();
    if (octet === undefined) throw new Error("the block ends early");
    return octet;
  }

  #number(prefix: number): number {
    const most = 2 ** prefix - 1;
    const first = this.#octet() & most;
    if (first < most) return first;
    let value = most;
    for (let factor = 1; ; factor *= 128) {
      if (factor > 128 ** 4) throw new Error("an integer of too many octets");
      const octet = this.#octet();
      value += (octet % 128) * factor;
      if (octet < 128) {
        if (value > 2 ** 31 - 1) throw new Error("an integer that is too large");
        return value;
      }
    }
  }

  #string(): string {
    if (this.#left.length === 0) throw new Error("the block ends early");
    const coded = (this.#left[0] as number) & 0x80;
    const length = this.#number(7);
    if (length > this.#left.length) throw new Error("the block ends early");
    const bytes = Buffer.from(this.#left.splice(0, length));
    return coded ? huffman(bytes) : bytes.toString("latin1");
  }
}
