import type { ClientFacts, ModuleFacts } from "../explain/index.js";

/** The agents, pools or clients that one place in the user's code makes. */
export interface OwnerSite {
  readonly client: string;
  readonly type: string;
  readonly site: string | undefined;
  /** How it is called in code, by whose code, and of whose class; see {@link ClientFacts}. */
  readonly constructedAs?: string | undefined;
  readonly madeIn?: string | undefined;
  readonly classFrom?: string | undefined;
  /** The options of the first one, as code, once they are known. */
  options?: string | undefined;
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
  readonly #modules = new Map<string, { name: string; version: string | undefined }>();
  #last: OwnerSite | undefined;
  #reported = "";
  #modulesReported = 0;

  /** An owner was made at a place of the user's code (absent: by Node or a library itself). */
  made(
    owner: object,
    client: string,
    type: string,
    site: string | undefined,
    more: Pick<OwnerSite, "constructedAs" | "madeIn" | "classFrom"> = {},
  ): OwnerSite {
    const key = `${client} ${type} ${site ?? ""}`;
    let known = this.#sites.get(key);
    if (known === undefined) {
      known = { client, type, site, ...more, created: 0, requests: 0, connections: 0 };
      if (this.#sites.size < MAX_SITES) this.#sites.set(key, known);
    }
    known.created++;
    this.#of.set(owner, known);
    this.#last = known;
    return known;
  }

  /** An owner is a part of the one that was made last, if that is of this type: its connections are that one's. */
  partOfLast(owner: object, type: string): void {
    if (this.#last?.type === type) this.#of.set(owner, this.#last);
  }

  of(owner: object): OwnerSite | undefined {
    return this.#of.get(owner);
  }

  /** A copy of a library that owners are made from, by the folder it is in. */
  loaded(path: string, identify: () => { name: string; version: string | undefined }): void {
    if (!this.#modules.has(path) && this.#modules.size < MAX_SITES) this.#modules.set(path, identify());
  }

  /** The copies of libraries, when there are more than the last time. */
  modules(process: string): ModuleFacts[] {
    if (this.#modules.size === this.#modulesReported) return [];
    this.#modulesReported = this.#modules.size;
    return [...this.#modules].map(([path, { name, version }]) => ({
      process,
      name,
      ...(version === undefined ? {} : { version }),
      path,
    }));
  }

  /** All of it where something has changed, else nothing: the figures only grow, so the last ones count. */
  facts(process: string): ClientFacts[] {
    const all = [...this.#sites.values()].map((one): ClientFacts => {
      const { client, type, site, constructedAs, madeIn, classFrom, options } = one;
      return {
        process,
        client,
        type,
        ...(site === undefined ? {} : { site }),
        ...(constructedAs === undefined ? {} : { constructedAs }),
        ...(options === undefined ? {} : { options }),
        ...(madeIn === undefined ? {} : { madeIn }),
        ...(classFrom === undefined ? {} : { classFrom }),
        created: one.created,
        requests: one.requests,
        connections: one.connections,
      };
    });
    const text = JSON.stringify(all);
    if (text === this.#reported) return [];
    this.#reported = text;
    return all;
  }
}
