/** What happens to the bytes of one direction of a connection. */
export interface DirectionFault {
  /** Delays every byte by this many milliseconds; default 0. */
  readonly delay?: number;
  /** Delays each piece by up to this many more milliseconds, at random; the order is kept. Default 0. */
  readonly jitter?: number;
  /** The most bytes a second; default: no limit. */
  readonly rate?: number;
  /** Cuts the bytes into pieces of 1 to this many bytes, each sent on its own; default: pieces as they come. */
  readonly slice?: number;
  /**
   * What happens after `bytes` bytes have passed: `end` closes both sides in an orderly way, `reset` resets both,
   * `half-close` closes this direction only, `stall` passes nothing more but keeps everything open. With `bytes: 0` it
   * happens at the first byte, which does not pass. Default: no limit.
   */
  readonly limit?: { readonly bytes: number; readonly action: "end" | "reset" | "half-close" | "stall" };
}

/** What happens to one connection. */
export interface Fault {
  /** Resets the connection as soon as it is accepted; default false. */
  readonly reset?: boolean;
  /** Accepts the connection and swallows its bytes; the target is never connected. Default false. */
  readonly blackHole?: boolean;
  /** The direction from the client to the target. */
  readonly up?: DirectionFault;
  /** The direction from the target to the client. */
  readonly down?: DirectionFault;
}

/**
 * Makes a random fault for seeded runs: `faults: (_id, random) => randomFault(random)`. A third of them are harmless.
 * Limits are within the first `maxBytes` bytes (default 2,048); all times are below 20 ms.
 */
export const randomFault = (random: () => number, maxBytes = 2048): Fault => {
  const below = (limit: number): number => Math.floor(random() * limit);
  const direction = (): DirectionFault => {
    const endings = ["end", "reset", "half-close", "stall"] as const;
    const kind = below(6);
    if (kind === 0) return { delay: below(10), jitter: below(10) };
    if (kind === 1) return { slice: 1 + below(64) };
    if (kind === 2) return { rate: 50_000 + below(1_000_000) };
    return { limit: { bytes: below(maxBytes + 1), action: endings[below(endings.length)] as "end" } };
  };
  const kind = below(12);
  if (kind < 4) return {};
  if (kind === 4) return { reset: true };
  if (kind === 5) return { blackHole: true };
  if (kind < 8) return { up: direction() };
  if (kind < 11) return { down: direction() };
  return { up: direction(), down: direction() };
};
