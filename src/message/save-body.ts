import type { BodyReader } from "./body-reader.js";
import { FileSink } from "./file-sink.js";

const files = (): typeof import("node:fs/promises") => process.getBuiltinModule("node:fs/promises");

/** How much of a body has been saved. */
export interface SaveProgress {
  /** Bytes so far, after decoding. */
  readonly bytes: number;
  /** The body's length in bytes; absent when it is not known. */
  readonly total?: number;
}

/** Options of `response.saveTo`. */
export interface SaveOptions {
  /** Called for each piece as it arrives. An error it throws ends the save. */
  onProgress?: (progress: SaveProgress) => void;
}

/**
 * Saves a body under a name all at once: it is written to a new file beside it, which takes the name when it is
 * complete. A failure leaves nothing behind, and what had the name before as it was. A name that belongs to something
 * else than a file (a device, a pipe) is written to.
 *
 * @throws the body's error, or the system's.
 */
export async function saveBody(
  reader: BodyReader,
  path: string | URL,
  { onProgress }: SaveOptions = {},
): Promise<{ bytes: number }> {
  const name = await realName(path);
  const onBytes =
    onProgress === undefined
      ? undefined
      : (bytes: number): void => onProgress(reader.length < 0 ? { bytes } : { bytes, total: reader.length });
  try {
    if (await isSpecial(name)) {
      const file = await files().open(name, "w");
      return { bytes: await FileSink.pour(reader, file.fd, 0, onBytes).finally(() => file.close()) };
    }
    return await viaPart(reader, name, onBytes);
  } catch (error) {
    void reader.cancel(error);
    throw error;
  }
}

async function viaPart(
  reader: BodyReader,
  name: string,
  onBytes: ((bytes: number) => void) | undefined,
): Promise<{ bytes: number }> {
  const { randomBytes } = process.getBuiltinModule("node:crypto");
  const part = `${name}.${randomBytes(6).toString("hex")}.part`;
  const file = await files().open(part, "wx");
  try {
    const bytes = await FileSink.pour(reader, file.fd, 0, onBytes).finally(() => file.close());
    await files().rename(part, name);
    return { bytes };
  } catch (error) {
    await files().rm(part, { force: true });
    throw error;
  }
}

/** Where the name leads: a link stays a link, and what it points to is replaced. */
export async function realName(path: string | URL): Promise<string> {
  const name = typeof path === "string" ? path : process.getBuiltinModule("node:url").fileURLToPath(path);
  return files()
    .realpath(name)
    .catch(() => name);
}

async function isSpecial(name: string): Promise<boolean> {
  const stats = await files()
    .stat(name)
    .catch(() => undefined);
  return stats !== undefined && !stats.isFile() && !stats.isDirectory();
}
