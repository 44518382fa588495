import type { Request } from "../../message/index.js";
import { tooLarge } from "./decode-error.js";
import type { DecodeLimits } from "./decode-limits.js";

/** Up to here any ratio is fine: a small body of spaces is no attack. */
const RATIO_FREE_BYTES = 1024 * 1024;
/** From here on a body that is streamed must not live on one byte over and over. */
const LARGE_BYTES = 32 * 1024 * 1024;

/** Watches how much comes out of each stage of decoding for what went in. */
export class Meter {
  readonly #limits: DecodeLimits;
  readonly #request: Request;
  #source: { readonly bytesWritten: number } | undefined;

  constructor(limits: DecodeLimits, request: Request) {
    this.#limits = limits;
    this.#request = request;
  }

  /** What the first stage has taken in is counted, not what arrived: a bomb whose rest waits unread is one as well. */
  readsFrom(firstStage: { readonly bytesWritten: number }): void {
    this.#source = firstStage;
  }

  /** @throws NetworkError when `written` bytes, all that one stage gave so far, are too many. */
  check(coding: string, written: number): void {
    const { maxBytes, maxRatio, maxLargeRatio } = this.#limits;
    if (written > maxBytes) throw tooLarge(this.#request, coding, `${maxBytes} bytes (decompress.maxBytes)`);
    if (written <= RATIO_FREE_BYTES) return;
    const most = written > LARGE_BYTES ? maxLargeRatio : maxRatio;
    if (written > (this.#source?.bytesWritten ?? 0) * most) {
      throw tooLarge(this.#request, coding, `${most} times its size (decompress.maxRatio)`);
    }
  }
}
