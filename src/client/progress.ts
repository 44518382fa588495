import type { BodySource } from "../message/index.js";

/** How much of a body has been sent or received. */
export interface Progress {
  /** `"up"` for the request's body, `"down"` for the response's. */
  readonly direction: "up" | "down";
  /** Bytes so far, as they are on the wire: before decoding. */
  readonly bytes: number;
  /** The body's length in bytes on the wire; absent when it is not known. */
  readonly total?: number;
}

/** Called for each piece of a body. A redirect or a retry starts again at the first piece. An error it throws ends the call. */
export type ProgressListener = (progress: Progress) => void;

export function report(
  listener: ProgressListener,
  direction: "up" | "down",
  bytes: number,
  total: number | undefined,
): void {
  listener(total === undefined ? { direction, bytes } : { direction, bytes, total });
}

/** The same body, reporting each piece as the socket takes it. */
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
