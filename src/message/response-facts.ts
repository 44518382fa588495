import type { HeadersInit } from "./headers.js";
import { BODY_MEMBERS, type InterfaceShape } from "./interface-shape.js";

/** Options of a response made by hand. */
export interface ResponseInit {
  /** The status, 200 to 599; default 200. */
  status?: number;
  /** The reason phrase, one line of Latin-1 text; default empty. */
  statusText?: string;
  /** The headers; default none. */
  headers?: HeadersInit;
}

/** The standard's response types. Here only `basic`, `cors`, `default` and `error` occur; see `Response.type`. */
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
  members: ["type", "url", "redirected", "status", "ok", "statusText", "headers", ...BODY_MEMBERS],
  statics: ["error", "json", "redirect"],
  lengths: { redirect: 1 },
};
