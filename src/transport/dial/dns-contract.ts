/**
 * Turns on a cache of names; without it the system resolves each dial's name. Times are milliseconds.
 *
 * The answers come from DNS servers directly, since only those have a time to live; a name that they do not know, one
 * without a dot, and `.local` and `.localhost` are asked of the system (the hosts file, mDNS). With the option
 * `lookup`, the answers are that function's.
 */
export interface DnsOptions {
  /** `address` or `address:port` of the DNS servers; default: the system's. Not with `lookup`. */
  readonly servers?: readonly string[];
  /** An answer is kept for its time to live, but at least so long; default 1,000. */
  readonly minTtl?: number;
  /** And at most so long; default 300,000. */
  readonly maxTtl?: number;
  /** For answers without a time to live: the system's and those of `lookup`; default 10,000. */
  readonly defaultTtl?: number;
  /** For "there is no such name"; default 5,000. Other failures are not kept. */
  readonly negativeTtl?: number;
  /** Names kept at most, the ones used last; default 1,024. */
  readonly maxNames?: number;
  /**
   * Whether the names of open connections are resolved again as their answers expire, and connections to an address
   * that is absent from two answers in a row take no more requests (`address-gone`); default true.
   */
  readonly retire?: boolean;
}

/** {@link DnsOptions} with the defaults filled in. */
export type DnsSettings = Required<Omit<DnsOptions, "servers">> & Pick<DnsOptions, "servers">;

/** An answer: addresses, and for how many seconds they are good, where the source knows. */
export interface DnsAnswer {
  readonly addresses: readonly { readonly address: string; readonly family: number }[];
  readonly ttl: number | undefined;
  /** The family whose addresses are not known, as its answer failed or is late. */
  readonly lacks?: 4 | 6 | undefined;
}
