import { plural } from "../errors/index.js";
import type { ClientFacts, Facts } from "../explain/index.js";

/** Places shown; a program with more than these is read in the JSON or on the page. */
const MAX = 12;

/** Who owned the connections of a program: agents, pools and clients by the place that makes them, for people. */
export function ownersText(facts: Facts): string | undefined {
  const used = joined(facts.clients).sort((a, b) => b.requests - a.requests || b.created - a.created);
  if (used.length === 0) return undefined;
  const lines = used.slice(0, MAX).map((one) => {
    const from = one.site === undefined ? "" : ` made at ${one.site}`;
    return `  ${one.created} × ${one.type} (${one.client})${from}: ${plural(one.requests, "request")}, ${plural(one.connections ?? 0, "connection")}`;
  });
  if (used.length > MAX) lines.push(`  and ${used.length - MAX} more places`);
  return ["Agents, pools and clients that carried them:", ...lines].join("\n");
}

/** Those of all processes together, without those that carried nothing. */
function joined(clients: readonly ClientFacts[]): ClientFacts[] {
  const places = new Map<string, ClientFacts>();
  for (const one of clients) {
    if (one.requests === 0) continue;
    const key = `${one.client} ${one.type} ${one.site ?? ""}`;
    const known = places.get(key);
    if (known === undefined) places.set(key, one);
    else {
      places.set(key, {
        ...known,
        created: known.created + one.created,
        requests: known.requests + one.requests,
        connections: (known.connections ?? 0) + (one.connections ?? 0),
      });
    }
  }
  return [...places.values()];
}
