const escapes: Readonly<Record<number, string>> = { 9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 92: "\\\\" };

const showByte = (byte: number): string => {
  const escaped = escapes[byte];
  if (escaped !== undefined) return escaped;
  return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
};

/** Bytes as one quoted line, at most `limit` of them, beginning at `from`. */
export const showBytes = (bytes: Uint8Array, from = 0, limit = 120): string => {
  let text = from > 0 ? '…"' : '"';
  const end = Math.min(bytes.length, from + limit);
  for (let index = from; index < end; index += 1) text += showByte(bytes[index] as number);
  return end < bytes.length ? `${text}"… (${bytes.length} bytes)` : `${text}"`;
};

/** The first index at which two byte strings differ; the length of the shorter when it begins the longer. */
const firstDifference = (left: Uint8Array, right: Uint8Array): number => {
  const length = Math.min(left.length, right.length);
  let index = 0;
  while (index < length && left[index] === right[index]) index += 1;
  return index;
};

/** Two lines that show where `received` leaves `expected`. */
export const showDifference = (expected: Uint8Array, received: Uint8Array): string => {
  const at = firstDifference(expected, received);
  const from = Math.max(0, at - 30);
  return `first difference at byte ${at}:\n  expected ${showBytes(expected, from)}\n  received ${showBytes(received, from)}`;
};
