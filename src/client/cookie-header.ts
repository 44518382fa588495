/** The name of a `name=value` pair; a pair without "=" has the empty name. */
function nameOf(pair: string): string {
  const equals = pair.indexOf("=");
  return equals < 0 ? "" : pair.slice(0, equals).trim();
}

function pairsOf(header: string): string[] {
  return header
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair !== "");
}

/** A `Cookie` field's value without the cookies of these names. */
export function withoutCookies(header: string, names: ReadonlySet<string>): string {
  return pairsOf(header)
    .filter((pair) => !names.has(nameOf(pair)))
    .join("; ");
}

/** Both fields' cookies in one; where both have a name, `own` wins. */
export function joinCookies(own: string | null, more: string): string {
  if (own === null || own === "") return more;
  const rest = withoutCookies(more, new Set(pairsOf(own).map(nameOf)));
  return rest === "" ? own : `${own}; ${rest}`;
}
