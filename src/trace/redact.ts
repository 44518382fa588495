/**
 * A path as it may be shown: of the query the names of parameters that have values, and nothing that stands right before an
 * `@`. Values hold tokens and personal data too often to be kept; `http://pass/word@host/` has half a password in what
 * is a path to the parser.
 */
export function redactPath(path: string): string {
  const shown = withoutValues(path);
  return shown.includes("@") ? shown.replace(/(?<![^/?&@])[^/?&@]+@/g, "***@") : shown;
}

function withoutValues(path: string): string {
  const mark = path.indexOf("?");
  if (mark < 0) return path;
  const names = path
    .slice(mark + 1)
    .split("&")
    .map((pair) => {
      const equals = pair.indexOf("=");
      // Without "=" it may be a token: `/file?<signature>`.
      return equals >= 0 ? pair.slice(0, equals) : pair === "" ? "" : "***";
    });
  return `${path.slice(0, mark)}?${names.join("&")}`;
}

/**
 * The text, or its beginning where it is longer than so many characters: what is remembered must have a bound in bytes.
 * A part of a string would keep the whole of it in memory, so the beginning is a copy.
 */
export function bounded(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${Buffer.from(text.slice(0, most), "utf16le").toString("utf16le")}…`;
}
