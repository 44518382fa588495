import { isForbiddenTrailer } from "../message/index.js";

/** The lines of a validated trailer section, up to its empty line, without the forbidden fields. */
export function keepPlainTrailers(section: string): string {
  let kept = "";
  let from = 0;
  for (;;) {
    const to = section.indexOf("\r\n", from) + 2;
    if (to - from <= 2) return kept;
    if (!isForbiddenTrailer(section.slice(from, section.indexOf(":", from)))) kept += section.slice(from, to);
    from = to;
  }
}
