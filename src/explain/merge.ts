import type { ClientFacts, Evidence, ModuleFacts, OriginFacts } from "./evidence.js";
import { rounded } from "./words.js";

/**
 * The evidence of many, as one. Commutative and associative, so it does not matter in which order or in how many
 * steps it is done.
 */
export function mergeEvidence(parts: readonly Evidence[]): Evidence {
  const origins = new Map<string, OriginFacts>();
  const clients = new Map<string, ClientFacts>();
  const modules = new Map<string, ModuleFacts>();
  let dropped = 0;
  for (const part of parts) {
    dropped += part.dropped;
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
  return { origins: sorted(origins), clients: sorted(clients), modules: sorted(modules), dropped };
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
    sites,
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
