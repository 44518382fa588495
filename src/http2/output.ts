import { latin1 } from "./huffman.js";

/** What is written: a string of one character an octet (write it as latin1), or bytes of a request's body as they are. */
export type OutputChunk = string | Uint8Array;

/** A body up to this size joins the text around it: one write of one piece costs less than the copy. */
const COPIED_BYTES = 4_096;

/** Puts together what leaves in one turn: as few pieces as there can be without copying bodies. */
export class Output {
  readonly chunks: OutputChunk[] = [];
  #text = "";

  text(text: string): void {
    this.#text += text;
  }

  bytes(bytes: Uint8Array, start: number, end: number): void {
    if (end - start <= COPIED_BYTES) {
      const { buffer, byteOffset, byteLength } = bytes;
      this.#text += latin1(Buffer.from(buffer, byteOffset, byteLength), start, end);
      return;
    }
    this.#flush();
    this.chunks.push(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
  }

  take(): OutputChunk[] {
    this.#flush();
    return this.chunks;
  }

  #flush(): void {
    if (this.#text !== "") this.chunks.push(this.#text);
    this.#text = "";
  }
}
