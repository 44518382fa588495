/** A transfer that a command asks for, in terms a client has. */
export interface Transfer {
  readonly url: string;
  readonly options: ReadonlyMap<string, readonly string[]>;
}

/** What a command line asks for, or why it does not count. */
export type Plan =
  | { readonly transfers: readonly Transfer[]; readonly groups: readonly Group[] }
  | { readonly skip: string };

/** The part of a command before a `--next`: its options (output left out), and its URLs. */
export interface Group {
  readonly words: readonly string[];
  readonly urls: readonly string[];
}

/** Short options and their long names; those with a value are in {@link VALUED} as well. */
const LONG: Readonly<Record<string, string>> = {
  A: "user-agent",
  b: "cookie",
  c: "cookie-jar",
  C: "continue-at",
  d: "data",
  D: "dump-header",
  e: "referer",
  f: "fail",
  F: "form",
  g: "globoff",
  G: "get",
  H: "header",
  i: "include",
  I: "head",
  J: "remote-header-name",
  k: "insecure",
  K: "config",
  L: "location",
  m: "max-time",
  n: "netrc",
  o: "output",
  O: "remote-name",
  p: "proxytunnel",
  q: "disable",
  r: "range",
  R: "remote-time",
  s: "silent",
  S: "show-error",
  T: "upload-file",
  u: "user",
  U: "proxy-user",
  v: "verbose",
  w: "write-out",
  x: "proxy",
  X: "request",
  z: "time-cond",
  0: "http1.0",
};

const VALUED: ReadonlySet<string> = new Set([
  "user-agent",
  "cookie",
  "cookie-jar",
  "continue-at",
  "data",
  "data-binary",
  "data-raw",
  "data-urlencode",
  "data-ascii",
  "dump-header",
  "referer",
  "form",
  "header",
  "config",
  "max-time",
  "output",
  "output-dir",
  "range",
  "upload-file",
  "user",
  "proxy-user",
  "write-out",
  "proxy",
  "request",
  "time-cond",
  "max-redirs",
  "max-filesize",
  "retry",
  "retry-delay",
  "retry-max-time",
  "stderr",
  "url",
  "json",
  "oauth2-bearer",
  "noproxy",
  "resolve",
  "connect-to",
  "etag-save",
  "etag-compare",
  "variable",
  "netrc-file",
  "socks4",
  "socks5",
  "socks5-hostname",
  "interface",
  "request-target",
  "url-query",
  "proto-default",
  "haproxy-clientip",
  "expect100-timeout",
  "connect-timeout",
  "form-string",
  "proxy-header",
  "limit-rate",
  "trace-ascii",
  "trace",
  "rate",
  "proto",
  "proto-redir",
  "keepalive-time",
  "expand-data",
  "expand-url",
  "expand-output",
  "expand-header",
  "aws-sigv4",
  "max-time",
  "speed-time",
  "speed-limit",
  "create-file-mode",
  "parallel-max",
  "libcurl",
  "alt-svc",
  "hsts",
  "dns-servers",
  "preproxy",
  "proxy1.0",
  "unix-socket",
  "abstract-unix-socket",
  "location-trusted-hosts",
  "ip-tos",
  "out-null-file",
]);

/** Options that only say where output goes, or how much is told. */
const OUTPUT: ReadonlySet<string> = new Set([
  "output",
  "output-dir",
  "remote-name",
  "remote-name-all",
  "remote-header-name",
  "remote-time",
  "dump-header",
  "write-out",
  "include",
  "show-headers",
  "silent",
  "show-error",
  "no-progress-meter",
  "stderr",
  "no-clobber",
  "clobber",
  "verbose",
  "out-null",
  "remove-on-error",
  "no-include",
  "create-dirs",
  "trace-ascii",
  "trace",
  "no-remote-name",
  "disable",
  "no-silent",
  "etag-save",
]);

/** Options that are about curl itself, and why a case with one does not count. */
const OWN: Readonly<Record<string, string>> = {
  config: "a configuration file of curl's",
  variable: "variables of the command line",
  "expand-data": "variables of the command line",
  "expand-url": "variables of the command line",
  netrc: "curl's netrc file",
  "netrc-file": "curl's netrc file",
  "netrc-optional": "curl's netrc file",
  "continue-at": "resuming a file",
  "time-cond": "a date taken from a file",
  "etag-compare": "an entity tag kept in a file",
  "http1.0": "speaking HTTP/1.0",
  "http0.9": "speaking HTTP/0.9",
  raw: "a body left in its transfer coding",
  socks4: "a SOCKS server",
  socks5: "a SOCKS server",
  preproxy: "a SOCKS server",
  interface: "the name of an interface",
  "request-target": "a request target of one's own",
  "proto-default": "URLs without a scheme",
  "haproxy-clientip": "the PROXY protocol",
  post301: "a choice of curl's about redirects",
  post302: "a choice of curl's about redirects",
  post303: "a choice of curl's about redirects",
  follow: "an option newer than Debian's curl",
  proxytunnel: "a tunnel for plain HTTP",
  anyauth: "a scheme that is negotiated",
  "proxy-anyauth": "a scheme that is negotiated",
  "no-basic": "a scheme that is negotiated",
  "retry-all-errors": "a choice of curl's about retries",
  "retry-max-time": "a choice of curl's about retries",
  "no-http0.9": "an option whose default it is",
  "location-trusted": "credentials for every host that a redirect names, which there is no option for",
  "aws-sigv4": "signatures of a vendor",
  "alt-svc": "a file of curl's",
  hsts: "a file of curl's",
  "proxy1.0": "speaking HTTP/1.0 to a proxy",
  "expect100-timeout": "waiting that curl does before any request",
};

export function interpret(command: string): Plan {
  const groups: { words: string[]; urls: string[] }[] = [{ words: [], urls: [] }];
  const transfers: Transfer[] = [];
  let options = new Map<string, string[]>();
  const words = split(command);
  const finish = (): void => {
    for (const url of groups.at(-1)?.urls ?? []) transfers.push({ url, options });
  };
  let skip: string | undefined;
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] as string;
    const group = groups.at(-1) as { words: string[]; urls: string[] };
    if (word === "--next" || word === "-:") {
      finish();
      options = new Map();
      groups.push({ words: [], urls: [] });
    } else if (!word.startsWith("-") || word === "-") {
      group.urls.push(word);
    } else {
      for (const { name, attached } of names(word)) {
        if (OWN[name] !== undefined) skip ??= OWN[name];
        const value = VALUED.has(name) ? (attached ?? words[++i] ?? "") : undefined;
        if (name === "url") group.urls.push(value ?? "");
        else if (!OUTPUT.has(name)) {
          options.set(name, [...(options.get(name) ?? []), value ?? ""]);
          group.words.push(`--${name}`, ...(value === undefined ? [] : [value]));
        }
      }
    }
  }
  finish();
  if (skip !== undefined) return { skip };
  if (transfers.length === 0) return { skip: "no URL" };
  if (transfers.some(({ url }) => url.startsWith("@"))) return { skip: "a file of URLs" };
  if (
    transfers.some(
      ({ url, options: own }) => /[[{]/.test(url + (own.get("upload-file") ?? "")) && !own.has("globoff"),
    )
  )
    return { skip: "patterns in URLs" };
  if (transfers.some(({ url }) => /^(?!https?:)[a-z][a-z0-9+.-]*:\/\//i.test(url)))
    return { skip: "a scheme that is not HTTP" };
  return { transfers, groups };
}

/** The options of one word: one long one, or several short ones of which the last may have its value attached. */
function names(word: string): { name: string; attached?: string }[] {
  if (word.startsWith("--")) return [{ name: word.slice(2) }];
  const found: { name: string; attached?: string }[] = [];
  for (let i = 1; i < word.length; i += 1) {
    const name = LONG[word[i] as string] ?? `unknown-${word[i]}`;
    const rest = word.slice(i + 1);
    if (VALUED.has(name) && rest !== "") {
      found.push({ name, attached: rest });
      break;
    }
    found.push({ name });
  }
  return found;
}

/** Words as a POSIX shell makes them, without expansions. */
function split(command: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let i = 0; i < command.length; i += 1) {
    const character = command[i] as string;
    if (quote === "'") {
      if (character === "'") quote = "";
      else word += character;
    } else if (character === "\\" && (quote === "" || /["\\$`]/.test(command[i + 1] ?? ""))) {
      word = (word ?? "") + (command[++i] ?? "");
    } else if (quote === '"') {
      if (character === '"') quote = "";
      else word += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + character;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}
