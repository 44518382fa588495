import type { HeadersInit } from "./headers.js";
import type { InterfaceShape } from "./interface-shape.js";

/** What a response that is made by hand begins with. */
export interface ResponseInit {
  /** The status, 200 to 599; 200 by default. */
  status?: number;
  /** The reason phrase, one line of Latin-1 text; empty by default. */
  statusText?: string;
  /** The headers; none by default. */
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

/** What Web IDL gives the interface. */
export const RESPONSE_SHAPE: InterfaceShape = {
  name: "Response",
  length: 0,
  members: [
    "type",
    "url",
    "redirected",
    "status",
    "ok",
    "statusText",
    "headers",
    "body",
    "bodyUsed",
    "clone",
    "arrayBuffer",
    "blob",
    "bytes",
    "formData",
    "json",
    "text",
    "textStream",
  ],
  statics: ["error", "json", "redirect"],
  lengths: { redirect: 1 },
};
