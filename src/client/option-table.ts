import { checkFieldName } from "../message/index.js";
import { ownMembers } from "../runtime/index.js";
import { AuthScope, authenticator } from "./auth/index.js";
import { type CookieJar, CookieKeeper } from "./cookies/index.js";
import { type DecodeLimits, decodeLimits } from "./decode/index.js";
import type { ClientOptions, Init } from "./options.js";
import type { ProgressListener } from "./progress.js";
import type { RedirectListener } from "./redirect-policy.js";
import { type RetryPolicy, retryPolicy } from "./retry-options.js";

/**
 * Every option of a client and of a call, in one place: who may be given it, what it may be, and, where it belongs to
 * the policy of a call, what is made of it. An option that is missing here does not compile.
 */
type Row<Given> = PolicyRow<Given, unknown> | PlainRow;

/** An option that is read by others, who check it further. */
interface PlainRow {
  readonly on: Place;
  /** What it must be, and whether it is. */
  readonly kind?: Kind;
}

type Kind = readonly [words: string, holds: (value: unknown) => boolean];

/** An option that becomes a part of the policy under its own name. */
interface PolicyRow<Given, Read> {
  readonly on: Place;
  /** Checks and reads it; `undefined` gives the default. `origins`: where the credentials of its giver may go. */
  read(value: Given | undefined, origins: ReadonlySet<string>): Read;
  /**
   * Whether a step has to do with each exchange, or is the caller's code, which is to run in the caller's async context:
   * then the short way is not enough.
   */
  needsChain?(read: Read): boolean;
}

type Place = "client" | "call" | "both";

const NEVER = Number.POSITIVE_INFINITY;
const OBJECT = (words: string): Kind => [words, (value) => typeof value === "object" && value !== null];
const BOOLEAN: Kind = ["true or false", (value) => typeof value === "boolean"];
const FUNCTION: Kind = ["a function", (value) => typeof value === "function"];

/** The options that make the policy of a call, as they are read. */
export interface ReadOptions {
  /** Milliseconds; `Infinity` for none. */
  readonly timeout: number;
  /** Milliseconds to the head of each response; `Infinity` for none. */
  readonly attemptTimeout: number;
  readonly maxRedirects: number;
  readonly allowInsecureRedirects: boolean;
  readonly onRedirect: RedirectListener | undefined;
  /** Lower-cased, beside the ones that are always sensitive. */
  readonly sensitiveHeaders: readonly string[];
  readonly decompress: DecodeLimits | undefined;
  /** `Infinity` for no limit. */
  readonly maxResponseBytes: number;
  readonly throwOnError: boolean;
  readonly onProgress: ProgressListener | undefined;
  readonly retry: RetryPolicy | undefined;
  readonly auth: AuthScope | undefined;
  readonly cookies: CookieKeeper | undefined;
}

type Given = Required<ClientOptions & Init>;
type Table = {
  readonly [Name in keyof Given]: Name extends keyof ReadOptions
    ? PolicyRow<Given[Name], ReadOptions[Name]>
    : PlainRow;
};

const OPTIONS: Table = {
  // ── the policy of a call ─────────────────────────────────────────────────────────────────────────────────
  timeout: { on: "both", read: (value) => timeLimit("timeout", value) },
  attemptTimeout: {
    on: "both",
    read: (value) => timeLimit("attemptTimeout", value),
    needsChain: (limit) => limit !== NEVER,
  },
  maxRedirects: {
    on: "both",
    read: (value) => most("maxRedirects", value ?? 20, "a number"),
  },
  allowInsecureRedirects: {
    on: "both",
    read: (value) => flag("allowInsecureRedirects", value),
  },
  onRedirect: {
    on: "both",
    read: (value) => callback("onRedirect", value),
    needsChain: (listener) => listener !== undefined,
  },
  sensitiveHeaders: {
    on: "client",
    read: sensitiveNames,
  },
  decompress: {
    on: "both",
    read: (value) => decodeLimits(value, most),
  },
  maxResponseBytes: {
    on: "both",
    read: (value) => most("maxResponseBytes", value, "a number of bytes"),
  },
  throwOnError: {
    on: "both",
    read: (value) => flag("throwOnError", value),
  },
  onProgress: {
    on: "call",
    read: (value) => callback("onProgress", value),
    needsChain: (listener) => listener !== undefined,
  },
  retry: {
    on: "both",
    read: (value) => retryPolicy(value),
    needsChain: (policy) => policy !== undefined,
  },
  auth: {
    on: "both",
    read: (value, origins) =>
      value === undefined ? undefined : new AuthScope(authenticator(value), origins),
    needsChain: (scope) => scope !== undefined,
  },
  cookies: {
    on: "client",
    read: (value) => keeperOf(value),
    needsChain: (keeper) => keeper?.foreign === true,
  },

  // ── what the client has, and what it makes requests with ─────────────────────────────────────────────────
  transport: { on: "client" },
  baseURL: { on: "client" },
  relativeURLs: {
    on: "client",
    kind: ['"join" or "resolve"', (value) => value === "join" || value === "resolve"],
  },
  origins: { on: "client", kind: ["an array of origins", Array.isArray] },
  use: {
    on: "client",
    kind: [
      "an array of functions",
      (value) => Array.isArray(value) && value.every((item) => typeof item === "function"),
    ],
  },
  headers: { on: "both", kind: OBJECT("an object, pairs or Headers") },
  redirect: { on: "both" },
  trace: { on: "both", kind: OBJECT("an object of callbacks") },

  // ── what one request is made of ──────────────────────────────────────────────────────────────────────────
  method: { on: "call" },
  body: { on: "call" },
  json: { on: "call" },
  form: { on: "call", kind: OBJECT("an object or URLSearchParams") },
  query: { on: "call", kind: OBJECT("an object or URLSearchParams") },
  signal: { on: "call" },
  duplex: { on: "call" },
  idempotent: { on: "call", kind: BOOLEAN },
  trailers: {
    on: "call",
    kind: [
      "headers, or a function that returns them",
      (value) => typeof value === "object" || typeof value === "function",
    ],
  },
  expectContinue: { on: "call" },
  onInformational: { on: "call", kind: FUNCTION },
  priority: { on: "call" },
  incremental: { on: "call", kind: BOOLEAN },
  cache: { on: "call" },
  integrity: { on: "call", kind: ["a string", (value) => typeof value === "string"] },
  referrer: { on: "call" },
  referrerPolicy: { on: "call" },
  // What means something only in a browser.
  credentials: { on: "call" },
  keepalive: { on: "call" },
  mode: { on: "call" },
  window: { on: "call" },
};

const rows = new Map<string, Row<never>>(
  (Object.entries(OPTIONS) as [string, Row<never>][]).map(([name, row]) => [name, ownMembers(row)]),
);
const policyRows = [...rows].filter(
  (entry): entry is [keyof ReadOptions, PolicyRow<never, never>] => "read" in entry[1],
);

/** An option's row; undefined for what is not an option. */
export function optionRow(name: string): Row<never> | undefined {
  return rows.get(name);
}

/** The names that can be given to a client, or to a call. */
export function optionNames(place: "client" | "call"): string[] {
  return [...rows].filter(([, row]) => row.on === "both" || row.on === place).map(([name]) => name);
}

/** Reads a client's options, with every default. @throws TypeError, RangeError for values that make no sense. */
export function readOptions(options: ClientOptions, origins: ReadonlySet<string>): ReadOptions {
  const given = options as Readonly<Record<string, never>>;
  return Object.fromEntries(
    policyRows.map(([name, row]) => [
      name,
      row.read(row.on !== "call" && Object.hasOwn(given, name) ? given[name] : undefined, origins),
    ]),
  ) as unknown as ReadOptions;
}

/** Whether a call with this policy has to go through the chain. */
export function needsChain(read: ReadOptions): boolean {
  return policyRows.some(([name, row]) => row.needsChain?.(read[name] as never) === true);
}

/** @throws TypeError for an option of another kind. */
export function checkKind(name: string, row: Row<never>, value: unknown): void {
  const kind = (row as PlainRow).kind;
  if (kind === undefined || value === undefined || kind[1](value)) return;
  throw new TypeError(`Cannot use ${shown(value)} for ${name}: it must be ${kind[0]}`);
}

function timeLimit(name: string, value: number | undefined): number {
  if (value === undefined) return NEVER;
  if (typeof value === "number" && value > 0) return value;
  const none =
    value === 0 || (value as unknown) === false || value === null
      ? `; for no limit omit it or use Infinity`
      : "";
  throw new RangeError(
    `Cannot use ${shown(value)} for ${name}: it must be a number of milliseconds, more than 0${none}`,
  );
}

function most(name: string, value: number | undefined, kind: string): number {
  if (value === undefined) return NEVER;
  if (typeof value === "number" && value >= 0) return value;
  throw new RangeError(`Cannot use ${shown(value)} for ${name}: it must be ${kind}, at least 0`);
}

function flag(name: string, value: boolean | undefined): boolean {
  if (value === undefined || typeof value === "boolean") return value ?? false;
  throw new TypeError(`Cannot use ${shown(value)} for ${name}: it must be true or false`);
}

function callback<T extends (...values: never[]) => unknown>(
  name: string,
  value: T | undefined,
): T | undefined {
  if (value === undefined || typeof value === "function") return value;
  throw new TypeError(`Cannot use ${shown(value)} for ${name}: it must be a function`);
}

/** The names in lower case of a client's `sensitiveHeaders`. @throws TypeError for what is not a header's name. */
export function sensitiveNames(names: readonly string[] | undefined): readonly string[] {
  if (names === undefined) return [];
  if (Array.isArray(names) && names.every((item) => typeof item === "string")) {
    // With a blank around it a name would fit no header, and what was to be kept would go out.
    return names.map((item) => checkFieldName(item).toLowerCase());
  }
  throw new TypeError(`Cannot use ${shown(names)} for sensitiveHeaders: it must be an array of header names`);
}

function keeperOf(jar: CookieJar | boolean | undefined): CookieKeeper | undefined {
  if (jar === undefined || jar === false) return undefined;
  if (typeof jar === "object" && typeof jar?.cookiesFor === "function" && typeof jar.store === "function") {
    return new CookieKeeper(jar);
  }
  throw new TypeError(
    "Cannot use this for cookies: it must be true, false or a jar with cookiesFor and store",
  );
}

/** A value in a message: an object may hold secrets, and a function is long. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
