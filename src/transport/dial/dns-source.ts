import type { LookupAddress } from "node:dns";
import { codeOf } from "../../errors/index.js";
import type { DnsAnswer } from "./dns-contract.js";

type Done = (error: unknown, answer: DnsAnswer) => void;
/** Answers without a time to live: the system's. */
type SystemLookup = (
  host: string,
  done: (error: unknown, addresses: readonly LookupAddress[]) => void,
) => void;
type Records = readonly { readonly address: string; readonly ttl: number }[];
type Query = (
  host: string,
  options: { readonly ttl: true },
  done: (error: unknown, records: Records | undefined) => void,
) => void;

/** The part of `dns.Resolver` that is needed. */
export interface DnsQueries {
  readonly resolve4: Query;
  readonly resolve6: Query;
  /** Gives up what was not answered: it would keep the process alive. */
  cancel?(): void;
}

// The hosts file, mDNS and the search list are the system's, and no DNS server knows them.
const SYSTEM_NAME = /^[^.]*\.?$|\.(?:local|localhost)\.?$/i;

/** DNS servers asked directly, by Node's own resolver; one for each name, since it gives up all its queries or none. */
export function dnsQueries(servers: readonly string[] | undefined): DnsQueries {
  const { Resolver } = process.getBuiltinModule("node:dns");
  const resolver = new Resolver();
  if (servers !== undefined) resolver.setServers(servers);
  return {
    resolve4: (host, options, done) => resolver.resolve4(host, options, done),
    resolve6: (host, options, done) => resolver.resolve6(host, options, done),
    cancel: () => resolver.cancel(),
  };
}

/** How long a name's IPv4 addresses wait for the others (RFC 8305 §3, "Resolution Delay"). */
const WAIT_FOR_IPV6 = 50;
/** The other way round: with IPv6 that leads nowhere, which is common, there would be nothing to turn to. */
const WAIT_FOR_IPV4 = 1_000;

/** Calls back later, unless the returned function is called first. */
export type Later = (callback: () => void, milliseconds: number) => () => void;

/**
 * Asks for both families at once; an answer of one is enough, and waits for the other a little. The time to live is the
 * least of all records. What DNS does not answer goes to the system. Where that fails too, and a server only failed for
 * now, the server's failure is the one that is told: it does not say that there is no such name.
 */
export function askDns(
  queries: DnsQueries,
  system: SystemLookup,
  later: Later,
  host: string,
  family: 0 | 4 | 6,
  done: Done,
): void {
  let brokenBy: unknown;
  const askSystem = (): void =>
    system(host, (error, addresses) => {
      const failed = error !== undefined || addresses.length === 0;
      done(failed && brokenBy !== undefined ? brokenBy : error, { addresses, ttl: undefined });
    });
  if (SYSTEM_NAME.test(host)) {
    askSystem();
    return;
  }
  const open = new Set<4 | 6>(family === 0 ? [6, 4] : [family]);
  const found: Record<4 | 6, LookupAddress[]> = { 6: [], 4: [] };
  let lacks: 4 | 6 | undefined;
  let ttl = Number.POSITIVE_INFINITY;
  let over = false;
  let stopWaiting: (() => void) | undefined;
  const finish = (): void => {
    if (over) return;
    over = true;
    stopWaiting?.();
    if (open.size > 0) queries.cancel?.();
    const addresses = [...found[6], ...found[4]];
    if (addresses.length === 0) askSystem();
    // Half an answer that failed is worth using, and not worth keeping for long.
    else done(undefined, { addresses, ttl: brokenBy === undefined ? ttl : 0, lacks: lacks ?? [...open][0] });
  };
  const land = (version: 4 | 6, error: unknown, records: Records | undefined): void => {
    if (over) return;
    open.delete(version);
    const code = codeOf(error);
    if (error !== null && error !== undefined && code !== "ENODATA" && code !== "ENOTFOUND") {
      brokenBy ??= error;
      lacks = version;
    }
    for (const { address, ttl: seconds } of records ?? []) {
      found[version].push({ address, family: version });
      ttl = Math.min(ttl, seconds);
    }
    if (open.size === 0) finish();
    else if (found[version].length > 0)
      stopWaiting = later(finish, version === 4 ? WAIT_FOR_IPV6 : WAIT_FOR_IPV4);
  };
  if (open.has(6)) queries.resolve6(host, { ttl: true }, (error, records) => land(6, error, records));
  if (family !== 6) queries.resolve4(host, { ttl: true }, (error, records) => land(4, error, records));
}
