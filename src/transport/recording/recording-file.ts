import {
  parseRecording,
  RECORDING_TYPE,
  RECORDING_VERSION,
  type ReadRecording,
  type RecordingEnd,
  type RecordingHeader,
  type RecordingLine,
} from "../../explain/index.js";
import { fileSystem } from "../../runtime/index.js";
import type { ConnectionRecord, Decision, Recorder, Recording } from "../../trace/index.js";
import { LineFile } from "./line-file.js";

/** What a recording is streamed from. */
interface RecordingSource {
  readonly recorder: Recorder;
  /** The time in milliseconds since 1970. */
  readonly wallNow: () => number;
  /** What the recorder holds now: the recording begins with it. */
  readonly recording: () => Recording;
}

/** A recording that is being written. */
export interface OpenRecording extends AsyncDisposable {
  /** Writes the rest and ends the recording. Rejects with the system's error when something could not be written. */
  close(): Promise<void>;
}

/**
 * Writes a recording while it happens, as JSON Lines. It begins with what the recorder holds.
 *
 * @throws the system's error when the file cannot be written.
 */
export function writeRecording(path: string, source: RecordingSource): OpenRecording {
  const file = new LineFile(path);
  const put = (line: RecordingLine | RecordingHeader): void => file.line(JSON.stringify(line));
  const start = source.recording();
  put({
    type: RECORDING_TYPE,
    version: RECORDING_VERSION,
    startedAt: start.startedAt,
    limits: start.limits ?? {},
  });
  const connection = (record: ConnectionRecord): void => put({ type: "connection", ...record });
  const decision = (made: Decision): void => put({ type: "decision", ...made });
  for (const record of start.connections) connection(record);
  for (const record of start.exchanges) put({ type: "exchange", ...record });
  for (const made of start.decisions) decision(made);
  const stop = source.recorder.listen({
    opened: connection,
    closed: connection,
    exchangeEnded: (record) => put({ type: "exchange", ...record }),
    decided: decision,
  });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (() => {
      stop();
      const { connections } = source.recording();
      for (const record of connections) if (record.state !== "closed") connection(record);
      // What the recorder forgot before is missing here too; what came after is not.
      const { dropped } = start;
      const end: RecordingEnd = {
        type: "end",
        at: source.wallNow(),
        dropped: { ...dropped, exchanges: dropped.exchanges + file.dropped },
      };
      put(end);
      return file.close();
    })();
    return closing;
  };
  return { close, [Symbol.asyncDispose]: close };
}

/**
 * Reads a recording from a file, in the form that `recordTo` or `JSON.stringify(transport.recording())` gives.
 *
 * @throws RecordingError when the file is not a recording, or of a newer version; the system's error when it cannot be
 *   read.
 */
export async function readRecording(path: string): Promise<ReadRecording> {
  return parseRecording(await fileSystem.promises.readFile(path, "utf8"), path);
}
