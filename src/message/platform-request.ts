import { fromWebStream, OneShotSource, type WebStreamLike } from "./one-shot-source.js";
import { BytesSource } from "./replayable-source.js";
import type { BodySource } from "./source.js";

/** Whether it is a request of the platform, or of another implementation of the standard. */
export function isPlatformRequest(value: object): value is globalThis.Request {
  const request = value as Partial<globalThis.Request> & { readonly [Symbol.toStringTag]?: unknown };
  return request[Symbol.toStringTag] === "Request" && typeof request.url === "string";
}

/**
 * The body of the platform's request. One that was made of text, bytes, a form or a blob is read when it is sent, and
 * then has a length and can be sent again; a stream stays a stream.
 *
 * The platform does not tell the two apart, but it obeys a rule of the standard (Fetch §5.4, step 39): a body that is a
 * stream cannot be in a request without CORS, and any other can.
 *
 * @throws TypeError when it was used.
 */
export function platformBody(request: globalThis.Request): BodySource | undefined {
  if (request.bodyUsed) throw new TypeError("Cannot make a Request from one whose body has been used");
  const { body } = request;
  if (body === null || body === undefined) return undefined;
  const held = withoutCors(request);
  return held === undefined
    ? new OneShotSource(fromWebStream(body as unknown as WebStreamLike))
    : new HeldSource(held);
}

/** The same body in a request that no stream could be in; `undefined` when it is a stream. */
function withoutCors(request: globalThis.Request): globalThis.Request | undefined {
  try {
    const Platform = request.constructor as typeof globalThis.Request;
    return new Platform(request, { method: "POST", mode: "no-cors" });
  } catch {
    return undefined;
  }
}

/** Beyond this a body is not held in memory: it goes out once, as a stream. */
const HELD_BYTES = 64 * 1024 * 1024;

/** A body whose length becomes known by reading it, which {@link readyBody} does before it is sent. */
class HeldSource extends OneShotSource {
  constructor(request: globalThis.Request) {
    super(fromWebStream(request.body as unknown as WebStreamLike));
  }

  async read(): Promise<BodySource> {
    const iterator = this.open();
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for (;;) {
      const next = await iterator.next();
      if (next.done === true) return new BytesSource(Buffer.concat(chunks), undefined);
      chunks.push(next.value);
      bytes += next.value.byteLength;
      if (bytes > HELD_BYTES) return new OneShotSource(continued(chunks, iterator, this));
    }
  }
}

function continued(chunks: Uint8Array[], rest: AsyncIterator<Uint8Array>, source: OneShotSource) {
  return {
    text: false,
    async pull() {
      const held = chunks.shift();
      return held === undefined ? rest.next() : { done: false, value: held };
    },
    close: (reason: unknown) => source.cancel(reason),
  };
}

/** A body that has its length and can be sent again, where that can be found out; `undefined` where it is so already. */
export function readyBody(source: BodySource | undefined): Promise<BodySource> | undefined {
  return source instanceof HeldSource ? source.read() : undefined;
}
