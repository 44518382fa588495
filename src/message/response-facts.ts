import type { HeadersInit } from "./headers.js";

/** What a response that is made by hand begins with. */
export interface ResponseInit {
  status?: number;
  statusText?: string;
  headers?: HeadersInit;
}

/** Where a response came from, as far as a page would be allowed to see it. */
export type ResponseType = "basic" | "cors" | "default" | "error" | "opaque" | "opaqueredirect";

/** What a response has that its own constructor does not take. */
export interface ResponseFacts {
  readonly url: string;
  readonly type: ResponseType;
  readonly redirected?: boolean;
  /** Whether its headers refuse changes, as those of what was fetched do. */
  readonly immutable?: boolean;
}
