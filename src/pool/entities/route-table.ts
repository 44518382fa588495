import { PoolRoute } from "./route.js";

/** Routes with nothing in them that are remembered, with what was learned of them. */
const MAX_RESTING = 4096;

/** All routes by key. One with no connection and no waiter rests; of those, the ones used last are kept. */
export class RouteTable<O> {
  readonly #routes = new Map<string, PoolRoute<O>>();
  #longestResting: PoolRoute<O> | undefined = undefined;
  #lastRested: PoolRoute<O> | undefined = undefined;
  #resting = 0;

  get size(): number {
    return this.#routes.size;
  }

  values(): MapIterator<PoolRoute<O>> {
    return this.#routes.values();
  }

  get(key: string, origin: string, alwaysSingle: boolean): PoolRoute<O> {
    const known = this.#routes.get(key);
    if (known !== undefined) {
      known.setSingle(alwaysSingle);
      return known;
    }
    const route = new PoolRoute<O>(key, origin, alwaysSingle);
    this.#list(route);
    this.rest(route);
    return route;
  }

  /** The route to use for this one: itself, unless it was forgotten and another has its key now. */
  current(route: PoolRoute<O>): PoolRoute<O> {
    if (route.listed) return route;
    const known = this.#routes.get(route.key);
    if (known !== undefined) return known;
    this.#list(route);
    return route;
  }

  /** Notes that the route has nothing in it. */
  rest(route: PoolRoute<O>): void {
    if (route.resting || !route.listed) return;
    route.resting = true;
    route.restingBefore = this.#lastRested;
    if (this.#lastRested === undefined) this.#longestResting = route;
    else this.#lastRested.restingAfter = route;
    this.#lastRested = route;
    this.#resting += 1;
    const oldest = this.#longestResting;
    if (this.#resting <= MAX_RESTING || oldest === undefined) return;
    this.use(oldest);
    oldest.listed = false;
    this.#routes.delete(oldest.key);
  }

  /** Notes that something is about to be put in the route. */
  use(route: PoolRoute<O>): void {
    if (!route.resting) return;
    const { restingBefore, restingAfter } = route;
    if (restingBefore === undefined) this.#longestResting = restingAfter;
    else restingBefore.restingAfter = restingAfter;
    if (restingAfter === undefined) this.#lastRested = restingBefore;
    else restingAfter.restingBefore = restingBefore;
    route.restingBefore = undefined;
    route.restingAfter = undefined;
    route.resting = false;
    this.#resting -= 1;
  }

  #list(route: PoolRoute<O>): void {
    route.listed = true;
    this.#routes.set(route.key, route);
  }
}
