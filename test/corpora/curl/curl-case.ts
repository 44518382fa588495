import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One case of curl's suite, its preprocessor's language resolved but for the variables of a run. */
export interface CurlCase {
  /** `test1024` */
  readonly name: string;
  /** What it is about, in curl's words. */
  readonly title: string;
  readonly command: string;
  /** Contents of the files it writes beforehand, by name (with variables). */
  readonly files: ReadonlyMap<string, string>;
  readonly stdin: string | undefined;
  /** Whether it sets variables of the environment. */
  readonly environment: boolean;
  readonly serverCommands: readonly string[];
  /** Replies by part: `""` for `<data>`, `"2"` for `<data2>`, `"connect"` …; as in the file, variables included. */
  readonly replies: ReadonlyMap<string, string>;
}

export function readCurlCases(folder: string): CurlCase[] {
  return readdirSync(folder)
    .filter((name) => /^test\d+$/.test(name))
    .sort((x, y) => Number(x.slice(4)) - Number(y.slice(4)))
    .map((name) => parse(name, readFileSync(join(folder, name), "latin1")));
}

function parse(name: string, source: string): CurlCase {
  const text = preprocess(source.replaceAll("%TESTNUMBER", name.slice(4)));
  const client = section(text, "client") ?? "";
  const reply = section(text, "reply") ?? "";
  const replies = new Map<string, string>();
  for (const [, tag = "", attributes = "", content = ""] of reply.matchAll(
    /<(data\d*|connect\d*)([^>]*)>\n?([\s\S]*?)<\/\1>/g,
  )) {
    const lines = /nonewline="yes"/.test(attributes) ? content.replace(/\n$/, "") : content;
    const bytes = /crlf="yes"/.test(attributes) ? lines.replace(/\r?\n/g, "\r\n") : lines;
    replies.set(
      tag.replace(/^data/, ""),
      /base64="yes"/.test(attributes) ? Buffer.from(bytes, "base64").toString("latin1") : bytes,
    );
  }
  const files = new Map<string, string>();
  for (const [, attributes = "", content = ""] of client.matchAll(
    /<file\d*([^>]*)>\n?([\s\S]*?)<\/file\d*>/g,
  )) {
    const file = /name="([^"]*)"/.exec(attributes)?.[1];
    if (file !== undefined)
      files.set(file, /nonewline="yes"/.test(attributes) ? content.replace(/\n$/, "") : content);
  }
  return {
    name,
    title: (section(client, "name") ?? "").trim(),
    command: (section(client, "command") ?? "").trim().replace(/\s*\n\s*/g, " "),
    files,
    stdin: section(client, "stdin"),
    environment: section(client, "setenv") !== undefined,
    serverCommands: (section(reply, "servercmd") ?? "").split("\n").filter((line) => line !== ""),
    replies,
  };
}

function section(text: string, tag: string): string | undefined {
  return new RegExp(`<${tag}(?: [^>]*)?>\\n?([\\s\\S]*?)</${tag}>`).exec(text)?.[1];
}

/** What curl's own harness does to a file before it looks at it: conditions, repetition, escapes. */
function preprocess(text: string): string {
  const lines: string[] = [];
  const conditions: boolean[] = [];
  for (const line of text.split("\n")) {
    const condition = /^%if (!?)(\S+)\s*$/.exec(line);
    if (condition !== null) conditions.push((condition[1] === "!") !== FEATURES.has(condition[2] ?? ""));
    else if (/^%else\s*$/.test(line)) conditions.push(!(conditions.pop() ?? true));
    else if (/^%endif\s*$/.test(line)) conditions.pop();
    else if (conditions.every(Boolean)) lines.push(line);
  }
  return lines
    .join("\n")
    .replace(/%hex\[([\s\S]*?)\]hex%/g, (_, bytes: string) =>
      bytes.replace(/%([0-9a-fA-F]{2})/g, (_hex, digits: string) =>
        String.fromCharCode(Number.parseInt(digits, 16)),
      ),
    )
    .replace(/%repeat\[(\d+) x ([\s\S]*?)\]%/g, (_, times: string, what: string) =>
      unescaped(what).repeat(Number(times)),
    )
    .replace(/%b64\[([\s\S]*?)\]b64%/g, (_, bytes: string) =>
      Buffer.from(unescaped(bytes), "latin1").toString("base64"),
    )
    .replace(/%(CR|LF|SP|TAB|AMP|LT|GT)\b/g, (_, word: string) => CHARACTERS[word] ?? "");
}

const unescaped = (text: string): string =>
  text.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));

const CHARACTERS: Readonly<Record<string, string>> = {
  CR: "\r",
  LF: "\n",
  SP: " ",
  TAB: "\t",
  AMP: "&",
  LT: "<",
  GT: ">",
};
const FEATURES: ReadonlySet<string> = new Set([
  "http",
  "proxy",
  "cookies",
  "libz",
  "brotli",
  "zstd",
  "large-time",
  "large-size",
  "IPv6",
  "digest",
  "crypto",
  "Mime",
]);

/**
 * The reply with every line of its heads ended by CR LF. The files are written with bare line feeds, which a strict
 * parser refuses, so that without this all of them would test the same thing.
 */
export function withLineEnds(reply: string): string {
  let done = "";
  let rest = reply;
  while (/^HTTP\//i.test(rest)) {
    const end = /\r?\n\r?\n/.exec(rest);
    const length = end === null ? rest.length : end.index + end[0].length;
    done += rest.slice(0, length).replace(/\r?\n/g, "\r\n");
    rest = rest.slice(length);
  }
  return done + rest;
}
