import type { Case } from "./case.js";
import { connectionCap, familyOf } from "./remedies.js";
import type { Finding } from "./report.js";
import { percent, plural, ranked, seconds } from "./words.js";

/** Connections at once that a server may well notice. */
const BURST = 50;
/** A connection that carries fewer requests than this was hardly worth its handshake. */
const WORTHWHILE = 3;
const REPEATED = 3;
/** Milliseconds for a name; a resolver nearby answers in single ones. */
const SLOW_DNS = 50;
const VERY_SLOW_DNS = 200;

export function unboundedBurst(one: Case): Finding | undefined {
  const { most, openedFor, client } = one.facts;
  const open = most.openAtOnce ?? 0;
  if (open < BURST || most.maxConnectionsPerOrigin !== undefined || most.maxConnections !== undefined)
    return undefined;
  const busy = openedFor["all-busy"] ?? 0;
  if (one.requests >= WORTHWHILE * one.connections || busy < one.connections / 2) return undefined;
  return one.finding("unbounded-burst", open, busy, {
    severity: open >= 10 * BURST ? "high" : "medium",
    title: `A burst opened ${plural(open, "connection")} at once, with no limit on them`,
    evidence: [
      `${plural(one.connections, "connection")} for ${plural(one.requests, "request")}`,
      `${busy} dialed as all others were busy`,
    ],
    remedy: `${connectionCap(client, 20)}, so that requests wait for a connection instead of making one`,
    doubt: "If so many requests at once are usual and the server can bear it, nothing is wrong.",
  });
}

export function queueing(one: Case): Finding | undefined {
  const count = one.count("queued");
  const spent = one.count("queuedMs");
  if (count < REPEATED || spent < count) return undefined;
  const { most, client } = one.facts;
  const limit = most.maxConnectionsPerOrigin ?? most.maxConnections;
  return one.finding("queueing", count, 0, {
    severity: one.requests > 0 && count >= one.requests / 2 ? "medium" : "low",
    milliseconds: spent,
    title: `${plural(count, "request")} waited ${seconds(spent / count)} on average as a limit on connections was reached`,
    evidence: [
      `${seconds(spent)} of waiting in all`,
      ...(limit === undefined ? [] : [`the limit is ${plural(limit, "connection")}`]),
    ],
    remedy: `${connectionCap(client, Math.max((limit ?? 1) * 2, most.demandAtOnce ?? 0))}, or fewer requests at once`,
    doubt: "It may be meant: the limit protects the server.",
  });
}

export function slowDns(one: Case): Finding | undefined {
  const lookups = one.count("dnsLookups");
  const spent = one.count("dnsMs");
  const average = lookups === 0 ? 0 : spent / lookups;
  if (average < (lookups >= REPEATED ? SLOW_DNS : VERY_SLOW_DNS)) return undefined;
  const { origin } = one.facts;
  // Origins beyond those that are counted apart share one entry, which is no URL.
  const host = URL.canParse(origin) ? new URL(origin).hostname : origin;
  return one.finding("slow-dns", lookups, 0, {
    severity: average >= VERY_SLOW_DNS ? "medium" : "low",
    milliseconds: spent,
    title: `Looking up ${host} takes ${seconds(average)} on average`,
    evidence: [`${plural(lookups, "lookup")} took ${seconds(spent)} in all`],
    remedy:
      familyOf(one.facts.client) === "trunkline"
        ? "Keep connections so that fewer lookups are needed, or give a caching `lookup` to the Transport; a resolver nearby, or UV_THREADPOOL_SIZE where the thread pool is busy"
        : "Keep connections so that fewer lookups are needed, use a caching lookup or a resolver nearby, or UV_THREADPOOL_SIZE where the thread pool is busy",
    doubt:
      "The first lookup of a name is the slowest; and a busy thread pool makes a fast resolver look slow.",
  });
}

export function tlsNotResumed(one: Case): Finding | undefined {
  const handshakes = one.count("tlsHandshakes");
  // Those that began together had no session to resume yet.
  const could = handshakes - Math.max(1, one.facts.most.dialingAtOnce ?? 1);
  const full = Math.max(0, could - one.count("tlsResumed"));
  if (could < REPEATED || full < could / 2) return undefined;
  return one.finding("tls-not-resumed", full, 0, {
    severity: full >= 20 ? "medium" : "low",
    milliseconds: (full * one.count("tlsMs")) / handshakes / 2,
    title: `${full} of ${plural(handshakes, "TLS handshake")} could have resumed a session and did not`,
    evidence: [
      `${plural(one.count("tlsResumed"), "handshake")} resumed`,
      `${seconds(one.count("tlsMs") / handshakes)} for a handshake on average`,
    ],
    remedy:
      "Let the server issue session tickets, with keys shared between its instances; in the client share one transport, agent or session, as sessions are kept there",
    doubt:
      "Which side is the cause is not known from here; `trunkline probe` tells whether the server resumes.",
  });
}

export function overDialing(one: Case): Finding | undefined {
  const { most, client } = one.facts;
  const unused = one.count("unused");
  const wasted = unused >= REPEATED && unused >= one.connections / 10;
  const demand = most.demandAtOnce;
  const open = most.openAtOnce ?? 0;
  const excess = demand === undefined ? 0 : open - demand;
  const excessive = demand !== undefined && excess >= REPEATED && open >= demand * 1.5;
  if (!wasted && !excessive) return undefined;
  const count = Math.max(wasted ? unused : 0, excessive ? excess : 0);
  return one.finding("over-dialing", count, count, {
    title: wasted
      ? `${plural(unused, "connection")} dialed and never used`
      : `${open} connections at once for ${plural(demand ?? 0, "request")} at once`,
    evidence: [
      ...(wasted ? [`${unused} of ${plural(one.connections, "connection")} carried no request`] : []),
      ...(excessive ? [`up to ${open} open at once, up to ${demand} requests at once`] : []),
    ],
    remedy: connectionCap(client, Math.max(1, demand ?? one.connections - unused)),
    doubt: "Requests that were cancelled while their connections were made look alike.",
  });
}

export function dialFailures(one: Case): Finding | undefined {
  const count = one.count("dialFailures");
  if (count === 0) return undefined;
  const dials = one.connections + count;
  const delayed = one.count("delayedByDials");
  const errors = ranked(one.facts.errors).slice(0, 4);
  return one.finding("dial-failures", count, 0, {
    severity: count >= dials / 2 ? "high" : count >= dials / 20 ? "medium" : "low",
    milliseconds: one.count("dialFailureMs"),
    title: `${count} of ${plural(dials, "dial")} failed (${percent(count / dials)})`,
    evidence: [
      ...errors.map(([name, times]) => `${name}: ${plural(times, "time")}`),
      ...(delayed > 0 ? [`${plural(delayed, "request")} failed or waited because of it`] : []),
    ],
    remedy:
      "Check the name, the port and that the server runs: refused means nobody listens there, timed out that nobody answers, and a TLS error names what is wrong with the certificate",
  });
}
