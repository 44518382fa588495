const FRAME = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const DICTIONARY_BYTES = [0, 1, 2, 4];

/**
 * Follows the frames of a Zstandard stream (RFC 8878 §3.1) only to know whether it is at the end of one: up to its
 * version 22, and in early ones of 24, Node takes a stream that was cut short for a whole one. What is between the
 * boundaries is the decoder's to judge.
 */
export class ZstdFrames {
  /** The bytes of the next header, as far as they have come, and how many it has. */
  #header: number[] = [];
  #wanted = 4;
  /** Bytes to pass over before it. */
  #skip = 0;
  #step: (header: readonly number[]) => void = (header) => this.#magic(header);
  #frames = 0;
  #checksum = 0;

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - at);
        this.#skip -= skipped;
        at += skipped;
        continue;
      }
      this.#header.push(chunk[at++] as number);
      if (this.#header.length < this.#wanted) continue;
      const header = this.#header;
      this.#header = [];
      this.#step(header);
    }
  }

  /** Whether the bytes so far are whole frames, at least one. */
  get complete(): boolean {
    return this.#frames > 0 && this.#skip === 0 && this.#header.length === 0 && this.#wanted === 4;
  }

  #expect(bytes: number, step: (header: readonly number[]) => void): void {
    this.#wanted = bytes;
    this.#step = step;
  }

  #magic(header: readonly number[]): void {
    const magic = little(header);
    if (magic === FRAME) {
      this.#expect(1, ([descriptor = 0]) => this.#frameHeader(descriptor));
    } else if ((magic & ~0xf) >>> 0 === SKIPPABLE) {
      this.#skippable();
    }
  }

  #skippable(): void {
    let length: number[] = [];
    const take = ([byte = 0]: readonly number[]): void => {
      length = [...length, byte];
      if (length.length < 4) return;
      this.#skip = little(length);
      this.#endFrame();
    };
    this.#expect(1, take);
  }

  #frameHeader(descriptor: number): void {
    const single = (descriptor & 0x20) !== 0;
    const sizeFlag = descriptor >> 6;
    const sizeBytes = sizeFlag === 0 ? (single ? 1 : 0) : 1 << sizeFlag;
    this.#checksum = (descriptor & 0x04) === 0 ? 0 : 4;
    this.#skip = (single ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] as number) + sizeBytes;
    this.#expect(3, (header) => this.#block(little(header)));
  }

  #block(header: number): void {
    const isRunLength = ((header >> 1) & 3) === 1;
    this.#skip = isRunLength ? 1 : header >> 3;
    if ((header & 1) === 0) return;
    this.#skip += this.#checksum;
    this.#endFrame();
  }

  #endFrame(): void {
    this.#frames += 1;
    this.#expect(4, (header) => this.#magic(header));
  }
}

function little(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte, i) => sum + byte * 2 ** (8 * i), 0);
}
