import type { IdleLimit } from "./findings.js";
import type { ProbeConnection } from "./probe-connection.js";

/** Waits that many servers' limits lie between, in milliseconds. */
const WAITS = [1_500, 2_500, 4_500, 5_500, 9_500, 14_500, 19_500, 29_500, 39_500, 59_500, 64_500, 74_500];
/** Beyond what the server announced or is seen to do, a little longer is enough. */
const MARGIN = 2_000;

/** The waits to try, each on a connection of its own, for a probe that may wait so long. */
export function waitsUpTo(most: number, announced: number | undefined): number[] {
  const enough = announced === undefined ? most : Math.min(most, announced + MARGIN);
  const before = announced === undefined ? [] : [announced * 0.5, announced * 0.9];
  const waits = [...WAITS, ...before].filter((wait) => wait < enough);
  return [...new Set([...waits.map(Math.round), enough])].sort((a, b) => a - b);
}

interface IdleProbe {
  /** A connection that has just carried an exchange, to be left alone. */
  open(): Promise<ProbeConnection>;
  /** Sends one more request; rejects when the connection does not carry it. */
  ask(connection: ProbeConnection): Promise<void>;
  readonly waits: readonly number[];
  readonly signal?: AbortSignal;
}

/**
 * How long the server keeps idle connections: each connection waits for another time, all of them at once. A close is
 * seen when it comes; at the end of its wait a connection shows whether it still carries a request, which uncovers
 * those that something on the way has forgotten.
 */
export async function probeIdle({ open, ask, waits, signal }: IdleProbe): Promise<IdleLimit> {
  const closedAt: number[] = [];
  let alive = 0;
  let dead = Number.POSITIVE_INFINITY;
  let waited = 0;
  const isOver = (): boolean => signal?.aborted === true;
  await Promise.all(
    waits.map(async (wait) => {
      let connection: ProbeConnection | undefined;
      try {
        connection = await open();
      } catch {
        // One that cannot be made or answered says nothing of how long it would have been kept.
        return;
      }
      const since = performance.now();
      const ended = await connection.endsWithin(wait);
      const age = Math.round((connection.endedAt ?? performance.now()) - since);
      waited = Math.max(waited, age);
      if (ended) closedAt.push(age);
      else if (!isOver()) {
        const carried = await ask(connection).then(
          () => true,
          () => false,
        );
        if (carried) alive = Math.max(alive, age);
        else if (!isOver()) dead = Math.min(dead, age);
      }
      connection.close();
    }),
  );
  return {
    ...(closedAt.length === 0 ? {} : { limit: Math.min(...closedAt) }),
    ...(alive === 0 ? {} : { aliveAfter: alive }),
    ...(Number.isFinite(dead) ? { silentlyDeadAfter: dead } : {}),
    waited,
  };
}
