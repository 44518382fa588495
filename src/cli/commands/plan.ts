import { readFile } from "node:fs/promises";
import { type Init, Request } from "../../index.js";
import { parseURL } from "../../message/index.js";
import type { Context } from "../context.js";
import { CommandFailure, UsageError } from "../exit.js";
import type { ParsedOptions } from "../options.js";

/** What a `request` command line asks for, checked. */
export interface Plan {
  /** As sent, without credentials. */
  readonly url: string;
  /** As typed: what each call is made with. */
  readonly target: string;
  readonly method: string;
  readonly init: Init;
  /** Present when many requests are asked for. */
  readonly load?: { readonly requests: number; readonly concurrency: number };
  /** A file, or `-` for standard output. */
  readonly output?: string;
  readonly explain: boolean;
  readonly json: boolean;
  /** The response's head goes to standard output. */
  readonly include: boolean;
  /** Both heads, and the connection, go to standard error. */
  readonly verbose: boolean;
  /** No progress, and nothing about the status. */
  readonly silent: boolean;
  /** A status of 400 or more is a failure. */
  readonly fail: boolean;
}

/** Bounds that keep a slip of the finger from filling the memory. */
const MAX_REQUESTS = 10_000_000;
const MAX_CONCURRENCY = 50_000;

/** Turns checked options into a plan; whatever the request could not be made of is a {@link UsageError}. */
export async function makePlan(options: ParsedOptions, context: Context): Promise<Plan> {
  const load = readLoad(options);
  const output = options.value("output");
  const json = options.has("json");
  if (output !== undefined && load !== undefined) {
    throw new UsageError("-o writes one body, so it cannot be combined with -n or -c");
  }
  if (output === "-" && json) {
    throw new UsageError("-o - and --json both write to standard output; give -o a file name");
  }
  const include = options.has("include") || options.has("head");
  for (const [flag, given] of [
    ["-i", include],
    ["-v", options.has("verbose")],
  ] as const) {
    if (given && load !== undefined)
      throw new UsageError(`${flag} shows one exchange, so it cannot be combined with -n or -c`);
  }
  if (include && json) {
    throw new UsageError("-i and -I print to standard output, which --json needs for itself; use -v");
  }
  const target = withScheme(options.positionals[0]!);
  const body = await readBody(options, context);
  const isHead = options.has("head");
  if (isHead && (body !== undefined || options.has("method"))) {
    throw new UsageError(
      `-I sends HEAD, so it cannot be combined with ${body === undefined ? "-X" : "a body"}`,
    );
  }
  const headers = options.values("header").map(parseHeader);
  if (body?.contentType !== undefined && !headers.some(([name]) => name.toLowerCase() === "content-type")) {
    headers.push(["content-type", body.contentType]);
  }
  const method = isHead ? "HEAD" : (options.value("method") ?? (body === undefined ? "GET" : "POST"));
  const user = options.value("user");
  const init: Init = { method, headers, ...(body === undefined ? {} : { body: body.bytes }) };
  const request = checkedRequest(target, init);
  if (user !== undefined) init.auth = parseUser(user);
  const timeout = readSeconds(options);
  if (timeout !== undefined) init.timeout = timeout;
  return {
    url: request.url,
    target,
    method: request.method,
    init,
    ...(load === undefined ? {} : { load }),
    ...(output === undefined ? {} : { output }),
    explain: options.has("explain"),
    json,
    include,
    verbose: options.has("verbose"),
    silent: options.has("silent"),
    fail: options.has("fail"),
  };
}

/**
 * A server on this machine is meant by http, as in curl. For others the commonest slip has its own sentence, whose
 * suggestion can be copied as it stands: to send to them in the clear is for the user to say.
 */
function withScheme(target: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\/|^https?:/i.test(target)) return target;
  if (/^(?:(?:[a-z0-9-]+\.)*localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?(?:[/?#]|$)/i.test(target))
    return `http://${target}`;
  if (/^:\d+(?:[/?#]|$)/.test(target))
    throw new UsageError(`"${target}" has no host: did you mean localhost${target}?`);
  throw new UsageError(`"${target}" has no scheme: did you mean http://${target}?`);
}

/** Made once before anything is sent, so that a bad URL, method or header is a mistake of usage, not a failure. */
function checkedRequest(target: string, init: Init): Request {
  try {
    // A Request takes any URL, and none with credentials; a client is stricter in the one and knows the other.
    const url = parseURL(target);
    url.username = "";
    url.password = "";
    return new Request(url, init);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readLoad(options: ParsedOptions): Plan["load"] | undefined {
  if (!options.has("requests") && !options.has("concurrency")) return undefined;
  const concurrency = readCount(options, "concurrency", "-c", MAX_CONCURRENCY);
  const requests = readCount(options, "requests", "-n", MAX_REQUESTS) ?? concurrency ?? 1;
  return { requests, concurrency: Math.min(concurrency ?? 1, requests) };
}

function readCount(options: ParsedOptions, name: string, flag: string, most: number): number | undefined {
  const text = options.value(name);
  if (text === undefined) return undefined;
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= most) return count;
  throw new UsageError(`${flag} needs a whole number from 1 to ${most}, not "${text}"`);
}

/** The time limit of a call in milliseconds. */
function readSeconds(options: ParsedOptions): number | undefined {
  const text = options.value("max-time");
  if (text === undefined) return undefined;
  const seconds = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= 0.001) return seconds * 1000;
  throw new UsageError(`-m needs a number of seconds, such as 5 or 0.5, not "${text}"`);
}

function parseHeader(text: string): [string, string] {
  const colon = text.indexOf(":");
  if (colon < 1) throw new UsageError(`-H needs "name: value", not "${text}"`);
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

function parseUser(text: string): { username: string; password: string } {
  const colon = text.indexOf(":");
  if (colon < 0) throw new UsageError("-u needs user:password; for an empty password, keep the colon");
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

interface BodyPlan {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

const formType = "application/x-www-form-urlencoded";

async function readBody(options: ParsedOptions, context: Context): Promise<BodyPlan | undefined> {
  const kinds = ["data", "form", "json-body"].filter((name) => options.has(name));
  if (kinds.length > 1) {
    throw new UsageError(
      `a request has one body, but ${kinds.map((name) => `--${name}`).join(" and ")} were given`,
    );
  }
  switch (kinds[0]) {
    case "data": {
      const parts: Uint8Array[] = [];
      for (const [index, text] of options.values("data").entries()) {
        if (index > 0) parts.push(Buffer.from("&"));
        parts.push(await literalOrFile(text, "-d", context));
      }
      return { bytes: new Uint8Array(Buffer.concat(parts)), contentType: formType };
    }
    case "form": {
      const fields = new URLSearchParams();
      for (const field of options.values("form")) {
        const equals = field.indexOf("=");
        if (equals < 1) throw new UsageError(`--form needs name=value, not "${field}"`);
        fields.append(field.slice(0, equals), field.slice(equals + 1));
      }
      return { bytes: new TextEncoder().encode(fields.toString()), contentType: formType };
    }
    case "json-body": {
      const bytes = await literalOrFile(options.value("json-body")!, "--json-body", context);
      checkJson(bytes);
      return { bytes: new Uint8Array(bytes), contentType: "application/json" };
    }
    default:
      return undefined;
  }
}

/** The text itself, or what `@file` or `@-` names. */
async function literalOrFile(text: string, flag: string, context: Context): Promise<Uint8Array> {
  if (!text.startsWith("@")) return Buffer.from(text);
  const name = text.slice(1);
  if (name === "-") return context.readStdin();
  if (name === "")
    throw new UsageError(`${flag} @ needs a file name, as in ${flag} @body.txt, or - for standard input`);
  try {
    return await readFile(name);
  } catch (error) {
    throw new CommandFailure(
      `cannot read the body for ${flag}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function checkJson(bytes: Uint8Array): void {
  try {
    JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new UsageError(`--json-body is not JSON (${error instanceof Error ? error.message : error})`);
  }
}
