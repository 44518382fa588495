import type { ReadableByteStreamController, UnderlyingByteSource } from "node:stream/web";
import type { BodyReader } from "./body-reader.js";

/** The body as a byte stream, which asks for bytes when its reader does; `onUse` is told of each time. */
export function streamOf(body: BodyReader, onUse?: () => void): ReadableStream<Uint8Array<ArrayBuffer>> {
  const source: UnderlyingByteSource = {
    type: "bytes",
    async pull(controller) {
      body.take();
      onUse?.();
      const chunk = (await body.next()).value;
      if (chunk === undefined) {
        controller.close();
        // A pending BYOB read is answered only by this.
        (controller as ReadableByteStreamController).byobRequest?.respond(0);
      } else {
        controller.enqueue(chunk as Uint8Array<ArrayBuffer>);
      }
    },
    cancel: (reason: unknown) => body.cancel(reason),
  };
  return new ReadableStream(source, { highWaterMark: 0 }) as ReadableStream<Uint8Array<ArrayBuffer>>;
}
