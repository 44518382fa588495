import { parseURL } from "../message/index.js";
import type { ExchangeOptions } from "../transport/index.js";
import { AuthScope, authenticator } from "./auth/index.js";
import type { CookieKeeper } from "./cookies/index.js";
import { ACCEPT_ENCODING, type DecodeLimits } from "./decode/index.js";
import { checkMembers } from "./known-members.js";
import type { CallOptions, ClientOptions, Init } from "./options.js";
import type { ProgressListener } from "./progress.js";
import type { RedirectPolicy } from "./redirects.js";
import { type RetryPolicy, retryPolicy } from "./retries.js";

/** The options of a call, checked and with their defaults; made once a client, and anew for a call that has its own. */
export interface Policy {
  /** Milliseconds; `Infinity` for none. */
  readonly timeout: number;
  /** Milliseconds to the head of each response; `Infinity` for none. */
  readonly attemptTimeout: number;
  readonly redirects: RedirectPolicy;
  readonly decompress: DecodeLimits | undefined;
  /** `Infinity` for no limit. */
  readonly maxResponseBytes: number;
  readonly throwOnError: boolean;
  readonly onProgress: ProgressListener | undefined;
  readonly retry: RetryPolicy | undefined;
  readonly auth: AuthScope | undefined;
  readonly cookies: CookieKeeper | undefined;
  /** Whether the response needs decoding at most. */
  readonly bodyOnly: boolean;
  /**
   * Whether a step has to do with each exchange, or is the caller's code, which is to run in the caller's async context:
   * then `DirectCall` is not enough.
   */
  readonly chained: boolean;
  /** What the transport is told of a call without a time limit. */
  readonly untimed: ExchangeOptions;
}

const NEVER = Number.POSITIVE_INFINITY;
const DEFAULT_MAX_BYTES = 128 * 1024 * 1024;
const DEFAULT_MAX_RATIO = 200;

/** The policy of a client. @throws TypeError, RangeError for options that make no sense. */
export function clientPolicy(
  options: ClientOptions,
  cookies: CookieKeeper | undefined,
  origins: ReadonlySet<string>,
): Policy {
  const { auth } = options;
  if (auth !== undefined && origins.size === 0) throw nowhereToGo("auth");
  return sealed({
    timeout: limit("timeout", options.timeout, "a number of milliseconds"),
    attemptTimeout: limit("attemptTimeout", options.attemptTimeout, "a number of milliseconds"),
    redirects: {
      max: limit("maxRedirects", options.maxRedirects ?? 20, "a number"),
      allowInsecure: flag("allowInsecureRedirects", options.allowInsecureRedirects),
      sensitive: (options.sensitiveHeaders ?? []).map((name) => name.toLowerCase()),
      hasJar: cookies !== undefined,
      listener: callback("onRedirect", options.onRedirect),
    },
    decompress: decodeLimits(options.decompress),
    maxResponseBytes: limit("maxResponseBytes", options.maxResponseBytes, "a number of bytes"),
    throwOnError: flag("throwOnError", options.throwOnError),
    onProgress: undefined,
    retry: retryPolicy(options.retry),
    auth: auth === undefined ? undefined : new AuthScope(authenticator(auth), origins),
    cookies,
  });
}

/** The client's policy with what a call has of its own; `origin` is where the call goes first. */
export function callPolicy(policy: Policy, init: Init, origin: string): Policy {
  if (!hasOwnPolicy(init)) return policy;
  const { redirects } = policy;
  return sealed({
    timeout:
      init.timeout === undefined
        ? policy.timeout
        : limit("timeout", init.timeout, "a number of milliseconds"),
    attemptTimeout:
      init.attemptTimeout === undefined
        ? policy.attemptTimeout
        : limit("attemptTimeout", init.attemptTimeout, "a number of milliseconds"),
    redirects: {
      ...redirects,
      max:
        init.maxRedirects === undefined
          ? redirects.max
          : limit("maxRedirects", init.maxRedirects, "a number"),
      allowInsecure:
        init.allowInsecureRedirects === undefined
          ? redirects.allowInsecure
          : flag("allowInsecureRedirects", init.allowInsecureRedirects),
      listener: callback("onRedirect", init.onRedirect) ?? redirects.listener,
    },
    decompress: init.decompress === undefined ? policy.decompress : decodeLimits(init.decompress),
    maxResponseBytes:
      init.maxResponseBytes === undefined
        ? policy.maxResponseBytes
        : limit("maxResponseBytes", init.maxResponseBytes, "a number of bytes"),
    throwOnError:
      init.throwOnError === undefined ? policy.throwOnError : flag("throwOnError", init.throwOnError),
    onProgress: callback("onProgress", init.onProgress),
    retry: init.retry === undefined ? policy.retry : retryPolicy(init.retry),
    // Given to the call whose URL is known, they are for that URL's origin.
    auth: init.auth === undefined ? policy.auth : new AuthScope(authenticator(init.auth), new Set([origin])),
    cookies: policy.cookies,
  });
}

/** Where a client's credentials may go. @throws TypeError for what is no URL. */
export function allowedOrigins(options: ClientOptions): ReadonlySet<string> {
  const { origins, baseURL } = options;
  if (origins !== undefined) return new Set(origins.map((origin) => parseURL(origin).origin));
  return new Set(baseURL === undefined ? [] : [parseURL(String(baseURL)).origin]);
}

/** The error for credentials that would go anywhere. */
export function nowhereToGo(what: string): TypeError {
  return new TypeError(
    `Cannot make a Client with ${what} as nothing says where it may be sent; name baseURL, or origins: ["https://api.example.com"]`,
  );
}

type Open = Omit<Policy, "bodyOnly" | "chained" | "untimed">;

function sealed(policy: Open): Policy {
  return {
    ...policy,
    bodyOnly: policy.maxResponseBytes === NEVER && policy.onProgress === undefined && !policy.throwOnError,
    chained:
      policy.auth !== undefined ||
      policy.cookies?.foreign === true ||
      policy.redirects.listener !== undefined ||
      policy.attemptTimeout !== NEVER ||
      policy.retry !== undefined ||
      policy.onProgress !== undefined,
    untimed: {
      deadline: NEVER,
      timeout: NEVER,
      acceptEncoding: policy.decompress === undefined ? undefined : ACCEPT_ENCODING,
    },
  };
}

function hasOwnPolicy(init: Init): boolean {
  return (
    init.timeout !== undefined ||
    init.attemptTimeout !== undefined ||
    init.maxRedirects !== undefined ||
    init.allowInsecureRedirects !== undefined ||
    init.onRedirect !== undefined ||
    init.decompress !== undefined ||
    init.maxResponseBytes !== undefined ||
    init.throwOnError !== undefined ||
    init.onProgress !== undefined ||
    init.retry !== undefined ||
    init.auth !== undefined
  );
}

function decodeLimits(given: CallOptions["decompress"]): DecodeLimits | undefined {
  if (given === false) return undefined;
  const options = given === undefined || given === true ? {} : given;
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot use ${String(given)} for decompress as it must be true, false or { maxBytes, maxRatio }`,
    );
  }
  checkMembers("decompress", options, ["maxBytes", "maxRatio"]);
  return {
    maxBytes: limit("decompress.maxBytes", options.maxBytes ?? DEFAULT_MAX_BYTES, "a number of bytes"),
    maxRatio: limit("decompress.maxRatio", options.maxRatio ?? DEFAULT_MAX_RATIO, "a number"),
  };
}

function limit(name: string, value: number | undefined, kind: string): number {
  if (value === undefined) return NEVER;
  if (typeof value === "number" && value >= 0) return value;
  throw new RangeError(`Cannot use ${String(value)} for ${name} as it must be ${kind}, at least 0`);
}

function flag(name: string, value: boolean | undefined): boolean {
  if (value === undefined || typeof value === "boolean") return value ?? false;
  throw new TypeError(`Cannot use ${String(value)} for ${name} as it must be true or false`);
}

function callback<T extends (...values: never[]) => unknown>(
  name: string,
  value: T | undefined,
): T | undefined {
  if (value === undefined || typeof value === "function") return value;
  throw new TypeError(`Cannot use ${String(value)} for ${name} as it must be a function`);
}
