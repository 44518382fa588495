import { readFile } from "node:fs/promises";
import { parseRecording, RecordingError } from "../../explain/index.js";
import type { Context } from "../context.js";
import { CommandFailure } from "../exit.js";
import { plural } from "../render/index.js";
import { printable } from "../terminal.js";

type ReadRecording = ReturnType<typeof parseRecording>;

/** Reads a recording; `-` is standard input. What is missing of it is said on standard error. */
export async function readRecording(path: string, { stderr, readStdin }: Context): Promise<ReadRecording> {
  const text = path === "-" ? Buffer.from(await readStdin()).toString("utf8") : await textOf(path);
  const recording = explained(() => parseRecording(text, path === "-" ? "Standard input" : path));
  const { complete, unreadable } = recording;
  const missing = [
    ...(complete ? [] : ["it is not complete: the program was killed, or is still writing"]),
    ...(unreadable === 0 ? [] : [`${plural(unreadable, "line")} could not be read`]),
  ];
  if (missing.length > 0)
    await stderr.line(`trunkline: part of the recording is missing (${printable(missing.join("; "))})`);
  return recording;
}

/** What a function of the recordings says, with what is wrong as the sentence of a failure. */
export function explained<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof RecordingError) throw new CommandFailure(error.message);
    throw error;
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why: Readonly<Record<string, string>> = {
      ENOENT: "there is no such file",
      EISDIR: "it is a folder",
      EACCES: "it may not be read",
    };
    throw new CommandFailure(`cannot read the recording ${path}: ${why[code ?? ""] ?? message}`);
  }
}
