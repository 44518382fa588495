/** Bytes of `big.bin`, and of the uploads. */
export const BIG: number = 64 * 1024 * 1024;

/** The files that every peer serves. */
export const FILES: Readonly<Record<string, string>> = {
  "small.txt": "small",
  "text.txt": "It is all the same line, and so it is small once it is compressed.\n".repeat(200),
  "secret/file.txt": "the secret",
  /** As long as the window that a response begins with in HTTP/2. */
  "window.txt": "w".repeat(256 * 1024),
};
