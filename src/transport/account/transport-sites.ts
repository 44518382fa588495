import type { ClientFacts, ModuleFacts } from "../../explain/index.js";
import { packageRoot, userFrame } from "./call-site.js";

/** What is known of the transports made at one place. */
export interface TransportSite {
  readonly site: string | undefined;
  transports: number;
  requests: number;
}

const sites = new Map<string, TransportSite>();
/** So many transports from one place… */
const SUSPICIOUS_TRANSPORTS = 16;
/** …with fewer requests each than this are a transport per request. */
const SUSPICIOUS_REQUESTS = 2;
const MAX_SITES = 256;
let warned = false;

/**
 * Counts a new transport at the place in the user's code that made it, and warns once when that place makes one
 * for each request: such transports can reuse nothing, and leave their connections open.
 */
export function noteTransport(): TransportSite {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, noteTransport);
  const site = userFrame(holder.stack);
  if (site === undefined) return { site, transports: 1, requests: 0 };
  let known = sites.get(site);
  if (known === undefined) {
    known = { site, transports: 0, requests: 0 };
    if (sites.size < MAX_SITES) sites.set(site, known);
  }
  known.transports += 1;
  if (
    !warned &&
    known.transports >= SUSPICIOUS_TRANSPORTS &&
    known.requests < known.transports * SUSPICIOUS_REQUESTS
  ) {
    warned = true;
    process.emitWarning(
      `${known.transports} Transports were made at ${site} for ${known.requests} requests. A Transport owns its connections: make one and share it, or omit it so that every Client uses defaultTransport`,
      { code: "TRUNKLINE_TRANSPORT_PER_REQUEST", type: "TrunklineWarning" },
    );
  }
  return known;
}

/** The places of this process that make transports, and the copies of this package it has loaded: for the report. */
export function transportFacts(): { clients: ClientFacts[]; modules: ModuleFacts[] } {
  const clients = [...sites.values()].map(({ site, transports, requests }) => ({
    process: processName,
    client: "trunkline",
    type: "Transport",
    ...(site === undefined ? {} : { site }),
    created: transports,
    requests,
  }));
  return { clients, modules: [...copies].map((path) => ({ process: processName, name: "trunkline", path })) };
}

/** Tells this process from others, also from an earlier one with the same id. */
const processName = `${process.pid}@${Math.round(performance.timeOrigin)}`;

// Shared by all copies of the package, which is how one learns of the others.
const copiesKey = Symbol.for("trunkline.copies");
const registry = globalThis as { [copiesKey]?: Set<string> };
const copies: Set<string> = (registry[copiesKey] ??= new Set());
copies.add(packageRoot);
