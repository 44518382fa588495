/** One challenge of a `WWW-Authenticate` field. */
export interface Challenge {
  /** Lower-cased. */
  readonly scheme: string;
  /** Names lower-cased. */
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const SCHEME_DATA = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;

/** The challenges of a field, several fields joined with commas (RFC 9110 §11.6.1). What makes no sense ends the list. */
export function parseChallenges(field: string): Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(field);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  const skip = (pattern: RegExp): boolean => take(pattern) !== null;
  for (;;) {
    skip(/[\s,]*/y);
    const word = take(TOKEN)?.[0];
    if (word === undefined) return challenges;
    if (skip(/\s*=\s*/y)) {
      const value = take(QUOTED)?.[1]?.replace(/\\(.)/g, "$1") ?? take(TOKEN)?.[0];
      const current = challenges.at(-1);
      if (value === undefined || current === undefined) return challenges;
      // The first one counts: a second could only be smuggled in.
      const name = word.toLowerCase();
      if (!current.parameters.has(name)) current.parameters.set(name, value);
      continue;
    }
    challenges.push({ scheme: word.toLowerCase(), parameters: new Map() });
    if (skip(/[ \t]+/y)) {
      const before = at;
      // `Negotiate TlRMTVNT==` has data of its own; `Digest realm=…` a first parameter; `Basic, Digest …` the next scheme.
      const data = take(SCHEME_DATA)?.[0];
      if (data !== undefined && !/[+/=~.]/.test(data)) at = before;
    }
  }
}
