/** What is done to the bytes of one direction of a connection. */
export interface DirectionFault {
  /** Milliseconds by which every byte comes later; default 0. */
  readonly delay?: number;
  /** Up to so many milliseconds more, drawn for each piece; order is kept. Default 0. */
  readonly jitter?: number;
  /** Bytes a second at most; default without limit. */
  readonly rate?: number;
  /** Cuts what comes into pieces of 1 to so many bytes, each sent by itself; default: as it comes. */
  readonly slice?: number;
  /**
   * Passes so many bytes and then: closes both sides in order (`end`), resets both (`reset`), closes this direction
   * alone (`half-close`), or passes nothing more while all stays open (`stall`). With `bytes: 0` it waits for the
   * first byte, which it keeps.
   */
  readonly limit?: { readonly bytes: number; readonly action: "end" | "reset" | "half-close" | "stall" };
}

/** What is done to one connection. */
export interface Fault {
  /** Resets the connection as soon as it is accepted. */
  readonly reset?: boolean;
  /** Accepts the connection and takes its bytes, and that is all: the target never hears of it. */
  readonly blackHole?: boolean;
  /** From the client to the target. */
  readonly up?: DirectionFault;
  /** From the target to the client. */
  readonly down?: DirectionFault;
}

/**
 * A fault drawn at random, a third of them harmless, for seeded runs: `faults: (_id, random) => randomFault(random)`.
 * Limits fall within the first `maxBytes` bytes; all times are below 20 ms.
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
