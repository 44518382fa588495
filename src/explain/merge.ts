import type { ClientFacts, Facts, ModuleFacts, OriginFacts, ProcessFacts, Timeline } from "./facts.js";
import { mergeTimelines } from "./timeline.js";
import { rounded } from "./words.js";

/**
 * The facts of many, as one. Commutative and associative, so it does not matter in which order or in how many
 * steps it is done.
 */
export function mergeFacts(parts: readonly Facts[]): Facts {
  const origins = new Map<string, OriginFacts>();
  const clients = new Map<string, ClientFacts>();
  const modules = new Map<string, ModuleFacts>();
  const processes = new Map<string, ProcessFacts>();
  const timelines: Timeline[] = [];
  let dropped = 0;
  for (const part of parts) {
    dropped += part.dropped;
    for (const facts of part.processes ?? []) mergeInto(processes, facts.process, facts, mergeProcesses);
    if (part.timeline !== undefined) timelines.push(part.timeline);
    for (const facts of part.origins)
      mergeInto(origins, `${facts.origin}\n${facts.client}`, quantised(facts), mergeOrigins);
    for (const facts of part.clients) {
      mergeInto(
        clients,
        `${facts.process}\n${facts.client}\n${facts.type}\n${facts.site ?? ""}`,
        facts,
        mergeClients,
      );
    }
    for (const facts of part.modules)
      modules.set(`${facts.process}\n${facts.name}\n${facts.path}\n${facts.version ?? ""}`, facts);
  }
  return {
    origins: sorted(origins),
    clients: sorted(clients),
    modules: sorted(modules),
    ...(processes.size === 0 ? {} : { processes: sorted(processes) }),
    ...(timelines.length === 0 ? {} : { timeline: mergeTimelines(timelines) }),
    dropped,
  };
}

function mergeInto<T>(map: Map<string, T>, key: string, value: T, merge: (a: T, b: T) => T): void {
  const known = map.get(key);
  map.set(key, known === undefined ? value : merge(known, value));
}

function sorted<T>(map: ReadonlyMap<string, T>): T[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

function mergeOrigins(a: OriginFacts, b: OriginFacts): OriginFacts {
  const sites: Record<string, Readonly<Record<string, number>>> = { ...a.sites };
  for (const [topic, counts] of Object.entries(b.sites)) sites[topic] = fold(sites[topic] ?? {}, counts, add);
  return {
    origin: a.origin,
    client: a.client,
    counts: fold(a.counts, b.counts, add),
    most: fold(a.most, b.most, Math.max),
    least: fold(a.least, b.least, Math.min),
    openedFor: fold(a.openedFor, b.openedFor, add),
    closed: fold(a.closed, b.closed, add),
    redialed: fold(a.redialed, b.redialed, add),
    errors: fold(a.errors, b.errors, add),
    ...either("failures", a, b),
    ...either("resets", a, b),
    ...either("endpoints", a, b),
    ...either("idleEnds", a, b),
    ...either("owners", a, b),
    ...either("packages", a, b),
    sites,
  };
}

/** A member that either may lack. */
function either(
  name: "failures" | "resets" | "endpoints" | "idleEnds" | "owners" | "packages",
  a: OriginFacts,
  b: OriginFacts,
): Partial<OriginFacts> {
  const [left, right] = [a[name], b[name]];
  return left === undefined && right === undefined ? {} : { [name]: fold(left ?? {}, right ?? {}, add) };
}

function mergeProcesses(a: ProcessFacts, b: ProcessFacts): ProcessFacts {
  const most = (name: "stoodStillMs" | "busyMs" | "threadsMade"): Partial<ProcessFacts> => {
    const value = Math.max(a[name] ?? 0, b[name] ?? 0);
    return value === 0 ? {} : { [name]: value };
  };
  return {
    ...a,
    ...b,
    startedAt: Math.min(a.startedAt, b.startedAt),
    seenAt: Math.max(a.seenAt, b.seenAt),
    requests: Math.max(a.requests, b.requests),
    connections: Math.max(a.connections, b.connections),
    mostOpen: Math.max(a.mostOpen, b.mostOpen),
    ...most("stoodStillMs"),
    ...most("busyMs"),
    ...most("threadsMade"),
  };
}

function mergeClients(a: ClientFacts, b: ClientFacts): ClientFacts {
  const connections =
    a.connections === undefined ? b.connections : Math.max(a.connections, b.connections ?? 0);
  return {
    ...a,
    created: Math.max(a.created, b.created),
    requests: Math.max(a.requests, b.requests),
    ...(connections === undefined ? {} : { connections }),
  };
}

/** To the microsecond, of which sums are exact: else the order of adding up would show in the last digits. */
function quantised(facts: OriginFacts): OriginFacts {
  return { ...facts, counts: fold(NOTHING, facts.counts, add, rounded) };
}

const NOTHING: OriginFacts["counts"] = {};

const add = (a: number, b: number): number => rounded(a + b);

/** The union of two records of numbers; where both have a name, the numbers are combined. */
function fold<T extends Readonly<Partial<Record<string, number>>>>(
  a: T,
  b: T,
  combine: (a: number, b: number) => number,
  single: (value: number) => number = (value) => value,
): T {
  const result: Partial<Record<string, number>> = { ...a };
  for (const [name, value] of Object.entries(b)) {
    if (value === undefined) continue;
    const known = result[name];
    result[name] = known === undefined ? single(value) : combine(known, value);
  }
  return result as T;
}
