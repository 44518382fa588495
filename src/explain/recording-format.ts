import type { ConnectionRecord, Decision, ExchangeRecord, Recording } from "../trace/index.js";

/** The version of the schema that this code writes, and the newest that it reads. */
export const RECORDING_VERSION = 1;
/** The `type` of a recording's first line, by which a file is known for one. */
export const RECORDING_TYPE = "trunkline-recording";

/** The first line. */
export interface RecordingHeader {
  readonly type: typeof RECORDING_TYPE;
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly limits: Readonly<Record<string, number | boolean>>;
}

/** The last line, absent when the program ended before the recording did. */
export interface RecordingEnd {
  readonly type: "end";
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly dropped: Recording["dropped"];
}

/** Every line after the first. Of a connection and of a decision the last line counts. */
export type RecordingLine =
  | ({ readonly type: "connection" } & ConnectionRecord)
  | ({ readonly type: "exchange" } & ExchangeRecord)
  | ({ readonly type: "decision" } & Decision)
  | RecordingEnd;

/** A recording that was read from a file or text, and the state it was in. */
export interface ReadRecording extends Recording {
  /** Whether it was closed properly; false after a crash, and the recording has what was written by then. */
  readonly complete: boolean;
  /** How many lines could not be read and were left out. */
  readonly unreadable: number;
}
