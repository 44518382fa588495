import type { Counts, PoolRoute } from "./entities/index.js";

/** The figures of {@link Counts}, as plain data. */
export type CountsRecord = Readonly<Omit<Counts, "open">>;

/** What a pool holds at one moment. `route` is the route's key. */
export interface PoolSnapshot {
  readonly totals: CountsRecord;
  readonly origins: readonly ({ readonly origin: string; readonly route: string } & CountsRecord)[];
}

/** Copies the figures, leaving out routes that were never used. */
export function takeSnapshot<O>(totals: Counts, routes: Iterable<PoolRoute<O>>): PoolSnapshot {
  const origins: ({ origin: string; route: string } & CountsRecord)[] = [];
  for (const { origin, key, counts } of routes) {
    if (counts.opened + counts.waiting > 0) origins.push({ origin, route: key, ...counts });
  }
  return { totals: { ...totals }, origins };
}
