import { plural, seconds } from "../errors/index.js";
import { familyOf } from "./families.js";
import type { OriginView } from "./origin-view.js";
import type { Finding } from "./report.js";
import { percent, ranked } from "./words.js";

/** Connections at once that a server may well notice. */
const BURST = 50;
/** A connection that carries fewer requests than this was hardly worth its handshake. */
const WORTHWHILE = 3;
const REPEATED = 3;
/** Errors that say that the process or the machine has no more of something. */
export const EXHAUSTED: RegExp = /^(?:EMFILE|ENFILE|EADDRNOTAVAIL|ENOBUFS|EAGAIN)$/;
const CALLED_OFF = /ABORT|CANCEL/i;
/** Milliseconds for a name; a resolver nearby answers in single ones. */
const SLOW_DNS = 50;
const VERY_SLOW_DNS = 200;

export function unboundedBurst(one: OriginView): Finding | undefined {
  const { most, openedFor } = one.facts;
  const open = most.openAtOnce ?? 0;
  const out = exhausted(one);
  if (most.maxConnectionsPerOrigin !== undefined || most.maxConnections !== undefined) return undefined;
  const wanted = open + (out?.count ?? 0);
  if (wanted < BURST) return undefined;
  const busy = openedFor["all-busy"] ?? 0;
  if (one.requests >= WORTHWHILE * one.connections || busy < one.connections / 2) return undefined;
  return one.finding("unbounded-burst", open, busy, {
    severity: out !== undefined || open >= 10 * BURST ? "high" : "medium",
    title:
      out === undefined
        ? `A burst opened ${plural(open, "connection")} at once, with no limit`
        : `A burst of ${plural(wanted, "connection")} at once, with no limit, used up ${out.what}`,
    evidence: [
      `${plural(one.connections, "connection")} for ${plural(one.requests, "request")}`,
      `${busy} dialed because all others were busy`,
      ...(out === undefined ? [] : [out.line]),
    ],
    remedy: `${one.advice.connectionCap(20)}, so that requests wait for a connection instead of opening one`,
    doubt: "If this many concurrent requests are normal and the server can handle them, nothing is wrong.",
  });
}

/** What the system had no more of, where dials failed for it. */
function exhausted(one: OriginView): { count: number; what: string; line: string } | undefined {
  const codes = ranked(one.facts.errors).filter(([name]) => EXHAUSTED.test(name));
  const [first] = codes[0] ?? [];
  if (first === undefined) return undefined;
  const count = codes.reduce((sum, [, times]) => sum + times, 0);
  return {
    count,
    what: EXHAUSTED_WORDS[first] ?? "the system's resources for connections",
    line: codes.map(([name, times]) => `${plural(times, "dial")} failed with ${name}`).join(", "),
  };
}

const EXHAUSTED_WORDS: Readonly<Record<string, string>> = {
  EMFILE: "the process's file descriptors (EMFILE, `ulimit -n`)",
  ENFILE: "the machine's file descriptors (ENFILE)",
  EADDRNOTAVAIL: "the local ports to this destination (EADDRNOTAVAIL)",
  ENOBUFS: "the system's memory for sockets (ENOBUFS)",
  EAGAIN: "the local ports to this destination (EAGAIN)",
};

export function queueing(one: OriginView): Finding | undefined {
  const count = one.count("queued");
  const spent = one.count("queuedMs");
  if (count < REPEATED || spent < count) return undefined;
  const { most } = one.facts;
  const limit = most.maxConnectionsPerOrigin ?? most.maxConnections;
  const single = limit === 1 && one.owner?.type === "Client";
  const name = one.advice.connectionCapName();
  return one.finding("queueing", count, 0, {
    severity: single && one.requests > 0 && count >= one.requests / 2 ? "medium" : "low",
    milliseconds: spent,
    title: single
      ? `${plural(count, "request")} waited for each other on a Client's single connection: ${seconds(spent / count)} on average`
      : `${plural(count, "request")} waited ${seconds(spent / count)} on average because a limit on connections was reached`,
    evidence: [
      `${seconds(spent)} of waiting in all`,
      ...(limit === undefined ? [] : [`the limit is ${plural(limit, "connection")}`]),
      ...(most.demandAtOnce === undefined ? [] : [`up to ${plural(most.demandAtOnce, "request")} at once`]),
    ],
    remedy: single
      ? "Use a Pool, which has several connections, instead of a Client: `new Pool(origin, { connections: 10 })`"
      : `Make fewer requests at once; or, if the server can handle more connections, raise ${name}${limit === undefined ? "" : ` above ${limit}`}`,
    doubt: "This may be intended: a limit protects the server by making requests wait.",
  });
}

export function slowDns(one: OriginView): Finding | undefined {
  const lookups = one.count("dnsLookups");
  const spent = one.count("dnsMs");
  const average = lookups === 0 ? 0 : spent / lookups;
  if (average < (lookups >= REPEATED ? SLOW_DNS : VERY_SLOW_DNS)) return undefined;
  const { origin } = one.facts;
  // Origins beyond those that are counted apart share one entry, which is not a URL.
  const host = URL.canParse(origin) ? new URL(origin).hostname : origin;
  return one.finding("slow-dns", lookups, 0, {
    severity: average >= VERY_SLOW_DNS ? "medium" : "low",
    milliseconds: spent,
    title: `Looking up ${host} takes ${seconds(average)} on average`,
    evidence: [`${plural(lookups, "lookup")} took ${seconds(spent)} in all`],
    remedy:
      familyOf(one.facts.client) === "trunkline"
        ? "Keep connections so that fewer lookups are needed, pass a caching `lookup` to the Transport, use a nearby resolver, or raise UV_THREADPOOL_SIZE if the thread pool is busy"
        : "Keep connections so that fewer lookups are needed, use a caching lookup or a nearby resolver, or raise UV_THREADPOOL_SIZE if the thread pool is busy",
    doubt:
      "The first lookup of a name is the slowest, and a busy thread pool makes a fast resolver look slow.",
  });
}

export function tlsNotResumed(one: OriginView): Finding | undefined {
  const handshakes = one.count("tlsHandshakes");
  // Those that began together had no session to resume yet.
  const could = handshakes - Math.max(1, one.facts.most.dialingAtOnce ?? 1);
  const full = Math.max(0, could - one.count("tlsResumed"));
  if (could < REPEATED || full < could / 2) return undefined;
  return one.finding("tls-not-resumed", full, 0, {
    severity: full >= 20 ? "medium" : "low",
    milliseconds: (full * one.count("tlsMs")) / handshakes / 2,
    title: `${full} of ${plural(handshakes, "TLS handshake")} could have resumed a session but did not`,
    evidence: [
      `${plural(one.count("tlsResumed"), "handshake")} resumed`,
      `${seconds(one.count("tlsMs") / handshakes)} for a handshake on average`,
    ],
    remedy:
      "Have the server issue session tickets, with keys shared between its instances; in the client, share one transport, agent or session, which is where sessions are kept",
    doubt:
      "The client cannot tell which side is the cause; `trunkline probe` shows whether the server resumes sessions.",
  });
}

export function overDialing(one: OriginView): Finding | undefined {
  const { most } = one.facts;
  // Of requests that were called off, for instance as another was faster, the connections are left over.
  const calledOff = one.failures(CALLED_OFF) + one.closed("aborted");
  const unused = Math.max(0, one.count("unused") - calledOff);
  const wasted = unused >= REPEATED && unused >= one.connections / 10;
  const demand = most.demandAtOnce;
  const open = most.openAtOnce ?? 0;
  const excess = demand === undefined ? 0 : open - demand - calledOff;
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
    remedy: one.advice.connectionCap(Math.max(1, demand ?? one.connections - unused)),
    doubt: "Requests that were cancelled while their connections were being made look the same.",
  });
}

/**
 * Dials that the client's own time limit cut off, where most that it cuts off are: then nothing answers there. A few
 * among others only say that the limit is short.
 */
export function cutOffDials(one: OriginView): number {
  const dialing = one.count("timeLimitsDialing");
  return dialing > one.count("timeLimits") / 2 ? dialing : 0;
}

export function dialFailures(one: OriginView): Finding | undefined {
  const cutOff = cutOffDials(one);
  const count = one.count("dialFailures") + cutOff;
  if (count === 0) return undefined;
  const dials = one.connections + count;
  const delayed = one.count("delayedByDials") + cutOff;
  const errors = ranked(one.facts.errors).slice(0, 4);
  return one.finding("dial-failures", count, 0, {
    severity: count >= dials / 2 ? "high" : count >= dials / 20 ? "medium" : "low",
    milliseconds: one.count("dialFailureMs"),
    title: `${count} of ${plural(dials, "dial")} failed (${percent(count / dials)})`,
    evidence: [
      ...errors.map(([name, times]) => `${name}: ${plural(times, "time")}`),
      ...(cutOff > 0
        ? [
            `no connection within the client's own time limit, ${seconds(one.count("timeLimitMs") / one.count("timeLimits"))}: ${plural(cutOff, "time")}`,
          ]
        : []),
      ...(delayed > 0 ? [`${plural(delayed, "request")} failed or waited because of it`] : []),
    ],
    remedy: dialRemedy([...(cutOff > 0 ? ["TIMEOUT"] : []), ...errors.map(([name]) => name)]),
  });
}

/** What to do about a failed dial, by its code. */
const DIAL_WORDS: readonly (readonly [RegExp, string])[] = [
  [
    /^E[MN]FILE$/,
    "Open fewer connections at once and close what you do not need: file descriptors are used up. If you do need that many, raise the limit with `ulimit -n`",
  ],
  [
    /^(?:EADDRNOTAVAIL|EAGAIN)$/,
    "Reuse connections: the local ports for this destination are used up, and each stays blocked for about a minute after its connection closes (TIME_WAIT)",
  ],
  [/^ENOBUFS$/, "Open fewer connections at once: the system has no memory for more"],
  [
    /^ECONNREFUSED$|^ERR_TRUNKLINE_CONNECTION_REFUSED$/,
    "Nothing is listening at this address and port: check both, and that the server is running",
  ],
  [
    /^(?:ENOTFOUND|EAI_AGAIN|ERR_TRUNKLINE_DNS)$/,
    "The name cannot be resolved: check its spelling and the resolver",
  ],
  [
    /^ERR_TRUNKLINE_PROXY_/,
    "The connection to the proxy, or the proxy's to the server, could not be made: the error's message says what the proxy answered",
  ],
  [
    /^ERR_TRUNKLINE_ADDRESS_NOT_ALLOWED$/,
    "This client's own `allowAddress` refuses the address: allow it if it is right",
  ],
  [/^ERR_TRUNKLINE_TLS_OPTIONS$/, "The `tls` options cannot be used: the error's message says which and why"],
  [
    /^ERR_TRUNKLINE_(?:CONNECT_|TLS_)?TIMEOUT$/,
    "There is no answer: check the address, any firewall on the way, and that the server is not overloaded",
  ],
  [
    /TIMEDOUT|TIMEOUT/,
    "There is no answer: check the address, any firewall on the way, and that the server is not overloaded. If a name has several addresses, Node gives each one 250 ms: raise that on slow networks with `net.setDefaultAutoSelectFamilyAttemptTimeout(1000)`",
  ],
  [
    /^E(?:HOST|NET)UNREACH$|^ERR_TRUNKLINE_UNREACHABLE$/,
    "There is no route to the address: check the network and its routes",
  ],
  [
    /^EPROTO$|WRONG_VERSION|UNSUPPORTED_PROTOCOL|TLS_HANDSHAKE$|TLS_ON_PLAIN$/,
    "The TLS handshake failed: check that this port speaks TLS (or is the URL meant to be http://?), and which versions of TLS both sides accept",
  ],
  [
    /ALTNAME|TLS_NAME$/,
    "The certificate is for another name: use the name that it is for, or have the server renew it",
  ],
  [
    /HAS_EXPIRED|NOT_YET_VALID|TLS_EXPIRED$/,
    "The certificate is not valid now: have the server renew it, and check this machine's clock",
  ],
  [
    /CERT|SELF_SIGNED|UNABLE_TO|TLS|SSL/,
    "The certificate is not trusted; the error code says why. Give the client the authority that signed it (`ca`)",
  ],
];

function dialRemedy(codes: readonly string[]): string {
  const words = codes.flatMap((name) => DIAL_WORDS.find(([pattern]) => pattern.test(name))?.[1] ?? []);
  return words.length === 0
    ? "Check the name and the port, and that the server is running; the error code says what went wrong"
    : [...new Set(words)].slice(0, 2).join(". ");
}
