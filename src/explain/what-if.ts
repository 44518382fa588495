import type { PoolLimits } from "../pool/index.js";
import type { Recording } from "../trace/index.js";
import { simulate } from "./simulation.js";
import { plural } from "./words.js";
import { type Workload, workloadOf } from "./workload.js";

/** The settings that a replay can change: those of the pool, under their names in `TransportOptions`, and of HTTP/2. */
export interface WhatIfSettings extends Partial<PoolLimits> {
  /** Whether HTTP/2 is spoken where the server has it. */
  readonly http2?: boolean;
  /** The most requests at a time on a connection of HTTP/2, beside the server's limit. */
  readonly maxStreams?: number;
}

/** What a replay found. */
export interface WhatIf {
  /** The pool settings that were tried. */
  readonly settings: WhatIfSettings;
  /** Requests in the recording. */
  readonly requests: number;
  /** Connections that were opened, failed dials left out. */
  readonly actualDials: number;
  /** What the model gives for the settings of the recording: how far this is from the actual figure tells how far to trust it. */
  readonly modelledDials: number;
  /** What the model gives for the settings asked about. */
  readonly predictedDials: number;
  /** Requests that would have waited because of a limit, and the milliseconds. */
  readonly queued: number;
  /** Milliseconds that requests would have waited for a connection, all together. */
  readonly queuedMs: number;
  /** Requests that would have been refused by `maxWaiting` or `queueTimeout`. */
  readonly refused: number;
  /** The origins that are taken to speak HTTP/2 though the recording cannot show it: it was not offered to them. */
  readonly assumedHttp2: readonly string[];
  /** Whether records are missing that the recorder had to forget, so that the figures are about a part. */
  readonly partial: boolean;
}

/**
 * The recorded workload, replayed through the pool's own state machine with other settings.
 *
 * The model:
 * - A request that was made within 1 ms after another's end, with no other end in between, is taken for one that
 *   waited for it, and follows it: a caller that makes one request after the other. So does a batch that begins within
 *   5 ms of the end of all before it. All others come at the time they came.
 * - A request holds its connection as long as it did. A server slowed down by more requests at once is not modelled.
 * - A dial takes the median of the origin's recorded dials, and succeeds.
 * - A connection that ended with its request for a reason of the server's or the caller's does so again. Idle
 *   connections are ended by the server at the shortest idle age at which it did so in the recording.
 * - Requests by POST and PATCH are taken for such as cannot be sent twice.
 * - An origin that spoke HTTP/2 does so again, with the limit on requests at a time that was recorded. With `http2:
 *   false` its requests have a connection each, and one that was abandoned costs its connection. Where HTTP/2 was off,
 *   `http2: true` takes all `https:` origins to speak it, with 100 requests at a time: see `assumedHttp2`.
 * - A server's GOAWAY is not replayed.
 * - What the recorder has forgotten is not there: see `partial`.
 *
 * @throws TypeError for a name that is no setting of the pool; RangeError for a value out of range.
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

/** The finding of a replay, in sentences. */
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
      `It is taken for granted that ${named}${rest > 0 ? ` and ${rest} more` : ""} ${result.assumedHttp2.length === 1 ? "speaks" : "speak"} HTTP/2, ${USUAL_STREAMS} requests at a time: \`trunkline probe\` tells.`,
    );
  }
  if (result.partial) lines.push("The recorder had to discard records, so this covers only the rest.");
  return lines.join("\n");
}

const NEVER = Number.POSITIVE_INFINITY;
/** What a server of HTTP/2 is taken to allow that was never asked. */
const USUAL_STREAMS = 100;

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
      limits.set(origin, Math.min(USUAL_STREAMS, wanted.maxStreams));
    }
  }
  return { streamsOf: (origin) => limits.get(origin), assumed: [...assumed] };
}

/** The pool's settings where nothing is given, as a `Transport` has them. */
const DEFAULTS: PoolLimits = {
  maxConnections: NEVER,
  maxConnectionsPerOrigin: NEVER,
  maxIdleConnections: 1024,
  maxIdleConnectionsPerOrigin: 1024,
  maxDialingPerOrigin: 64,
  maxWaiting: NEVER,
  queueTimeout: NEVER,
  idleTimeout: 55_000,
  maxConnectionAge: NEVER,
  maxRequestsPerConnection: NEVER,
  keepAlive: true,
};

/** The limits of a recording: what is not named is not limited. */
function limitsOf(recorded: Readonly<Record<string, number | boolean>>): PoolLimits {
  if (Object.keys(recorded).length === 0) return DEFAULTS;
  const limits: Record<string, number | boolean> = {};
  for (const [name, fallback] of Object.entries(DEFAULTS)) {
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
    if (!(name in DEFAULTS)) {
      throw new TypeError(
        `Cannot replay with ${JSON.stringify(name)}: it is not a pool setting; the settings are ${[...Object.keys(DEFAULTS), "http2", "maxStreams"].join(", ")}`,
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
  throw new RangeError(
    `Cannot replay with ${String(value)} for ${name}: it must be ${name === "http2" ? "true or false" : "a number, at least 1"}`,
  );
}
