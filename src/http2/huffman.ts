import { compressionError } from "./http2-error.js";

/*
 * The Huffman code of RFC 7541 Appendix B. It is canonical, so the lengths of the codes say all of it. Decoding goes
 * by eight bits at a time: 256 entries a table, one table for each byte that several codes begin with.
 */

/** The code's length in bits for each octet, then for the end of a string, in base 36. */
const LENGTHS =
  "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad67777777777777777777777878djde6f565" +
  "65666577666567655677777fbedskmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmnqqkjmnmp" +
  "qqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu";
const END_OF_STRING = 256;
/** A code longer than the eight bits looked at: the rest is in another table. */
const IS_TABLE = 0x8000;
const MAX_PADDING_BITS = 7;

interface Tables {
  /** Codes by octet, in the low bits. */
  readonly codes: Uint32Array;
  readonly lengths: Uint8Array;
  /** `table << 8 | eight bits` → `bits << 9 | symbol`, or `IS_TABLE | table`. */
  readonly decode: Uint16Array;
}

let tables: Tables | undefined;

/** Built when first needed: a program that never speaks HTTP/2 does not pay for it. */
function build(): Tables {
  const lengths = Uint8Array.from(LENGTHS, (digit) => Number.parseInt(digit, 36));
  const symbols = Array.from(lengths.keys()).sort(
    (a, b) => (lengths[a] as number) - (lengths[b] as number) || a - b,
  );
  const codes = new Uint32Array(lengths.length);
  const decode: number[] = new Array<number>(256).fill(0);
  let next = 0;
  let bits = lengths[symbols[0] as number] as number;
  for (const symbol of symbols) {
    const length = lengths[symbol] as number;
    next *= 2 ** (length - bits);
    bits = length;
    codes[symbol] = next;
    addCode(decode, symbol, next, length);
    next += 1;
  }
  return { codes, lengths, decode: Uint16Array.from(decode) };
}

function addCode(decode: number[], symbol: number, code: number, length: number): void {
  let base = 0;
  let left = length;
  while (left > 8) {
    left -= 8;
    const slot = base + ((code >>> left) & 0xff);
    if (decode[slot] === 0) {
      decode[slot] = IS_TABLE | (decode.length >> 8);
      for (let i = 0; i < 256; i++) decode.push(0);
    }
    base = ((decode[slot] as number) & ~IS_TABLE) << 8;
  }
  const first = base + ((code << (8 - left)) & 0xff);
  for (let i = 0; i < 1 << (8 - left); i++) decode[first + i] = (left << 9) | symbol;
}

const SCRATCH_BYTES = 4_096;
/** Nobody else runs between filling it and reading it. */
let scratch: Buffer | undefined;

interface Latin1Sliceable {
  latin1Slice(start: number, end: number): string;
}

/** Octets as a string, one character each. */
export function latin1(buffer: Buffer, start: number, end: number): string {
  return (buffer as Buffer & Latin1Sliceable).latin1Slice(start, end);
}

/** A code has at least five bits. */
function decodedBytes(encoded: number): number {
  return Math.ceil((encoded * 8) / 5);
}

/**
 * The string that `buffer[start, end)` encodes, one character an octet.
 * @throws Http2Error when it is not an encoding of a string.
 */
export function huffmanDecode(buffer: Buffer, start: number, end: number): string {
  tables ??= build();
  const table = tables.decode;
  const most = decodedBytes(end - start);
  scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  const out = most <= SCRATCH_BYTES ? scratch : Buffer.allocUnsafeSlow(most);
  let length = 0;
  let held = 0;
  let bits = 0;
  let base = 0;
  for (let at = start; at < end; at++) {
    // At most 7 bits are held over, so that this never passes 15.
    held = ((held << 8) | (buffer[at] as number)) & 0xffff;
    bits += 8;
    while (bits >= 8) {
      const entry = table[base + ((held >>> (bits - 8)) & 0xff)] as number;
      if (entry >= IS_TABLE) {
        base = (entry & ~IS_TABLE) << 8;
        bits -= 8;
        continue;
      }
      const symbol = entry & 0x1ff;
      if (symbol === END_OF_STRING)
        throw compressionError("a Huffman string contains the end-of-string code");
      out[length++] = symbol;
      bits -= entry >>> 9;
      base = 0;
    }
  }
  while (bits > 0) {
    const entry = table[base + ((held << (8 - bits)) & 0xff)] as number;
    const used = entry >>> 9;
    if (entry >= IS_TABLE || used > bits) break;
    out[length++] = entry & 0x1ff;
    bits -= used;
    base = 0;
  }
  const ones = (1 << bits) - 1;
  if (base !== 0 || bits > MAX_PADDING_BITS || (held & ones) !== ones) {
    throw compressionError("a Huffman string does not end with valid padding");
  }
  return latin1(out, 0, length);
}

/** How many octets the encoding of a latin1 string takes. */
export function huffmanLength(text: string): number {
  tables ??= build();
  const { lengths } = tables;
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += lengths[text.charCodeAt(i) & 0xff] as number;
  return (bits + 7) >>> 3;
}

/** The encoding of a latin1 string, one character an octet; `length` is what {@link huffmanLength} gave. */
export function huffmanEncode(text: string, length: number): string {
  tables ??= build();
  const { codes, lengths } = tables;
  scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  const out = length <= SCRATCH_BYTES ? scratch : Buffer.allocUnsafeSlow(length);
  let at = 0;
  let held = 0;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i) & 0xff;
    let left = lengths[symbol] as number;
    const code = codes[symbol] as number;
    // In steps of at most 16 bits, so that 7 held and these fit 31.
    while (left > 0) {
      const step = Math.min(left, 16);
      left -= step;
      held = (held << step) | ((code >>> left) & ((1 << step) - 1));
      bits += step;
      while (bits >= 8) {
        bits -= 8;
        out[at++] = (held >>> bits) & 0xff;
      }
      held &= (1 << bits) - 1;
    }
  }
  if (bits > 0) out[at++] = ((held << (8 - bits)) | ((1 << (8 - bits)) - 1)) & 0xff;
  return latin1(out, 0, at);
}
