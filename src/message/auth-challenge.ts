/** One challenge of a `WWW-Authenticate` or `Proxy-Authenticate` field (RFC 9110 section 11.6.1). */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
  /** The same as they stand between quotes: escapes are not undone. */
  readonly quoted: ReadonlyMap<string, string>;
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y;
const PARAMETER =
  /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+\-.^_`|~0-9A-Za-z/]+))/y;
const GAP = /[\s,]*/y;

/**
 * The challenges of a field's values, in order. Challenges and their parameters are both separated by commas, so
 * what follows one decides which it is: `token=` goes on, a bare token begins the next. What makes no sense ends it.
 */
export function parseChallenges(values: readonly string[]): Challenge[] {
  const challenges: Challenge[] = [];
  for (const value of values) readChallenges(value, challenges);
  return challenges;
}

function readChallenges(text: string, into: Challenge[]): void {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  let parameters: Map<string, string> | undefined;
  let raw = new Map<string, string>();
  for (take(GAP); at < text.length; take(GAP)) {
    const parameter = take(PARAMETER);
    if (parameter !== null) {
      const [, name = "", quoted, plain = ""] = parameter;
      if (parameters === undefined) return;
      parameters.set(name.toLowerCase(), quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1"));
      raw.set(name.toLowerCase(), quoted ?? plain);
      continue;
    }
    const scheme = take(TOKEN);
    if (scheme === null) return;
    parameters = new Map();
    raw = new Map();
    into.push({ scheme: scheme[0].toLowerCase(), parameters, quoted: raw });
    // `Negotiate abc=` has one opaque token in place of parameters; it is passed over.
    const before = at;
    if (take(/[ \t]+/y) !== null && take(TOKEN68) === null) at = before;
  }
}
