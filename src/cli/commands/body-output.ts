import { NetworkError, type Response } from "../../index.js";
import { CommandFailure } from "../exit.js";
import type { Output } from "../terminal.js";

/** Where a body goes; `done` is called on every path. */
interface Sink {
  write(chunk: Uint8Array): Promise<void>;
  /** True when nobody wants the rest. */
  readonly finished: boolean;
  done(): Promise<void>;
}

/**
 * Writes a response's body to a file, to standard output, or nowhere, and resolves to its length. A body that is
 * not text is kept from a terminal unless standard output was asked for by name. `progress` hears how much has come.
 */
export async function writeBody(
  response: Response,
  output: string | undefined,
  stdout: Output | undefined,
  progress?: (bytes: number) => void,
): Promise<number> {
  if (output !== undefined && output !== "-") return saveBody(response, output, progress);
  const sink = openSink(response, output, stdout);
  let bytes = 0;
  try {
    for await (const chunk of response) {
      bytes += chunk.byteLength;
      progress?.(bytes);
      await sink.write(chunk);
      if (sink.finished) break;
    }
  } finally {
    await sink.done();
    await response.close();
  }
  return bytes;
}

function openSink(response: Response, output: string | undefined, stdout: Output | undefined): Sink {
  if (stdout === undefined) return { write: async () => {}, finished: false, done: async () => {} };
  const guarded = output === undefined && stdout.isTerminal;
  let first = true;
  return {
    write: async (chunk) => {
      if (guarded && first && looksBinary(chunk)) throw binaryRefused(response);
      first = false;
      await stdout.write(chunk);
    },
    get finished(): boolean {
      return stdout.broken;
    },
    done: async () => {},
  };
}

/** The file has its name only when it is complete. */
async function saveBody(
  response: Response,
  name: string,
  progress: ((bytes: number) => void) | undefined,
): Promise<number> {
  try {
    const { bytes } = await response.saveTo(
      name,
      progress === undefined ? {} : { onProgress: ({ bytes }) => progress(bytes) },
    );
    return bytes;
  } catch (error) {
    await response.close();
    throw isSystemError(error) ? cannotWrite(name, error) : error;
  }
}

/** Of the file system; a network's has a class of its own. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && !(error instanceof NetworkError);
}

function cannotWrite(name: string, error: unknown): CommandFailure {
  const { code, message } = error as NodeJS.ErrnoException;
  const why =
    code === "ENOENT"
      ? "its folder does not exist"
      : code === "EISDIR"
        ? "it is a folder"
        : code === "EACCES"
          ? "permission was denied"
          : message;
  return new CommandFailure(`cannot write the body to ${name}: ${why}`);
}

/** A NUL byte near the start: no text has one, nearly every binary format does. */
function looksBinary(chunk: Uint8Array): boolean {
  return chunk.subarray(0, 4096).includes(0);
}

function binaryRefused(response: Response): CommandFailure {
  const type = response.headers.get("content-type") ?? "no content-type";
  return new CommandFailure(
    `the body is binary (${type}) and could garble your terminal: save it with -o <file>, or print it anyway with -o -`,
  );
}
