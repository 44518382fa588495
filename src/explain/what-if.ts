import { plural } from "../errors/index.js";
import { ASSUMED_STREAMS, DEFAULT_LIMITS, type PoolLimits } from "../pool/index.js";
import type { Recording } from "../trace/index.js";
import { simulate } from "./simulation.js";
import { type Workload, workloadOf } from "./workload.js";

/** The settings that a replay can change: the pool's, under their names in `TransportOptions`, and two of HTTP/2. */
export interface WhatIfSettings extends Partial<PoolLimits> {
  /** Whether to use HTTP/2 with servers that speak it; default: as recorded. */
  readonly http2?: boolean;
  /** The most requests on one HTTP/2 connection at a time, if the server allows more; default: as recorded. */
  readonly maxStreams?: number;
}

/** The result of a replay. */
export interface WhatIf {
  /** The settings that were tried. */
  readonly settings: WhatIfSettings;
  /** Requests in the recording. */
  readonly requests: number;
  /** Connections opened in the recording, failed dials left out. */
  readonly actualDials: number;
  /** Connections by the model with the recorded settings; the nearer this is to `actualDials`, the better the model fits. */
  readonly modelledDials: number;
  /** Connections by the model with the settings that were tried. */
  readonly predictedDials: number;
  /** Requests that would have waited because of a limit. */
  readonly queued: number;
  /** Milliseconds that those would have waited, all together. */
  readonly queuedMs: number;
  /** Requests that `maxWaiting` or `queueTimeout` would have failed. */
  readonly refused: number;
  /** Origins that the model assumes to speak HTTP/2: the recording cannot show it, because they were not offered it. */
  readonly assumedHttp2: readonly string[];
  /** Whether the recorder had to drop records, so that the figures cover only a part. */
  readonly partial: boolean;
}

/**
 * Replays the recorded requests through the pool's own state machine with other settings.
 *
 * The model:
 * - A request that was made within 1 ms after another ended, with no other end in between, is assumed to have waited for
 *   it, and follows it: a caller that makes one request after another. The same holds for a batch that starts within 5 ms
 *   after all earlier requests ended. Every other request comes at its recorded time.
 * - A request holds its connection as long as it did. That a server slows down under more requests is not modelled.
 * - A dial takes the median of the origin's recorded dials, and succeeds.
 * - A connection that closed with its request because of the server or the caller does so again. The server closes idle
 *   connections at the shortest idle age at which it did so in the recording.
 * - POST and PATCH requests are assumed not to be repeatable.
 * - An origin that spoke HTTP/2 does so again, with the recorded stream limit. With `http2: false`, each of its requests
 *   has a connection of its own, and an abandoned response costs that connection. If HTTP/2 was off, `http2: true` assumes
 *   that all `https:` origins speak it, with 100 streams a connection: see `assumedHttp2`.
 * - A connection that the server closed with GOAWAY takes no more requests after the one that was its last.
 * - Records that the recorder dropped are missing: see `partial`.
 *
 * @throws TypeError for a name that is not one of the settings; RangeError for a value out of range.
 */
export function whatIf(recording: Recording, settings: WhatIfSettings): WhatIf {
  const workload = workloadOf(recording);
  const recorded = { pool: limitsOf(recording.limits ?? {}), streams: streamSettings(recording) };
  const { http2, maxStreams, ...pool } = checked(settings);
  const was = recorded.streams;
  const wanted = http2Of(workload, was, {
    http2: http2 ?? was.http2,
    maxStreams: maxStreams ?? was.maxStreams,
  });
  const modelled = simulate(workload, recorded.pool, http2Of(workload, was, was).streamsOf);
  const predicted = simulate(workload, { ...recorded.pool, ...pool }, wanted.streamsOf);
  const { dropped } = recording;
  return {
    settings,
    requests: workload.requests.length,
    actualDials: recording.connections.filter((record) => record.protocol !== undefined).length,
    modelledDials: modelled.dials,
    predictedDials: predicted.dials,
    queued: predicted.queued,
    queuedMs: predicted.queuedMs,
    refused: predicted.refused,
    assumedHttp2: wanted.assumed,
    partial: dropped.connections + dropped.exchanges > 0,
  };
}

/** The result of a replay, in sentences. */
export function whatIfText(result: WhatIf): string {
  const settings = Object.entries(result.settings)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(", ");
  const saved = result.modelledDials - result.predictedDials;
  const lines = [
    saved > 0
      ? `With ${settings}, ${saved} of ${plural(result.modelledDials, "dial")} would have been reuses, leaving ${result.predictedDials}.`
      : saved < 0
        ? `With ${settings}, there would have been ${plural(-saved, "dial")} more: ${result.predictedDials} instead of ${result.modelledDials}.`
        : `With ${settings}, the number of dials would have been the same: ${result.predictedDials}.`,
  ];
  if (result.queued > 0) {
    lines.push(
      `${plural(result.queued, "request")} would have waited for a connection, ${(result.queuedMs / result.queued).toFixed(1)} ms on average.`,
    );
  }
  if (result.refused > 0) lines.push(`${plural(result.refused, "request")} would have been refused.`);
  lines.push(
    `Actually, ${plural(result.actualDials, "connection")} ${result.actualDials === 1 ? "was" : "were"} opened for ${plural(result.requests, "request")}; with the recording's own settings the model gives ${result.modelledDials}.`,
  );
  if (result.assumedHttp2.length > 0) {
    const named = result.assumedHttp2.slice(0, 3).join(", ");
    const rest = result.assumedHttp2.length - 3;
    lines.push(
      `This assumes that ${named}${rest > 0 ? ` and ${rest} more` : ""} ${result.assumedHttp2.length === 1 ? "speaks" : "speak"} HTTP/2, with ${ASSUMED_STREAMS} requests at a time; \`trunkline probe\` finds out.`,
    );
  }
  if (result.partial) lines.push("The recorder had to discard records, so this covers only the rest.");
  return lines.join("\n");
}

const NEVER = Number.POSITIVE_INFINITY;
interface StreamSettings {
  readonly http2: boolean;
  readonly maxStreams: number;
}

/** How a recording was made. One that says nothing of HTTP/2 was made where there was none. */
function streamSettings({ limits = {}, connections }: Recording): StreamSettings {
  const spoken = connections.some(({ protocol }) => protocol === "h2");
  const { http2 = spoken, maxStreams = NEVER } = limits;
  return { http2: http2 === true, maxStreams: typeof maxStreams === "number" ? maxStreams : NEVER };
}

/** How many requests a connection to an origin carries at a time, with these settings. */
function http2Of(
  workload: Workload,
  was: StreamSettings,
  wanted: StreamSettings,
): { streamsOf: (origin: string) => number | undefined; assumed: string[] } {
  const limits = new Map<string, number>();
  const assumed = new Set<string>();
  if (wanted.http2) {
    for (const [origin, limit] of workload.streams) {
      // Where our own limit was met, the server's is not known.
      const server = limit >= was.maxStreams ? NEVER : limit;
      limits.set(origin, Math.min(server, wanted.maxStreams));
    }
    for (const { origin } of was.http2 ? [] : workload.requests) {
      if (limits.has(origin) || !origin.startsWith("https:")) continue;
      assumed.add(origin);
      limits.set(origin, Math.min(ASSUMED_STREAMS, wanted.maxStreams));
    }
  }
  return { streamsOf: (origin) => limits.get(origin), assumed: [...assumed] };
}

/** The limits of a recording: what is not named is not limited. */
function limitsOf(recorded: Readonly<Record<string, number | boolean>>): PoolLimits {
  if (Object.keys(recorded).length === 0) return DEFAULT_LIMITS;
  const limits: Record<string, number | boolean> = {};
  for (const [name, fallback] of Object.entries(DEFAULT_LIMITS)) {
    limits[name] = recorded[name] ?? (name === "keepAlive" ? fallback : NEVER);
  }
  return limits as unknown as PoolLimits;
}

function checked(settings: WhatIfSettings): WhatIfSettings {
  for (const [name, value] of Object.entries(settings)) {
    if (name === "http2" || name === "maxStreams") {
      checkStreamSetting(name, value);
      continue;
    }
    if (!(name in DEFAULT_LIMITS)) {
      throw new TypeError(
        `Cannot replay with ${JSON.stringify(name)}: it is not a pool setting; the settings are ${[...Object.keys(DEFAULT_LIMITS), "http2", "maxStreams"].join(", ")}`,
      );
    }
    const good = name === "keepAlive" ? typeof value === "boolean" : typeof value === "number" && value >= 0;
    if (!good) {
      throw new RangeError(
        `Cannot replay with ${String(value)} for ${name}: it must be ${name === "keepAlive" ? "true or false" : "a number, at least 0"}`,
      );
    }
  }
  return settings;
}

function checkStreamSetting(name: "http2" | "maxStreams", value: unknown): void {
  const good = name === "http2" ? typeof value === "boolean" : typeof value === "number" && value >= 1;
  if (good) return;
  const given = typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
  throw new RangeError(
    `Cannot replay with ${given} for ${name}: it must be ${name === "http2" ? "true or false (the limit is the setting maxStreams)" : "a number, at least 1"}`,
  );
}
