import type { Request, Response } from "../message/index.js";

/** A redirect that is about to be followed. */
export interface RedirectHop {
  /** 1 for the first redirect of the call. */
  readonly number: number;
  /** The 3xx response; read its body only where the hop is not followed. */
  readonly response: Response;
  /** Where it came from. */
  readonly from: URL;
  /** What is sent next; its headers may be changed. */
  readonly request: Request;
}

/**
 * Asked before each redirect is followed, as Go's `CheckRedirect`. What it throws rejects the call; when it gives
 * `"stop"`, or a promise of it, the call resolves with the 3xx response; anything else follows the redirect.
 */
export type RedirectListener = (hop: RedirectHop) => unknown;

/** What of a call's policy is about redirects. */
export interface RedirectPolicy {
  readonly maxRedirects: number;
  readonly allowInsecureRedirects: boolean;
  /** Lower-cased names, beside the ones that are always sensitive. */
  readonly sensitiveHeaders: readonly string[];
  /** Who knows where credentials may go. */
  readonly auth: { covers(request: Request): boolean } | undefined;
  /** A jar that knows the cookies that a hop sets. */
  readonly cookies: object | undefined;
  readonly onRedirect: RedirectListener | undefined;
  /** As fetch: no `Referer` unless the program named one, and no redirect of a stream, whatever becomes of its method. */
  readonly toTheLetter: boolean;
}
