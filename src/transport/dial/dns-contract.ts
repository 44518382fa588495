/**
 * Settings of the name cache. Without the option `dns` there is no cache: the system resolves the name for each dial.
 * Times are milliseconds.
 *
 * The answers come from DNS servers directly, because only their answers have a time to live. The system (hosts file,
 * mDNS) is asked for names the servers do not know, names without a dot, `.local` and `.localhost`. With the option
 * `lookup`, the answers come from that function.
 */
export interface DnsOptions {
  /** The DNS servers, as `address` or `address:port`; default: the system's. Not allowed with `lookup`. */
  readonly servers?: readonly string[];
  /** The shortest time to keep an answer, whatever its time to live; default 1,000. */
  readonly minTtl?: number;
  /** The longest time to keep an answer; default 300,000. */
  readonly maxTtl?: number;
  /** How long to keep answers without a time to live: the system's, and those of `lookup`; default 10,000. */
  readonly defaultTtl?: number;
  /** How long to remember that a name does not exist; default 5,000. Other failures are not kept. */
  readonly negativeTtl?: number;
  /** The most names to keep; the least recently used go first. Default 1,024. */
  readonly maxNames?: number;
  /**
   * Whether to resolve the names of open connections again when their answers expire, and to retire connections
   * (`address-gone`) whose address is missing from two answers in a row; default true.
   */
  readonly retire?: boolean;
}

/** {@link DnsOptions} with the defaults filled in. */
export type DnsSettings = Required<Omit<DnsOptions, "servers">> & Pick<DnsOptions, "servers">;

/** An answer: addresses, and for how many seconds they are good, where the source knows. */
export interface DnsAnswer {
  readonly addresses: readonly { readonly address: string; readonly family: number }[];
  readonly ttl: number | undefined;
  /** The family whose addresses are not known, because its answer failed or is late. */
  readonly lacks?: 4 | 6 | undefined;
}
