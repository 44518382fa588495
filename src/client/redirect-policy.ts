import type { Request, Response } from "../message/index.js";

/** A redirect about to be followed. */
export interface RedirectHop {
  /** 1 for the first redirect of the call. */
  readonly number: number;
  /** The 3xx response. Read its body only if you stop here. */
  readonly response: Response;
  /** The URL that redirected. */
  readonly from: URL;
  /** The next request; you may change its headers. */
  readonly request: Request;
}

/**
 * Called before each redirect is followed, like Go's `CheckRedirect`. An error it throws rejects the call. If it returns
 * `"stop"`, or a promise of it, the call resolves with the 3xx response; any other result follows the redirect.
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
