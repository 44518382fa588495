import { isForbiddenTrailer } from "../message/index.js";

/** The lines of a validated trailer section, each with its end, without the forbidden fields. */
export function keepPlainTrailers(section: string): string {
  let kept = "";
  let from = 0;
  while (from < section.length) {
    const to = section.indexOf("\r\n", from) + 2;
    if (!isForbiddenTrailer(section.slice(from, section.indexOf(":", from)))) kept += section.slice(from, to);
    from = to;
  }
  return kept;
}
