import {
  environmentURL,
  REFERRER_POLICIES,
  type ReferrerPolicy,
  type Request,
  type Target,
} from "../message/index.js";

const KNOWN: ReadonlySet<string> = new Set(REFERRER_POLICIES);
/** A whole URL that is longer is cut to its origin (Referrer Policy §8.3). */
const MAX_REFERRER = 4096;

/** The `Referer` of a request that names its referrer, or whose program says where it runs; `undefined` for none. */
export function refererOf({ referrer, referrerPolicy }: Request, to: Target): string | undefined {
  const from = referrer === "about:client" ? environmentURL()?.href : referrer;
  return from === undefined || from === "" ? undefined : referrerFor(from, to, referrerPolicy);
}

/** What is shown of `from` to the server that `to` is sent to (Referrer Policy §8.3); `undefined` for nothing. */
export function referrerFor(from: string, to: Target, given: ReferrerPolicy): string | undefined {
  const url = new URL(from);
  if (url.protocol !== "http:" && url.protocol !== "https:") return undefined;
  url.username = "";
  url.password = "";
  url.hash = "";
  const origin = `${url.origin}/`;
  const whole = url.href.length > MAX_REFERRER ? origin : url.href;
  const sameOrigin = url.origin === to.origin;
  const downgrade = url.protocol === "https:" && !to.secure;
  switch (given) {
    case "no-referrer":
      return undefined;
    case "unsafe-url":
      return whole;
    case "origin":
      return origin;
    case "same-origin":
      return sameOrigin ? whole : undefined;
    case "strict-origin":
      return downgrade ? undefined : origin;
    case "no-referrer-when-downgrade":
      return downgrade ? undefined : whole;
    case "origin-when-cross-origin":
      return sameOrigin ? whole : origin;
    default: // "strict-origin-when-cross-origin" is what counts where nothing is said
      if (sameOrigin) return whole;
      return downgrade ? undefined : origin;
  }
}

/** The policy that a redirect's `Referrer-Policy` sets for what follows: the last that is known, else the present one. */
export function policyAfter(field: string | null, present: ReferrerPolicy): ReferrerPolicy {
  const named = (field ?? "")
    .split(",")
    .map((token) => token.trim().toLowerCase())
    .filter((token) => KNOWN.has(token));
  return (named.at(-1) as ReferrerPolicy | undefined) ?? present;
}
