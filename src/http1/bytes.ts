export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COLON = 0x3a;

/** The bit of {@link BYTE_CLASS} for bytes of a token (RFC 9110 §5.6.2): methods and field names. */
export const TOKEN = 1;
/** The bit for bytes a field value or reason phrase may hold (RFC 9110 §5.5): HTAB, SP, visible, obs-text. */
export const VALUE = 2;
/** The bit for hexadecimal digits. */
export const HEX = 4;

/** What each of the 256 bytes may be used for, as a set of bits: one load answers every grammar question. */
export const BYTE_CLASS: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => classify(byte));

function classify(byte: number): number {
  const letter = String.fromCharCode(byte);
  let bits = 0;
  if (/[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(letter)) bits |= TOKEN;
  if (byte === HTAB || (byte >= SP && byte !== 0x7f)) bits |= VALUE;
  if (/[0-9A-Fa-f]/.test(letter)) bits |= HEX;
  return bits;
}

/** What `Buffer` has on every Node but its types leave out; a tenth of the cost of `toString` goes with the switch. */
export interface Latin1Sliceable {
  latin1Slice(start: number, end: number): string;
}

/** The bytes of a range as a string, one character each. */
export function latin1(buffer: Buffer, start: number, end: number): string {
  return (buffer as Buffer & Latin1Sliceable).latin1Slice(start, end);
}

const EXCERPT_LENGTH = 40;

/** The bytes of a range in quotes for an error message: at most 40 characters, everything unprintable escaped. */
export function excerpt(buffer: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) {
    const piece = printable(buffer[i] as number);
    if (text.length + piece.length > EXCERPT_LENGTH) return `"${text}…"`;
    text += piece;
  }
  return `"${text}"`;
}

/** One byte for an error message, such as `"a"` or `0x00`. */
export function describeByte(byte: number): string {
  return byte > SP && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `0x${hex(byte)}`;
}

function printable(byte: number): string {
  if (byte === CR) return "\\r";
  if (byte === LF) return "\\n";
  if (byte === HTAB) return "\\t";
  if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
  return byte >= SP && byte < 0x7f ? String.fromCharCode(byte) : `\\x${hex(byte)}`;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
