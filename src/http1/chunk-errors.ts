import { ProtocolError } from "../errors/index.js";
import { describeByte } from "./bytes.js";
import { MAX_CHUNK_EXTENSION_BYTES, MAX_CHUNK_SIZE_DIGITS, MAX_TRAILER_BYTES } from "./limits.js";

/** `where` counts from the first byte of the chunked body. */
export function badChunk(what: string, byte: number, where: number): ProtocolError {
  return new ProtocolError(
    "ERR_TRUNKLINE_BAD_CHUNK",
    `The response's chunked body ${what}: found ${describeByte(byte)} at byte ${where} of the body`,
  );
}

export function badTrailer(what: string, byte: number, where: number): ProtocolError {
  return new ProtocolError(
    "ERR_TRUNKLINE_BAD_TRAILER",
    `The response's trailers have ${what}: found ${describeByte(byte)} at byte ${where} of the chunked body`,
  );
}

export function sizeHasTooManyDigits(): ProtocolError {
  return new ProtocolError(
    "ERR_TRUNKLINE_BAD_CHUNK",
    `The response's chunked body has a chunk size of more than ${MAX_CHUNK_SIZE_DIGITS} digits`,
    true,
  );
}

export function chunkSizeTooLarge(): ProtocolError {
  return new ProtocolError(
    "ERR_TRUNKLINE_BAD_CHUNK",
    "The response's chunked body has a chunk size of more than 2^53-1 bytes",
    true,
  );
}

export function extensionsTooLarge(): ProtocolError {
  return new ProtocolError(
    "ERR_TRUNKLINE_CHUNK_EXTENSIONS_TOO_LARGE",
    `The response's chunk extensions exceed ${MAX_CHUNK_EXTENSION_BYTES} bytes`,
    true,
  );
}

export function trailersTooLarge(): ProtocolError {
  return new ProtocolError(
    "ERR_TRUNKLINE_TRAILERS_TOO_LARGE",
    `The response's trailers exceed ${MAX_TRAILER_BYTES} bytes`,
    true,
  );
}
