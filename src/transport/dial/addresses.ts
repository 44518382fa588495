import type { LookupAddress } from "node:dns";

/** How long an address that failed is tried after the others. */
export const FAILURE_MEMORY_MS = 60_000;
/** Failed addresses remembered at once. */
export const MAX_FAILED_ADDRESSES = 512;

/**
 * The order of RFC 8305 section 4: families take turns, beginning with the family of the resolver's first
 * address, each family in the resolver's order.
 */
export function interleaveFamilies(addresses: readonly LookupAddress[]): LookupAddress[] {
  const first = addresses.filter((address) => address.family === addresses[0]?.family);
  const second = addresses.filter((address) => address.family !== addresses[0]?.family);
  const order: LookupAddress[] = [];
  for (let index = 0; index < Math.max(first.length, second.length); index++) {
    const one = first[index];
    const other = second[index];
    if (one !== undefined) order.push(one);
    if (other !== undefined) order.push(other);
  }
  return order;
}

/** What a lookup gave, for a trace. */
export function resolved(
  host: string,
  error: unknown,
  addresses: readonly LookupAddress[],
): { host: string; addresses: string[]; error?: unknown } {
  return {
    host,
    addresses: addresses.map(({ address }) => address),
    ...(error === undefined ? {} : { error }),
  };
}

/** Addresses that failed lately, so that the next dial does not wait for them again. */
export class FailedAddresses {
  readonly #failedAt = new Map<string, number>();

  failed(address: string, port: number, now: number): void {
    const key = `${address} ${port}`;
    this.#failedAt.delete(key);
    this.#failedAt.set(key, now);
    if (this.#failedAt.size > MAX_FAILED_ADDRESSES) {
      for (const oldest of this.#failedAt.keys()) {
        this.#failedAt.delete(oldest);
        break;
      }
    }
  }

  connected(address: string, port: number): void {
    this.#failedAt.delete(`${address} ${port}`);
  }

  /** The same addresses, those that failed lately last; otherwise the order stays. */
  order(addresses: readonly LookupAddress[], port: number, now: number): LookupAddress[] {
    if (this.#failedAt.size === 0) return [...addresses];
    const good: LookupAddress[] = [];
    const bad: LookupAddress[] = [];
    for (const address of addresses) {
      const failedAt = this.#failedAt.get(`${address.address} ${port}`);
      (failedAt !== undefined && now - failedAt < FAILURE_MEMORY_MS ? bad : good).push(address);
    }
    return [...good, ...bad];
  }

  clear(): void {
    this.#failedAt.clear();
  }
}
