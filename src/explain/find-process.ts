import { plural } from "../errors/index.js";
import { Advice } from "./advice.js";
import { type ClientFacts, type Facts, type OriginFacts, ownerKey, type ProcessFacts } from "./facts.js";
import { EXHAUSTED } from "./find-dials.js";
import type { Finding } from "./report.js";
import { rounded } from "./words.js";

/** So many made at one place… */
const MANY = 5;
/** …for no more requests each than this: nothing can be reused. */
const REQUESTS_EACH = 2;

/** Below this, hardly any request found a connection that another had left. */
const HARDLY_ANY = 1.2;

/** Transports, agents, pools or sessions made for each request, by the place that makes them. */
export function clientPerRequest(all: Facts): Finding[] {
  const places = new Map<string, ClientFacts>();
  for (const facts of all.clients) {
    // Judged by process: a program that makes one and ends is not a fault, however often it runs.
    if (
      facts.created < MANY ||
      facts.requests < facts.created / 2 ||
      facts.requests > facts.created * REQUESTS_EACH
    )
      continue;
    const key = `${facts.client}\n${facts.type}\n${facts.site ?? ""}`;
    const known = places.get(key);
    places.set(
      key,
      known === undefined
        ? facts
        : { ...facts, created: known.created + facts.created, requests: known.requests + facts.requests },
    );
  }
  const handshake = averageHandshake(all.origins);
  return [...places.values()].map((facts) => {
    const spared = Math.max(0, Math.min(facts.created, facts.requests) - 1);
    const lost = facts.requests <= facts.created * HARDLY_ANY ? "none can be reused" : "none can be shared";
    const failures = all.origins.reduce(
      (sum, one) => sum + exhaustedAt(one, one.owners?.[ownerKey(facts)] !== undefined),
      0,
    );
    const made = facts.madeIn === undefined ? "made" : `made inside ${facts.madeIn}`;
    return {
      kind: "client-per-request",
      severity: facts.created >= 10 ? "high" : "medium",
      count: facts.created,
      cost: { connections: spared, milliseconds: rounded(spared * handshake) },
      ...(facts.site === undefined ? {} : { site: facts.site }),
      title: `${plural(facts.created, facts.type)} ${made} for ${plural(facts.requests, "request")}: each has its own connections, so ${lost} (${facts.client})`,
      evidence: [
        `${plural(facts.created, facts.type)} made${facts.site === undefined ? "" : ` at ${facts.site}`}`,
        `${plural(facts.requests, "request")} sent through them`,
        ...(failures > 0
          ? [`${plural(failures, "dial")} failed because the system had no more ports or descriptors`]
          : []),
      ],
      remedy: new Advice(facts.client, {
        owner: facts,
        secure: isSecure(facts, all.origins),
      }).shareOne(),
      doubt:
        "A program that needs many separate pools, for example one for each tenant's certificate, looks the same.",
    };
  });
}

function exhaustedAt({ errors }: OriginFacts, isTheirs: boolean): number {
  if (!isTheirs) return 0;
  return Object.entries(errors).reduce((sum, [name, count]) => (EXHAUSTED.test(name) ? sum + count : sum), 0);
}

function isSecure(facts: ClientFacts, origins: readonly OriginFacts[]): boolean {
  return origins.some(
    (one) => one.owners?.[ownerKey(facts)] !== undefined && one.origin.startsWith("https:"),
  );
}

/** Threads or processes that were made for a request each: their connections end with them. */
export function workerPerJob({ processes = [], origins }: Facts): Finding[] {
  const jobs = processes.filter(
    ({ requests, connections, runner }) =>
      runner === undefined && connections > 0 && requests > 0 && requests <= REQUESTS_EACH,
  );
  // Those of a pool of workers are alive together; those made for a job come one after another.
  if (jobs.length < MANY || jobs.length < 2 * aliveAtOnce(jobs)) return [];
  const requests = jobs.reduce((sum, one) => sum + one.requests, 0);
  const all = processes.reduce((sum, one) => sum + one.requests, 0);
  if (requests < all / 2) return [];
  const connections = jobs.reduce((sum, one) => sum + one.connections, 0);
  const what = jobs.every((one) => one.thread === true) ? "thread" : "process";
  const many = plural(jobs.length, what, what === "process" ? "processes" : "threads");
  return [
    {
      kind: "worker-per-job",
      severity: jobs.length >= 10 ? "high" : "medium",
      count: jobs.length,
      cost: {
        connections: connections - 1,
        milliseconds: rounded((connections - 1) * averageHandshake(origins)),
      },
      title: `${many} made ${plural(connections, "connection")} for ${plural(requests, "request")}: each has its own connections, which close with it`,
      evidence: [
        `up to ${aliveAtOnce(jobs)} of ${many} lived at once`,
        `${requests} of ${plural(all, "request")} came from them`,
      ],
      remedy:
        what === "thread"
          ? "Let a few long-lived threads (a worker pool) take the jobs in turn, or send the requests from the main thread"
          : "Let one long-lived process take the jobs in turn, instead of a process for each",
      doubt: "If jobs are rare, one connection each is no loss.",
    },
  ];
}

/** The most of these processes that lived at the same time. */
function aliveAtOnce(processes: readonly ProcessFacts[]): number {
  return mostAtOnce(processes, () => 1);
}

/** The largest sum of a figure over the processes that lived at the same time. */
export function mostAtOnce(
  processes: readonly ProcessFacts[],
  figure: (one: ProcessFacts) => number,
): number {
  const events = processes.flatMap((one) => [
    { at: one.startedAt, by: figure(one) },
    { at: Math.max(one.seenAt, one.startedAt) + 0.5, by: -figure(one) },
  ]);
  events.sort((a, b) => a.at - b.at);
  let now = 0;
  let most = 0;
  for (const { by } of events) most = Math.max(most, (now += by));
  return most;
}

function averageHandshake(origins: readonly OriginFacts[]): number {
  let spent = 0;
  let connections = 0;
  for (const { counts } of origins) {
    spent += (counts.dnsMs ?? 0) + (counts.connectMs ?? 0) + (counts.proxyMs ?? 0) + (counts.tlsMs ?? 0);
    connections += counts.connections ?? 0;
  }
  return connections === 0 ? 0 : spent / connections;
}

/** Libraries that one process has loaded more than once. */
export function duplicateModule(all: Facts): Finding[] {
  const copies = new Map<string, Map<string, string | undefined>>();
  for (const { process, name, path, version } of all.modules) {
    const key = `${process}\n${name}`;
    copies.set(key, (copies.get(key) ?? new Map<string, string | undefined>()).set(path, version));
  }
  const paths = new Map<string, Map<string, string | undefined>>();
  for (const [key, of] of copies) {
    if (of.size < 2) continue;
    const name = key.slice(key.indexOf("\n") + 1);
    paths.set(name, new Map([...(paths.get(name) ?? []), ...of]));
  }
  return [...paths].map(([name, of]) => ({
    kind: "duplicate-module",
    severity: "medium",
    count: of.size,
    cost: { connections: 0, milliseconds: 0 },
    title: `${name} is loaded from ${of.size} places: each copy has its own pools and defaults`,
    evidence: [...of]
      .sort()
      .map(([path, version]) => (version === undefined ? path : `${path} (${version})`)),
    remedy: `Use one version of ${name} everywhere: \`npm ls ${name}\` shows who depends on it; \`npm dedupe\` often fixes it`,
    doubt: "Copies that talk to different origins do no harm.",
  }));
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]", "0.0.0.0", "[::]"]);

/** One server under several names. */
export function routeSplit(all: Facts): Finding[] {
  const servers = new Map<string, Map<string, OriginFacts[]>>();
  for (const facts of all.origins) {
    if ((facts.counts.connections ?? 0) === 0 || !URL.canParse(facts.origin)) continue;
    const { protocol, hostname, port } = new URL(facts.origin);
    const bare = hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
    const key = `${protocol}//${LOOPBACK.has(bare) ? "loopback" : bare}:${port}`;
    const spellings = servers.get(key) ?? new Map<string, OriginFacts[]>();
    servers.set(key, spellings.set(facts.origin, [...(spellings.get(facts.origin) ?? []), facts]));
  }
  const findings: Finding[] = [];
  for (const spellings of servers.values()) {
    if (spellings.size < 2) continue;
    const ranked = [...spellings]
      .map(([origin, all]) => ({
        origin,
        requests: all.reduce((sum, { counts }) => sum + (counts.requests ?? 0), 0),
        connections: all.reduce((sum, { counts }) => sum + (counts.connections ?? 0), 0),
        all,
      }))
      .sort((a, b) => b.requests - a.requests || (a.origin < b.origin ? -1 : 1));
    const main = ranked[0] as (typeof ranked)[number];
    const others = ranked.slice(1);
    const spared = others.reduce((sum, one) => sum + one.connections, 0);
    findings.push({
      kind: "route-split",
      severity: "low",
      origin: main.origin,
      count: ranked.length,
      cost: {
        connections: spared,
        milliseconds: rounded(spared * averageHandshake(others.flatMap((one) => one.all))),
      },
      title: `One server is reached as ${ranked.map((one) => one.origin).join(" and ")}: connections to one are not reused for the other`,
      evidence: ranked.map(
        (one) =>
          `${one.origin}: ${plural(one.requests, "request")}, ${plural(one.connections, "connection")}`,
      ),
      remedy: `Write it one way everywhere: \`${main.origin}\``,
      doubt: "They may be different servers, for example one for IPv4 and one for IPv6.",
    });
  }
  return findings;
}
