/**
 * The text, or its beginning where it is longer than so many characters: what is remembered must have a bound in bytes.
 * A part of a string would keep the whole of it in memory, so the beginning is a copy.
 */
export function bounded(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${Buffer.from(text.slice(0, most), "utf16le").toString("utf16le")}…`;
}
