import { parseURL } from "../message/index.js";
import type { ExchangeOptions } from "../transport/index.js";
import { ACCEPT_ENCODING } from "./decode/index.js";
import { callHint, clientHint, isTrap } from "./option-hints.js";
import {
  checkKind,
  needsChain,
  optionNames,
  optionRow,
  type ReadOptions,
  readOptions,
} from "./option-table.js";
import type { ClientOptions, Init } from "./options.js";

/** The options of a call, checked and with their defaults; made once a client, and anew for a call that has its own. */
export interface Policy extends ReadOptions {
  /** Whether one exchange through the transport is not enough; see `needsChain` of the table of options. */
  readonly chained: boolean;
  /** Whether it is fetch itself, which goes by the standard where a client goes further. */
  readonly toTheLetter: boolean;
  /** What the transport gets of a call without a time limit. */
  readonly untimed: ExchangeOptions;
}

const NEVER = Number.POSITIVE_INFINITY;
const NOWHERE: ReadonlySet<string> = new Set();

/** The policy of a client. @throws TypeError, RangeError for options that make no sense. */
export function clientPolicy(options: ClientOptions, origins: ReadonlySet<string>): Policy {
  if (options.auth !== undefined && origins.size === 0) throw nowhereToGo("auth");
  return sealed(readOptions(options, origins), false);
}

/** The policy of fetch itself: no limit of time, every redirect that the standard follows, every coding handed on. */
export function fetchPolicy(): Policy {
  const read = readOptions({ allowInsecureRedirects: true }, NOWHERE);
  const { decompress } = read;
  return sealed(
    decompress === undefined ? read : { ...read, decompress: { ...decompress, passUnknown: true } },
    true,
  );
}

/** @throws TypeError for a name that is not an option, and for a value of another kind: nothing is ignored. */
export function checkClientOptions(options: ClientOptions): void {
  for (const [name, value] of Object.entries(options)) {
    const row = optionRow(name);
    if (row === undefined || row.on === "call") {
      throw new TypeError(
        `Cannot make a Client: there is no option ${JSON.stringify(name)}${clientHint(name, optionNames("client"))}`,
      );
    }
    checkKind(name, row, value);
  }
}

/** How strictly the options of a call are read. */
export interface CallKind {
  /** As it stands in messages: "post". */
  readonly name: string;
  /** Whether what is not an option is refused, or only what would make it another request. */
  readonly strict: boolean;
  /** Whether its requests have bodies. */
  readonly takesBody: boolean;
}

/**
 * The client's policy with what a call has of its own; `origin` is where the call goes first.
 *
 * @throws TypeError, RangeError for an option that does not exist or makes no sense.
 */
export function callPolicy(policy: Policy, init: Init, origin: string, kind: CallKind): Policy {
  const given = init as Readonly<Record<string, never>>;
  let own: Record<string, unknown> | undefined;
  for (const name of Object.keys(given)) {
    const value = given[name];
    if (value === undefined) continue;
    const row = optionRow(name);
    if (row === undefined || row.on === "client") {
      checkUnknown(name, value, given, kind, row !== undefined);
    } else if ("read" in row) {
      own ??= {};
      // Credentials given to the call whose URL is known are for that URL's origin.
      own[name] = row.read(value, name === "auth" ? new Set([origin]) : NOWHERE);
    } else {
      checkKind(name, row, value);
    }
  }
  return own === undefined ? policy : sealed({ ...policy, ...own }, policy.toTheLetter);
}

function checkUnknown(
  name: string,
  value: unknown,
  given: Readonly<Record<string, unknown>>,
  kind: CallKind,
  isClients: boolean,
): void {
  if (!kind.strict && (value === null || !(isClients || isTrap(name)))) return;
  if (isClients) {
    throw new TypeError(
      `Cannot use ${JSON.stringify(name)} in ${kind.name}: it is an option of the Client: new Client({ ${name} })`,
    );
  }
  const unknown = Object.keys(given).filter((other) => optionRow(other) === undefined);
  const hint = callHint(name, optionNames("call"), unknown, kind.takesBody);
  throw new TypeError(`Cannot use ${JSON.stringify(name)} in ${kind.name}: there is no such option${hint}`);
}

/** Where a client's credentials may go. @throws TypeError for what is not a URL. */
export function allowedOrigins(options: ClientOptions): ReadonlySet<string> {
  const { origins, baseURL } = options;
  if (origins !== undefined) return new Set(origins.map((origin) => parseURL(origin).origin));
  return new Set(baseURL === undefined ? [] : [parseURL(String(baseURL)).origin]);
}

/** The error for credentials that would go anywhere. */
export function nowhereToGo(what: string): TypeError {
  return new TypeError(
    `Cannot make a Client with ${what}: nothing limits where it is sent; set baseURL, or origins: ["https://api.example.com"]`,
  );
}

function sealed(read: ReadOptions, toTheLetter: boolean): Policy {
  return {
    ...read,
    toTheLetter,
    chained: needsChain(read),
    untimed: {
      fresh: false,
      deadline: NEVER,
      timeout: NEVER,
      acceptEncoding: read.decompress === undefined ? undefined : ACCEPT_ENCODING,
    },
  };
}
