import type { BodySource } from "../message/index.js";

/** How far a body has got. */
export interface Progress {
  /** Whether the bytes are the request body's (`"upload"`) or the response body's (`"download"`). */
  readonly direction: "up" | "down";
  /** Bytes of the body on the wire so far, before decoding. */
  readonly bytes: number;
  /** The body's length, where it is known. */
  readonly total?: number;
}

/** Told of each piece of a body; a redirect or a retry begins again at the first piece. What it throws ends the call. */
export type ProgressListener = (progress: Progress) => void;

export function report(
  listener: ProgressListener,
  direction: "up" | "down",
  bytes: number,
  total: number | undefined,
): void {
  listener(total === undefined ? { direction, bytes } : { direction, bytes, total });
}

/** The same body, that tells of each piece as the socket takes it. */
export function countedSource(source: BodySource, listener: ProgressListener): BodySource {
  return {
    length: source.length,
    contentType: source.contentType,
    replayable: source.replayable,
    // A body that goes out with the head is not seen on its way.
    small: undefined,
    open() {
      const iterator = source.open();
      let bytes = 0;
      return {
        async next() {
          const result = await iterator.next();
          if (result.done !== true) {
            bytes += result.value.byteLength;
            report(listener, "up", bytes, source.length);
          }
          return result;
        },
        async return() {
          await iterator.return?.();
          return { done: true, value: undefined };
        },
      };
    },
    cancel: (reason) => source.cancel(reason),
  };
}
