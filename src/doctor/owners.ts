import type { ClientFacts } from "../explain/index.js";

/** The agents, pools or clients that one place in the user's code makes. */
export interface OwnerSite {
  readonly client: string;
  readonly type: string;
  readonly site: string | undefined;
  created: number;
  requests: number;
  connections: number;
}

/** A program that makes agents at more places than these has other worries. */
const MAX_SITES = 256;

/** Who owns connections: agents, pools and clients, by the place that makes them. */
export class Owners {
  readonly #sites = new Map<string, OwnerSite>();
  readonly #of = new WeakMap<object, OwnerSite>();
  #reported = "";

  /** An owner was made at a place of the user's code (absent: by Node or a library itself). */
  made(owner: object, client: string, type: string, site: string | undefined): OwnerSite {
    const key = `${client} ${type} ${site ?? ""}`;
    let known = this.#sites.get(key);
    if (known === undefined) {
      known = { client, type, site, created: 0, requests: 0, connections: 0 };
      if (this.#sites.size < MAX_SITES) this.#sites.set(key, known);
    }
    known.created++;
    this.#of.set(owner, known);
    return known;
  }

  of(owner: object): OwnerSite | undefined {
    return this.#of.get(owner);
  }

  /** All of it where something has changed, else nothing: the figures only grow, so the last ones count. */
  facts(process: string): ClientFacts[] {
    const all = [...this.#sites.values()].map(({ client, type, site, created, requests, connections }) => ({
      process,
      client,
      type,
      ...(site === undefined ? {} : { site }),
      created,
      requests,
      connections,
    }));
    const text = JSON.stringify(all);
    if (text === this.#reported) return [];
    this.#reported = text;
    return all;
  }
}
