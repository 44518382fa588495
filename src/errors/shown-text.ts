// C0 and C1 controls, which a terminal obeys; line separators; marks that turn the direction of text around; lone
// surrogates, which no encoding can write.
const HIDDEN = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\p{Cs}]/gu;

/** Text of a peer's as an error message may hold it: what a terminal would obey, or nobody would see, is escaped. */
export function shownText(text: string): string {
  return text.replace(HIDDEN, (found) => {
    const code = found.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
