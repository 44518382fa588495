import { BODY_UNTIL_CLOSE, type BodyDecoder } from "../../http1/index.js";

/** Of a body given up, this much is read to save the connection (Go drains as much)… */
export const DRAIN_BYTES: number = 256 * 1024;
/** …within this many milliseconds. */
export const DRAIN_MS = 50;

/** The reading of a rest that nobody wants, so that the connection can be kept. */
export class Drain {
  /** Bytes that may still be read for it. */
  left: number = DRAIN_BYTES;
  /** Resolves when it is over, whether the connection was saved or not. */
  readonly over: Promise<void>;
  #end: () => void = () => undefined;

  constructor() {
    this.over = new Promise<void>((resolve) => {
      this.#end = resolve;
    });
  }

  end(): void {
    this.#end();
  }
}

/** Why the rest of a body is not worth reading to its end; `undefined` when it may be. */
export function tooMuchLeft({ kind, remaining }: BodyDecoder): string | undefined {
  if (kind === BODY_UNTIL_CLOSE) return "it ends with the connection";
  return remaining > DRAIN_BYTES ? `${remaining} bytes of it were left` : undefined;
}
