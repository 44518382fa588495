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

/**
 * Reads the arguments by the options a command has. Unknown options, missing values and repeated single
 * options are a {@link UsageError} that names the offender.
 */
export function parseOptions(
  args: readonly string[],
  specs: readonly OptionSpec[],
  takesProgram = false,
): ParsedOptions {
  const config: NonNullable<ParseArgsConfig["options"]> = {};
  for (const spec of specs) {
    const type = spec.value === undefined ? "boolean" : "string";
    config[spec.name] = spec.short === undefined ? { type } : { type, short: spec.short };
  }
  // Not strict: node's own messages for mistakes are longer and know nothing of what was meant.
  const end = takesProgram ? args.indexOf("--") : -1;
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
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const spec = specs.find((candidate) => candidate.name === token.name);
    if (spec === undefined) throw unknownOption(token.rawName, specs);
    const next = tokens[index + 1];
    if (spec.name === "json")
      refuseCurlJson(token.value, next?.kind === "positional" ? next.value : undefined);
    if (spec.value === undefined && token.value !== undefined) {
      throw new UsageError(`${token.rawName} takes no value, but was given "${token.value}"`);
    }
    if (spec.value !== undefined && token.value === undefined) {
      throw new UsageError(`${token.rawName} needs a value: ${token.rawName} <${spec.value}>`);
    }
    const values = given.get(spec.name) ?? [];
    if (values.length > 0 && spec.value !== undefined && spec.repeat !== true) {
      throw new UsageError(`${token.rawName} was given twice; it can be given once`);
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

function unknownOption(rawName: string, specs: readonly OptionSpec[]): UsageError {
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
  const hint = meant === undefined ? "--help lists the options there are" : `did you mean ${meant}?`;
  return new UsageError(`unknown option ${rawName}: ${hint}`);
}

function clip(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 37)}...`;
}
