import { readFile } from "node:fs/promises";
import { plural } from "../../errors/index.js";
import {
  explainById,
  parseRecording,
  RecordingError,
  type WhatIfSettings,
  whatIf,
  whatIfText,
} from "../../explain/index.js";
import type { Run } from "../command.js";
import type { Context } from "../context.js";
import { CommandFailure, exitCode, UsageError } from "../exit.js";
import { printable } from "../terminal.js";

type ReadRecording = ReturnType<typeof parseRecording>;

/** Reads a recording; `-` is standard input. What is missing of it is said on standard error. */
async function readRecording(path: string, { stderr, readStdin }: Context): Promise<ReadRecording> {
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
function explained<T>(act: () => T): T {
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

/** `trunkline why <recording> <request|connection>`: one decision, or the life of one connection, in sentences. */
export const why: Run = async (options, context) => {
  const [path = "", id = ""] = options.positionals;
  const match = /^([rc]?)(\d+)$/i.exec(id);
  if (match === null)
    throw new UsageError(
      `"${id}" is not a request or connection: write r92 for request 92, c17 for connection 17`,
    );
  const recording = await readRecording(path, context);
  const text = explained(() => explainById(recording, id));
  if (!options.has("json")) {
    await context.stdout.line(text.split("\n").map(printable).join("\n"));
    return exitCode.ok;
  }
  const number = Number(match[2]);
  const document =
    match[1]?.toLowerCase() === "c"
      ? { id, text, connections: recording.connections.filter((one) => one.id === number) }
      : {
          id,
          text,
          exchanges: recording.exchanges.filter((one) => one.id === number),
          decisions: recording.decisions.filter((one) => one.exchange === number),
        };
  await context.stdout.line(JSON.stringify(document, undefined, 2));
  return exitCode.ok;
};

/** `trunkline replay <recording> --set key=value`: the recorded demand with other settings of the pool. */
export const replay: Run = async (options, context) => {
  const given = options.values("set");
  if (given.length === 0)
    throw new UsageError("trunkline replay needs a setting, such as --set maxIdleConnectionsPerOrigin=20");
  const settings = Object.fromEntries(given.map(settingOf)) as WhatIfSettings;
  const recording = await readRecording(options.positionals[0] ?? "", context);
  let result: ReturnType<typeof whatIf>;
  try {
    result = whatIf(recording, settings);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
  await context.stdout.line(options.has("json") ? JSON.stringify(result, undefined, 2) : whatIfText(result));
  return exitCode.ok;
};

function settingOf(text: string): [name: string, value: number | boolean] {
  const [, name, value = ""] = /^(\w+)=(.*)$/.exec(text) ?? [];
  if (name === undefined) throw new UsageError(`--set needs name=value, not "${text}"`);
  if (value === "true" || value === "false") return [name, value === "true"];
  const number = /^\d[\d_]*(?:\.\d+)?$/.test(value) ? Number(value.replaceAll("_", "")) : Number.NaN;
  if (Number.isNaN(number))
    throw new UsageError(`--set ${name} needs a number, true or false, not "${value}"`);
  return [name, number];
}
