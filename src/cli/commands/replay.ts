import { type WhatIfSettings, whatIf, whatIfText } from "../../explain/index.js";
import type { Run } from "../command.js";
import { exitCode, UsageError } from "../exit.js";
import { readRecording } from "./recording-file.js";

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
