import type { Request } from "../../message/index.js";
import { tooLarge } from "./decode-error.js";
import type { DecodeLimits } from "./decode-limits.js";

/** Up to here any ratio is fine: a small body of spaces is no attack. */
const RATIO_FREE_BYTES = 1024 * 1024;

/** Watches how much comes out of each stage of decoding for what went in. */
export class Meter {
  readonly #limits: DecodeLimits;
  readonly #request: Request;
  /** Coded bytes so far. */
  read = 0;

  constructor(limits: DecodeLimits, request: Request) {
    this.#limits = limits;
    this.#request = request;
  }

  /** @throws NetworkError when `written` bytes, all that one stage gave so far, are too many. */
  check(coding: string, written: number): void {
    const { maxBytes, maxRatio } = this.#limits;
    if (written > maxBytes) throw tooLarge(this.#request, coding, `${maxBytes} bytes (decompress.maxBytes)`);
    if (written > RATIO_FREE_BYTES && written > this.read * maxRatio) {
      throw tooLarge(this.#request, coding, `${maxRatio} times its size (decompress.maxRatio)`);
    }
  }
}
