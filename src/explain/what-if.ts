import type { PoolLimits } from "../pool/index.js";
import type { Recording } from "../trace/index.js";
import { demandOf } from "./demand.js";
import { simulate } from "./simulation.js";
import { plural } from "./words.js";

/** The settings that a replay can change: those of the pool, under their names in `TransportOptions`. */
export type WhatIfSettings = Partial<PoolLimits>;

/** What a replay found. */
export interface WhatIf {
  readonly settings: WhatIfSettings;
  readonly requests: number;
  /** Connections that were opened, failed dials left out. */
  readonly actualDials: number;
  /** What the model gives for the settings of the recording: how far this is from the actual figure tells how far to trust it. */
  readonly modelledDials: number;
  /** What the model gives for the settings asked about. */
  readonly predictedDials: number;
  /** Requests that would have waited because of a limit, and the milliseconds. */
  readonly queued: number;
  readonly queuedMs: number;
  /** Requests that would have been refused by `maxWaiting` or `queueTimeout`. */
  readonly refused: number;
  /** Whether records are missing that the recorder had to forget, so that the figures are about a part. */
  readonly partial: boolean;
}

/**
 * The recorded demand, replayed through the pool's own state machine with other settings.
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
 * - What the recorder has forgotten is not there: see `partial`.
 *
 * @throws TypeError for a name that is no setting of the pool; RangeError for a value out of range.
 */
export function whatIf(recording: Recording, settings: WhatIfSettings): WhatIf {
  const demand = demandOf(recording);
  const recorded = limitsOf(recording.limits ?? {});
  const wanted: PoolLimits = { ...recorded, ...checked(settings) };
  const modelled = simulate(demand, recorded);
  const predicted = simulate(demand, wanted);
  const { dropped } = recording;
  return {
    settings,
    requests: demand.requests.length,
    actualDials: recording.connections.filter((record) => record.protocol !== undefined).length,
    modelledDials: modelled.dials,
    predictedDials: predicted.dials,
    queued: predicted.queued,
    queuedMs: predicted.queuedMs,
    refused: predicted.refused,
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
      ? `With ${settings}, ${saved} of ${plural(result.modelledDials, "dial")} would have been reuses: ${result.predictedDials} would be left.`
      : saved < 0
        ? `With ${settings}, there would have been ${plural(-saved, "dial")} more: ${result.predictedDials} in place of ${result.modelledDials}.`
        : `With ${settings}, there would have been as many dials: ${result.predictedDials}.`,
  ];
  if (result.queued > 0) {
    lines.push(
      `${plural(result.queued, "request")} would have waited for a connection, ${(result.queuedMs / result.queued).toFixed(1)} ms on average.`,
    );
  }
  if (result.refused > 0) lines.push(`${plural(result.refused, "request")} would have been refused.`);
  lines.push(
    `In fact ${plural(result.actualDials, "connection")} ${result.actualDials === 1 ? "was" : "were"} opened for ${plural(result.requests, "request")}; the model gives ${result.modelledDials} for the settings of the recording.`,
  );
  if (result.partial)
    lines.push("The recorder had to forget records, so this is about the part that is left.");
  return lines.join("\n");
}

const NEVER = Number.POSITIVE_INFINITY;

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
    if (!(name in DEFAULTS)) {
      throw new TypeError(
        `Cannot replay with ${JSON.stringify(name)} as it is no setting of the pool; those are ${Object.keys(DEFAULTS).join(", ")}`,
      );
    }
    const good = name === "keepAlive" ? typeof value === "boolean" : typeof value === "number" && value >= 0;
    if (!good) {
      throw new RangeError(
        `Cannot replay with ${String(value)} for ${name} as it must be ${name === "keepAlive" ? "true or false" : "a number, at least 0"}`,
      );
    }
  }
  return settings;
}
