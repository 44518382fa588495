import { plural, seconds } from "../errors/index.js";
import { ASSUMED_STREAMS } from "../pool/index.js";
import type { Facts, OriginFacts } from "./facts.js";
import type { OriginView } from "./origin-view.js";
import type { Finding } from "./report.js";
import { percent, ranked } from "./words.js";

// What goes wrong where requests share connections, or could.

const REPEATED = 3;
/** Connections at once that are worth a thought. */
const SEVERAL = 5;

export function streamLimit(one: OriginView): Finding | undefined {
  const waits = one.count("streamWaits");
  const spent = one.count("streamWaitMs");
  const dials = one.facts.openedFor["streams-full"] ?? 0;
  const count = Math.max(waits, dials);
  if (count < REPEATED) return undefined;
  const { least, most } = one.facts;
  const { streamLimit: limit } = least;
  const own = most.maxStreams !== undefined && (limit === undefined || most.maxStreams <= limit);
  return one.finding("stream-limit", count, dials, {
    severity: waits > 0 && spent / waits >= 100 ? "medium" : "low",
    milliseconds: spent,
    title: `${plural(count, "request")} found every HTTP/2 connection full${limit === undefined ? "" : `: ${own ? "http2.maxStreams allows" : "the server allows"} ${limit} at once on one`}`,
    evidence: [
      ...(waits > 0 ? [`${plural(waits, "request")} waited ${seconds(spent / waits)} on average`] : []),
      ...(dials > 0 ? [`${plural(dials, "connection")} dialed because all others were full`] : []),
      ...(most.streamsAtOnce === undefined ? [] : [`up to ${plural(most.streamsAtOnce, "request")} at once`]),
    ],
    remedy: own
      ? `Set http2.maxStreams higher than ${most.maxStreams}, or remove it, so that only the server's limit holds`
      : "Raise the server's limit (SETTINGS_MAX_CONCURRENT_STREAMS: `http2_max_concurrent_streams` in nginx, `settings: { maxConcurrentStreams }` in Node, `MaxConcurrentStreams` in Go), or send fewer requests at once",
    doubt:
      "The limit protects the server, and clients open more connections to get past it: if these are few, nothing is wrong.",
  });
}

export function serverResets(one: OriginView): Finding | undefined {
  const { resets } = one;
  const refused = one.count("streamsRefused");
  const count = resets + refused;
  if (count < REPEATED) return undefined;
  const codes = ranked(one.facts.resets ?? {});
  const share = count / Math.max(1, one.requests);
  return one.finding("server-resets", count, 0, {
    severity: resets >= one.requests / 2 ? "high" : share >= 0.05 ? "medium" : "low",
    // What is refused goes out again, and may be refused again.
    title:
      count <= one.requests
        ? `The server reset ${count} of ${plural(one.requests, "request")} (${percent(share)})`
        : `The server reset ${plural(count, "stream")}: ${plural(one.requests, "request")} went out again and again`,
    evidence: [
      ...codes.slice(0, 4).map(([code, times]) => `${code}: ${plural(times, "time")}`),
      ...(refused > 0
        ? [`REFUSED_STREAM: ${plural(refused, "time")}, before the request was processed`]
        : []),
    ],
    remedy: resetRemedy(codes[0]?.[0] ?? "REFUSED_STREAM", one.facts.least.streamLimit),
    doubt:
      "The code is what the server, or a proxy in front of it, says; the reason is in its log. Refused requests were retried.",
  });
}

const RESET_WORDS: Readonly<Record<string, string>> = {
  REFUSED_STREAM:
    "The server accepts fewer requests at once than it announces, or is overloaded: lower `http2.maxStreams`, or find out what it is short of",
  ENHANCE_YOUR_CALM:
    "The server says that this client asks too much of it: send fewer requests at once, and cancel fewer",
  HTTP_1_1_REQUIRED:
    "The server wants HTTP/1.1 for these requests, and they were retried over it; `http2: false` saves the detour",
  CANCEL:
    "Usually a time limit of the server, or of a proxy in front of it: raise the limit (`proxy_read_timeout` in nginx), or make the server answer sooner",
};

function resetRemedy(code: string, limit: number | undefined): string {
  if (code === "REFUSED_STREAM" && limit === 0) {
    return "The server allows no requests at all (SETTINGS_MAX_CONCURRENT_STREAMS of 0): find out what it is short of; no client setting helps";
  }
  return (
    RESET_WORDS[code] ??
    "Check the logs of the server, and of the proxy in front of it, at that time; no client setting helps"
  );
}

export function severalConnections(one: OriginView): Finding | undefined {
  const { most, least, openedFor } = one.facts;
  const { http2AtOnce = 0, streamsAtOnce = 0 } = most;
  const limit = least.streamLimit ?? ASSUMED_STREAMS;
  const needed = Math.max(1, Math.ceil(streamsAtOnce / limit));
  const spare = http2AtOnce - needed;
  if (spare < 1 || (openedFor["streams-full"] ?? 0) > 0 || (openedFor.retry ?? 0) > 0) return undefined;
  if (one.count("streamsRefused") > 0) return undefined;
  // What a package opens beside its first, as a reserve or to ask for the protocol, the user cannot change.
  if (spare < SEVERAL && /[\\/]node_modules[\\/]/.test(one.owner?.site ?? "")) return undefined;
  return one.finding("several-connections", spare, spare, {
    title: `${plural(http2AtOnce, "HTTP/2 connection")} at once, although ${needed === 1 ? "one" : needed} would be enough`,
    evidence: [
      `up to ${plural(streamsAtOnce, "request")} at once in total, and each connection can carry ${least.streamLimit === undefined ? `about ${ASSUMED_STREAMS}` : limit}`,
    ],
    remedy: one.advice.oneConnection(),
    doubt:
      "This may be intended: several connections spread load over several servers, and one lost packet delays fewer requests.",
  });
}

export function http2WouldDo(one: OriginView): Finding | undefined {
  const without = one.count("withoutHttp2");
  const atOnce = Math.min(without, one.facts.most.openAtOnce ?? 0);
  if (atOnce < SEVERAL || one.count("http2Connections") > 0) return undefined;
  return one.finding("http2-would-do", without, atOnce - 1, {
    severity: "low",
    title: `${atOnce} connections at once without HTTP/2, which would need only one`,
    evidence: [
      `${plural(without, "TLS connection")} for ${plural(one.requests, "request")}, on which the client offered only HTTP/1.1`,
      ...(one.count("tlsMs") > 0 ? [`${seconds(one.count("tlsMs"))} spent on TLS handshakes`] : []),
    ],
    remedy: one.advice.http2On(),
    doubt: `Whether the server speaks HTTP/2 is not known: \`trunkline probe ${one.facts.origin}\` finds out.`,
  });
}

/** Origins of one client that were reached at one address with one certificate. */
export function coalescing({ origins }: Facts): Finding[] {
  const groups = new Map<string, OriginFacts[]>();
  for (const facts of origins) {
    for (const endpoint of Object.keys(facts.endpoints ?? {})) {
      const key = `${facts.client}\n${endpoint}`;
      groups.set(key, [...(groups.get(key) ?? []), facts]);
    }
  }
  const found: Finding[] = [];
  for (const [key, group] of groups) {
    const spared = group.length - 1;
    if (spared < 2) continue;
    const [client = "", endpoint = ""] = key.split("\n");
    const names = group.map(({ origin }) => origin).sort();
    found.push({
      kind: "coalescing",
      severity: "low",
      count: group.length,
      cost: { connections: spared, milliseconds: 0 },
      title: `${group.length} origins lead to one server with one certificate, each over its own connection${client === "trunkline" ? "" : ` (${client})`}`,
      evidence: [
        `${names.slice(0, 5).join(", ")}${names.length > 5 ? ` and ${names.length - 5} more` : ""}`,
        `all at ${endpoint}`,
      ],
      remedy:
        client === "trunkline"
          ? "Let these origins share a connection: `new Transport({ http2: { coalesce: true } })`, if the server answers for each of these names on any of its connections; otherwise use one host name for all of them"
          : "Use one host name for all of them, if the server answers the same under it: then they share a connection",
      doubt:
        "The server may choose by the name in the TLS handshake, and refuse other names on that connection (421).",
    });
  }
  return found;
}
