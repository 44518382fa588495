import { type ParseArgsConfig, parseArgs } from "node:util";
import { UsageError } from "./exit.js";
import { suggest } from "./suggest.js";

/** One option of a command, as its parser and its help need it. */
export interface OptionSpec {
  readonly name: string;
  readonly short?: string;
  /** What its value is called in the help; an option without it is a switch. */
  readonly value?: string;
  /** It may be given several times. */
  readonly repeat?: boolean;
  readonly help: string;
}

/** What a command line says, checked against a command's options. */
export interface ParsedOptions {
  readonly positionals: readonly string[];
  /** What followed `--`, for a command that runs a program; empty for others. */
  readonly program: readonly string[];
  has(name: string): boolean;
  /** The value of an option that was given, else `undefined`. */
  value(name: string): string | undefined;
  /** Every value of a repeatable option, in order. */
  values(name: string): readonly string[];
}

/** What people coming from other programs type, and what it is called here. */
const knownElsewhere: Readonly<Record<string, string>> = {
  "--request": "--method",
  "--post": "--method",
  "--data-raw": "--data",
  "--data-binary": "--data",
  "--data-urlencode": "--form",
  "--form-string": "--form",
  "--header-out": "--header",
  "--connections": "--concurrency",
  "--number": "--requests",
  "--total": "--requests",
};

/** Options of curl that are written otherwise here: what to write, with the value that was given. */
const ofCurl: Readonly<Record<string, (value: string) => string>> = {
  "-A": (value) => `-H "User-Agent: ${value}"`,
  "--user-agent": (value) => `-H "User-Agent: ${value}"`,
  "-e": (value) => `-H "Referer: ${value}"`,
  "--referer": (value) => `-H "Referer: ${value}"`,
  "-b": (value) => `-H "Cookie: ${value}"`,
  "--cookie": (value) => `-H "Cookie: ${value}"`,
  "--oauth2-bearer": (value) => `-H "Authorization: Bearer ${value}"`,
  "-r": (value) => `-H "Range: bytes=${value}"`,
  "--range": (value) => `-H "Range: bytes=${value}"`,
  "-x": (value) => `--proxy ${value}`,
  "-F": (value) => `--form ${value}`,
  "--url": (value) => value,
  "-O": () => "-o <file>",
  "--remote-name": () => "-o <file>",
  "-T": (value) => `-X PUT -d @${value}`,
  "--upload-file": (value) => `-X PUT -d @${value}`,
  "--noproxy": () => "--proxy none",
  "-G": () => "<url>?name=value",
  "--get": () => "<url>?name=value",
  "--connect-timeout": (value) => `--max-time ${value}`,
};
/** Options of curl that ask for what is so anyway. */
const needless: Readonly<Record<string, string>> = {
  "--compressed": "bodies are requested compressed and decoded by default",
  "--http2": "HTTP/2 is used by default if the server supports it",
  "--tcp-nodelay": "it is the default",
  "--keepalive": "it is the default",
  "-N": "output is never held back",
  "--no-buffer": "output is never held back",
  "-#": "progress is shown on a terminal by default",
  "--progress-bar": "progress is shown on a terminal by default",
};

interface Token {
  readonly kind: string;
  readonly value?: string | undefined;
}

/**
 * Reads the arguments by the options a command has. Unknown options, missing values and repeated single
 * options are a {@link UsageError} that names the offender.
 */
export function parseOptions(
  args: readonly string[],
  specs: readonly OptionSpec[],
  programOf?: string,
): ParsedOptions {
  const config: NonNullable<ParseArgsConfig["options"]> = {};
  for (const spec of specs) {
    const type = spec.value === undefined ? "boolean" : "string";
    config[spec.name] = spec.short === undefined ? { type } : { type, short: spec.short };
  }
  // Not strict: node's own messages for mistakes are longer and know nothing of what was meant.
  const end = programOf !== undefined ? args.indexOf("--") : -1;
  const { tokens } = parseArgs({
    args: end === -1 ? [...args] : args.slice(0, end),
    options: config,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });

  const given = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind === "positional") {
      if (programOf !== undefined && end === -1) throw programAstray(programOf, args, token.index);
      positionals.push(token.value);
    }
    if (token.kind !== "option") continue;
    const spec = specs.find((candidate) => candidate.name === token.name);
    if (spec === undefined)
      throw unknownOption(token.rawName, specs, token.value ?? valueAfter(tokens, index));
    const next = tokens[index + 1];
    if (spec.name === "json")
      refuseCurlJson(token.value, next?.kind === "positional" ? next.value : undefined);
    if (spec.value === undefined && token.value !== undefined) {
      throw new UsageError(`${token.rawName} takes no value, but got "${token.value}"`);
    }
    if (spec.value !== undefined && token.value === undefined) {
      throw new UsageError(`${token.rawName} needs a value: ${token.rawName} <${spec.value}>`);
    }
    const values = given.get(spec.name) ?? [];
    if (values.length > 0 && spec.value !== undefined && spec.repeat !== true) {
      throw new UsageError(`${token.rawName} was given twice; give it once`);
    }
    values.push(token.value ?? "");
    given.set(spec.name, values);
  }
  return {
    positionals,
    program: end === -1 ? [] : args.slice(end + 1),
    has: (name) => given.has(name),
    value: (name) => given.get(name)?.[0],
    values: (name) => given.get(name) ?? [],
  };
}

/** In curl `--json` carries the body. Here it asks for JSON output, so what follows it may be a body gone astray. */
function refuseCurlJson(inline: string | undefined, next: string | undefined): void {
  const body = inline ?? next;
  if (body === undefined) return;
  if (inline !== undefined || /^\s*[{["]|^@|^\s*(?:-?\d+(?:\.\d+)?|true|false|null)\s*$/.test(body)) {
    throw new UsageError(
      `--json asks for JSON output and takes no value; to send ${clip(body)} as the body, did you mean --json-body?`,
    );
  }
}

/** A program that stands where its `--` is missing: the whole command line again, with it. */
function programAstray(command: string, args: readonly string[], at: number): UsageError {
  const quoted = (list: readonly string[]): string =>
    list
      .map((text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`))
      .join(" ");
  const [first = ""] = args.slice(at);
  if (command === "observe" && /^https?:/i.test(first))
    return new UsageError(`trunkline observe does not take "${first}": did you mean --target ${first}?`);
  const before = at === 0 ? "" : `${quoted(args.slice(0, at))} `;
  return new UsageError(
    `the program to run follows --: did you mean trunkline ${command} ${before}-- ${quoted(args.slice(at))}?`,
  );
}

function valueAfter(tokens: readonly Token[], index: number): string | undefined {
  const next = tokens[index + 1];
  return next?.kind === "positional" ? next.value : undefined;
}

function unknownOption(rawName: string, specs: readonly OptionSpec[], value: string | undefined): UsageError {
  const takesRequests = specs.some(({ name }) => name === "header");
  if (takesRequests && Object.hasOwn(needless, rawName))
    return new UsageError(`unknown option ${rawName}: omit it: ${needless[rawName]}`);
  if (takesRequests && Object.hasOwn(ofCurl, rawName)) {
    const meantHere = ofCurl[rawName]?.(value ?? "…");
    return new UsageError(`unknown option ${rawName}: did you mean ${meantHere}?`);
  }
  const names = specs.flatMap((spec) => [
    `--${spec.name}`,
    ...(spec.short === undefined ? [] : [`-${spec.short}`]),
  ]);
  const elsewhere = knownElsewhere[rawName];
  const meant =
    elsewhere !== undefined && names.includes(elsewhere)
      ? elsewhere
      : rawName.startsWith("--")
        ? suggest(
            rawName,
            names.filter((name) => name.startsWith("--")),
          )
        : names.find((name) => name.toLowerCase() === rawName.toLowerCase());
  const hint = meant === undefined ? "--help lists the options" : `did you mean ${meant}?`;
  return new UsageError(`unknown option ${rawName}: ${hint}`);
}

function clip(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 37)}...`;
}
