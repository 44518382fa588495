import type { ConnectionRecord, Decision, ExchangeRecord, Recording } from "../trace/index.js";
import {
  RECORDING_TYPE,
  RECORDING_VERSION,
  type ReadRecording,
  type RecordingHeader,
} from "./recording-format.js";

/** A text or file is not a recording, or is one that this version of Trunkline cannot read. */
export class RecordingError extends Error {
  /** Always `RecordingError`. */
  override readonly name = "RecordingError";
  /** `ERR_TRUNKLINE_RECORDING`: not a recording, or without what was asked for; `…_VERSION`: of a newer version. */
  readonly code: "ERR_TRUNKLINE_RECORDING" | "ERR_TRUNKLINE_RECORDING_VERSION";

  /** `parseRecording` makes this error. */
  constructor(code: RecordingError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Reads a recording from text, in the form that `recordTo` or `JSON.stringify(transport.recording())` gives. Lines that
 * are cut off or damaged are left out and counted in `unreadable`.
 *
 * @param name What errors call it; default "The recording".
 * @throws RecordingError when the text is not a recording, or of a newer version.
 */
export function parseRecording(text: string, name = "The recording"): ReadRecording {
  const end = text.indexOf("\n");
  const first = objectOf(end < 0 ? text : text.slice(0, end));
  if (first?.["type"] !== RECORDING_TYPE) return fromDocument(text, name);
  checkVersion(first["version"], name);
  const header = first as unknown as RecordingHeader;
  const connections = new Map<number, ConnectionRecord>();
  const exchanges: ExchangeRecord[] = [];
  const decisions = new Map<string, Decision>();
  let dropped: Recording["dropped"] = { connections: 0, exchanges: 0, decisions: 0 };
  let complete = false;
  let unreadable = 0;
  for (const line of end < 0 ? [] : text.slice(end + 1).split("\n")) {
    if (line === "") continue;
    const { type, ...value } = objectOf(line) ?? {};
    if (type === "connection" && isNumbered(value))
      connections.set(value.id, value as unknown as ConnectionRecord);
    else if (type === "exchange" && isNumbered(value)) exchanges.push(value as unknown as ExchangeRecord);
    else if (type === "decision" && typeof value["exchange"] === "number") {
      decisions.set(`${value["exchange"]} ${String(value["connection"])}`, value as unknown as Decision);
    } else if (type === "end") {
      complete = true;
      dropped = (value["dropped"] as Recording["dropped"] | undefined) ?? dropped;
    } else unreadable += 1;
  }
  return {
    version: 1,
    startedAt: header.startedAt,
    limits: header.limits ?? {},
    connections: [...connections.values()].sort((a, b) => a.id - b.id),
    exchanges,
    decisions: [...decisions.values()],
    dropped,
    complete,
    unreadable,
  };
}

function fromDocument(text: string, name: string): ReadRecording {
  const value = objectOf(text);
  if (value === undefined || !("startedAt" in value) || !("version" in value)) {
    throw new RecordingError(
      "ERR_TRUNKLINE_RECORDING",
      `${name} is not a Trunkline recording: its first line is not a recording header`,
    );
  }
  checkVersion(value["version"], name);
  const list = <T>(member: string): T[] => (Array.isArray(value[member]) ? (value[member] as T[]) : []);
  return {
    version: 1,
    startedAt: Number(value["startedAt"]),
    limits: (value["limits"] as Recording["limits"]) ?? {},
    connections: list<ConnectionRecord>("connections"),
    exchanges: list<ExchangeRecord>("exchanges"),
    decisions: list<Decision>("decisions"),
    dropped: (value["dropped"] as Recording["dropped"] | undefined) ?? {
      connections: 0,
      exchanges: 0,
      decisions: 0,
    },
    complete: true,
    unreadable: 0,
  };
}

function checkVersion(version: unknown, name: string): void {
  if (typeof version === "number" && version >= 1 && version <= RECORDING_VERSION) return;
  throw new RecordingError(
    "ERR_TRUNKLINE_RECORDING_VERSION",
    `${name} has version ${String(version)} of the recording format and this Trunkline reads up to ${RECORDING_VERSION}; read it with the Trunkline that wrote it, or a newer one`,
  );
}

function objectOf(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function isNumbered(value: Record<string, unknown>): value is Record<string, unknown> & { id: number } {
  return typeof value["id"] === "number";
}
