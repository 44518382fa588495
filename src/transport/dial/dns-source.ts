import type { LookupAddress } from "node:dns";
import type { DnsAnswer } from "./dns-contract.js";
import { codeOf } from "./outcome.js";

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
}

// The hosts file, mDNS and the search list are the system's, and no DNS server knows them.
const SYSTEM_NAME = /^[^.]*\.?$|\.(?:local|localhost)\.?$/i;

/** DNS servers asked directly, by Node's own resolver. */
export function dnsQueries(servers: readonly string[] | undefined): DnsQueries {
  const { Resolver } = process.getBuiltinModule("node:dns");
  const resolver = new Resolver();
  if (servers !== undefined) resolver.setServers(servers);
  return {
    resolve4: (host, options, done) => resolver.resolve4(host, options, done),
    resolve6: (host, options, done) => resolver.resolve6(host, options, done),
  };
}

/**
 * Asks for both families at once; an answer of one is enough, and its time to live the least of all records. What DNS
 * does not answer goes to the system, whose failure is the one that is told.
 */
export function askDns(
  queries: DnsQueries,
  system: SystemLookup,
  host: string,
  family: 0 | 4 | 6,
  done: Done,
): void {
  const askSystem = (): void =>
    system(host, (error, addresses) => done(error, { addresses, ttl: undefined }));
  if (SYSTEM_NAME.test(host)) {
    askSystem();
    return;
  }
  const found: LookupAddress[][] = [[], []];
  let ttl = Number.POSITIVE_INFINITY;
  let open = family === 0 ? 2 : 1;
  let brokenBy: unknown;
  const land =
    (version: 4 | 6) =>
    (error: unknown, records: Records | undefined): void => {
      if (error !== null && error !== undefined && codeOf(error) !== "ENODATA") brokenBy ??= error;
      for (const record of records ?? []) {
        (found[version === 6 ? 0 : 1] as LookupAddress[]).push({ address: record.address, family: version });
        ttl = Math.min(ttl, record.ttl);
      }
      open -= 1;
      if (open > 0) return;
      const addresses = found.flat();
      if (addresses.length === 0) askSystem();
      // Half an answer is worth using, and not worth keeping for long.
      else done(undefined, { addresses, ttl: brokenBy === undefined ? ttl : 0 });
    };
  if (family !== 4) queries.resolve6(host, { ttl: true }, land(6));
  if (family !== 6) queries.resolve4(host, { ttl: true }, land(4));
}
