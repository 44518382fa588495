import type { Headers } from "./headers.js";
import type { RequestModes } from "./request-members.js";
import type { BodySource } from "./source.js";
import type { Target } from "./target.js";

/** What the client and the transport need of a request without paying for the public getters. */
export interface RequestParts {
  readonly target: Target;
  readonly headers: Headers | undefined;
  readonly source: BodySource | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What a request gets that differs from the one it is made from. */
export interface RequestChanges {
  readonly method?: string;
  readonly target?: Target;
  /** The fragment, "#" included. */
  readonly hash?: string;
  readonly headers?: Headers;
  /** Present, even as `undefined`: in place of the body. */
  readonly source?: BodySource | undefined;
  readonly signal?: AbortSignal;
  readonly modes?: Partial<RequestModes>;
}
