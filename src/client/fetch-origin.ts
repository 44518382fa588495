import { environmentURL, type ReferrerPolicy, type RequestMode, type Target } from "../message/index.js";

/** What of a request decides about its `Origin`. */
interface OriginFacts {
  readonly method: string;
  readonly mode: RequestMode;
  readonly referrerPolicy: ReferrerPolicy;
  /** Where the call went, the place of this request last. */
  readonly hops: readonly Target[];
}

/**
 * The `Origin` field of a request of fetch (Fetch §3.1 "append a request `Origin` header"); `undefined` for none, as for
 * every program that has not said where it runs.
 */
export function originField({ method, mode, referrerPolicy, hops }: OriginFacts): string | undefined {
  const here = environmentURL();
  if (here === undefined) return undefined;
  const crossed = mode === "cors" && hops.some((hop) => hop.origin !== here.origin);
  if (!crossed && (method === "GET" || method === "HEAD")) return undefined;
  if (isTainted(hops, here)) return "null";
  return crossed || showsOrigin(referrerPolicy, here, hops.at(-1) as Target) ? here.origin : "null";
}

/** Whether a place that is not the program's own sent the call to yet another one (Fetch "redirect-taint"). */
function isTainted(hops: readonly Target[], here: URL): boolean {
  return hops.some((hop, i) => {
    const before = hops[i - 1];
    return before !== undefined && before.origin !== hop.origin && before.origin !== here.origin;
  });
}

function showsOrigin(policy: ReferrerPolicy, here: URL, to: Target): boolean {
  switch (policy) {
    case "no-referrer":
      return false;
    case "same-origin":
      return to.origin === here.origin;
    case "origin":
    case "origin-when-cross-origin":
    case "unsafe-url":
      return true;
    default:
      return here.protocol !== "https:" || to.secure;
  }
}

/**
 * Why fetch does not send a request there, or `undefined`: "same-origin" stays where the program runs, and a redirect
 * must not bring credentials in its URL to another place (Fetch §4.4 "HTTP-redirect fetch").
 */
export function refusal(mode: RequestMode, to: URL, hops: readonly Target[]): string | undefined {
  const here = environmentURL();
  if (mode === "same-origin" && here !== undefined && to.origin !== here.origin) {
    return `mode is "same-origin", and ${to.origin} is another origin`;
  }
  if (mode !== "cors" || (to.username === "" && to.password === "")) return undefined;
  const stays = here !== undefined && [...hops, to].every((place) => place.origin === here.origin);
  return stays ? undefined : "the URL of a redirect holds a user name or password";
}
