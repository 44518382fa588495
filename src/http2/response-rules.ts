import { frameName, STREAM_CLOSED } from "./frame-types.js";
import { type Http2Error, malformed, streamError } from "./http2-error.js";
import type { Http2Stream } from "./stream.js";

/** Whether the final response may have a body (RFC 9110 §6.4.1). */
export function mayHaveBody<Owner>({ head, status }: Http2Stream<Owner>): boolean {
  return head.method !== "HEAD" && status !== 204 && status !== 304;
}

/** What follows is another protocol's, which content-length says nothing about. */
export function isTunnel<Owner>({ head, status }: Http2Stream<Owner>): boolean {
  return head.method === "CONNECT" && status >= 200 && status < 300;
}

/** The server ended the stream too early. */
export function shortBody(missing: number): Http2Error {
  return malformed(
    `its body ends ${missing} bytes before its content-length`,
    "ERR_TRUNKLINE_CONTENT_LENGTH",
  );
}

/** A frame on a stream whose response is complete. */
export function afterEnd(type: number, id: number): Http2Error {
  return streamError(
    `The server sent a ${frameName(type)} frame on stream ${id} after it had ended it`,
    STREAM_CLOSED,
  );
}

/** What is wrong with so many octets more of a body; else takes them off what content-length promised. */
export function contentFault<Owner>(stream: Http2Stream<Owner>, octets: number): Http2Error | undefined {
  if (octets > 0 && !mayHaveBody(stream)) {
    return malformed(`a response to ${stream.head.method} with status ${stream.status} must not have a body`);
  }
  if (stream.bodyLeft < 0) return undefined;
  if (octets > stream.bodyLeft) {
    return malformed("its body is longer than its content-length", "ERR_TRUNKLINE_CONTENT_LENGTH");
  }
  stream.bodyLeft -= octets;
  return undefined;
}
