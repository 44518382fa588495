/** How a request's body is delimited on the wire (RFC 9112 §6). */
export type RequestFraming =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | {
      readonly kind: "chunked";
      /** The bytes it must have all the same; -1 for any. */
      readonly length: number;
    };

/** The request has no body. */
export const NO_BODY: RequestFraming = Object.freeze({ kind: "none" });
/** The body's length is not known when the head is sent. */
export const CHUNKED_BODY: RequestFraming = Object.freeze({ kind: "chunked", length: -1 });

/** A body, as far as its framing is concerned. */
interface BodyFacts {
  /** Its length in bytes, where that is known. */
  readonly length: number | undefined;
  /** Whether fields follow it, which only chunks allow. */
  readonly trailers: boolean;
}

/**
 * Decides how a body is framed: the only place that does. `declared` is the caller's Content-Length, -1 without one;
 * it has been compared with a length that is known.
 */
export function frameRequest(method: string, body: BodyFacts | undefined, declared: number): RequestFraming {
  if (body === undefined) return NO_BODY;
  const length = body.length ?? declared;
  if (body.trailers || length < 0) return { kind: "chunked", length };
  // An empty body of a method that needs none is no body, unless the caller says its length.
  if (length === 0 && declared < 0 && !expectsBody(method)) return NO_BODY;
  return { kind: "length", length };
}

/** Methods that give a body a meaning: they say so when there is none (RFC 9110 §8.6). */
export function expectsBody(method: string): boolean {
  return method === "POST" || method === "PUT" || method === "PATCH";
}
