import { explainById } from "../../explain/index.js";
import type { Run } from "../command.js";
import { exitCode, UsageError } from "../exit.js";
import { printable } from "../terminal.js";
import { explained, readRecording } from "./recording-file.js";

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
