import type { LookupAddress, LookupAllOptions } from "node:dns";
import { isIP } from "node:net";
import type { Runtime, RuntimeTimer, SocketOptions } from "../runtime/index.js";
import { loadHttp2, runtimeOption, type TransportOptions } from "../transport/index.js";
import { FakeClock } from "./fake-clock.js";
import { endpoint, type FakeHost, type FakeRoute, systemError } from "./fake-network.js";
import { FakeSocket } from "./fake-socket.js";
import { seededRandom } from "./seeded-random.js";

/** Where a fake runtime's clocks and randomness start. */
export interface FakeRuntimeOptions {
  /** The monotonic clock at the start, in milliseconds; default 0. */
  readonly now?: number;
  /** The wall clock at the start, in milliseconds since 1970; default 2024-01-01 UTC. */
  readonly wallNow?: number;
  /** The seed of `random()`; default 1. */
  readonly seed?: number;
}

class FakeTimer implements RuntimeTimer {
  readonly #clear: () => void;
  refed = true;

  constructor(clear: () => void) {
    this.#clear = clear;
  }

  clear(): void {
    this.#clear();
  }

  setRef(keepAlive: boolean): void {
    this.refed = keepAlive;
  }
}

/** The longest that `advanceUntil` and `run` go on, in virtual milliseconds. */
const DEFAULT_LIMIT = 3_600_000;

/**
 * A runtime in which nothing happens by itself: the clock is virtual, names and addresses behave as the test says, and
 * connections are in memory. `log` has what happened, as lines such as `at(250) dial 192.0.2.1:80`.
 *
 * ```ts
 * const runtime = new FakeRuntime();
 * runtime.host("example.test", ["2001:db8::1", "192.0.2.1"]);
 * runtime.address("2001:db8::1", { blackHole: true });
 * runtime.onConnect((socket) => socket.peer.write("HTTP/1.1 204 No Content\r\n\r\n"));
 * ```
 */
export class FakeRuntime implements Runtime {
  readonly #clock: FakeClock;
  readonly #hosts = new Map<string, FakeHost>();
  readonly #addresses = new Map<string, FakeRoute[]>();
  readonly #timers = new Set<FakeTimer>();
  readonly #random: () => number;
  #wallOffset: number;
  #onConnect: (socket: FakeSocket) => void = () => {};
  /** What happened, in order. `note` adds your own lines. */
  readonly log: string[] = [];
  /** The socket of every dial, in order, failed ones included. */
  readonly sockets: FakeSocket[] = [];

  /** Makes a runtime without names, addresses or connections; its clock stands still until `advance` or `run`. */
  constructor(options: FakeRuntimeOptions = {}) {
    const { now = 0, wallNow = Date.UTC(2024, 0, 1), seed = 1 } = options;
    this.#clock = new FakeClock(now);
    this.#wallOffset = wallNow - now;
    this.#random = seededRandom(seed);
  }

  // What the test says.

  /** Sets how the resolver answers for a name: its addresses, or more. A name that is not set is `ENOTFOUND`. */
  host(name: string, answer: readonly string[] | FakeHost): this {
    this.#hosts.set(name, "length" in answer ? { addresses: answer } : answer);
    return this;
  }

  /**
   * Sets how dials of an address go. The address is `192.0.2.1`, with a port `192.0.2.1:80` or `[2001:db8::1]:80`, or
   * `unix:/path`. Each dial takes the next route; the last one also serves all further dials. An address that is not set
   * connects at once.
   */
  address(address: string, ...routes: readonly [FakeRoute, ...FakeRoute[]]): this {
    this.#addresses.set(address, [...routes]);
    return this;
  }

  /** Sets what to call at each connection, before the client learns of it; it replaces an earlier callback. */
  onConnect(callback: (socket: FakeSocket) => void): this {
    this.#onConnect = callback;
    return this;
  }

  /** Adds a line to `log`, with the time. */
  note(text: string): void {
    this.log.push(`at(${Math.round(this.now() * 1000) / 1000}) ${text}`);
  }

  /** Moves the virtual clock forward and runs everything that falls due on the way; 0 runs what is due now. */
  async advance(milliseconds: number): Promise<void> {
    await loadHttp2(); // from disk, which takes no virtual time
    return this.#clock.advance(milliseconds);
  }

  /**
   * Moves the clock from one event to the next until the condition holds. Rejects with an `Error` that has the log when
   * nothing is left to happen, or when `limit` virtual milliseconds (default one hour) have passed.
   */
  async advanceUntil(condition: () => boolean, limit: number = DEFAULT_LIMIT): Promise<void> {
    await loadHttp2();
    if (await this.#clock.runUntil(condition, this.now() + limit)) return;
    const why = this.#clock.pending === 0 ? "nothing is left to happen" : `${limit} ms have passed`;
    throw new Error(
      `at ${this.now()} ms ${why} and the condition does not hold; what happened:\n${this.log.join("\n")}`,
    );
  }

  /** Moves the clock, as `advanceUntil` does, until the promise is settled, and settles as it does. */
  async run<T>(promise: Promise<T>, limit: number = DEFAULT_LIMIT): Promise<T> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    await this.advanceUntil(() => settled, limit);
    return promise;
  }

  /** Moves the wall clock alone, as when a clock is corrected; the monotonic clock stays. */
  jumpWallClock(milliseconds: number): void {
    this.#wallOffset += milliseconds;
  }

  /** How many timers are set, and how many of them would keep the process alive. */
  get timers(): { readonly set: number; readonly refed: number } {
    return { set: this.#timers.size, refed: [...this.#timers].filter((timer) => timer.refed).length };
  }

  /** The sockets that are not destroyed: dials under way and open connections. */
  get openSockets(): readonly FakeSocket[] {
    return this.sockets.filter((socket) => !socket.destroyed);
  }

  // Runtime

  /** The virtual monotonic clock, in milliseconds. */
  readonly now = (): number => this.#clock.now;

  /** The virtual wall clock, in milliseconds since 1970. */
  readonly wallNow = (): number => this.#clock.now + this.#wallOffset;

  /** The next number of a seeded sequence, at least 0 and below 1. */
  readonly random = (): number => this.#random();

  /** Sets a timer of the virtual clock; the shortest is one millisecond, as in Node. */
  readonly setTimer = (callback: () => void, milliseconds: number): RuntimeTimer => {
    const drop = (): void => {
      this.#timers.delete(timer);
    };
    // As in Node: the shortest timer is one millisecond.
    const cancel = this.#clock.schedule(Math.max(1, milliseconds), () => {
      drop();
      callback();
    });
    const timer = new FakeTimer(() => {
      drop();
      cancel();
    });
    this.#timers.add(timer);
    return timer;
  };

  /** Calls back before virtual time passes. */
  readonly setImmediate = (callback: () => void): void => this.#clock.immediate(callback);

  /** Answers as set with `host`; IP addresses resolve to themselves. */
  readonly lookup = (
    hostname: string,
    options: LookupAllOptions,
    callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
  ): void => {
    this.note(`lookup ${hostname}`);
    const known =
      this.#hosts.get(hostname) ?? (isIP(hostname) > 0 ? { addresses: [hostname] } : { fails: "ENOTFOUND" });
    const { addresses = [], after = 0, blackHole = false }: FakeHost = known;
    if (blackHole) return;
    const wanted = addresses
      .map((address) => ({ address, family: isIP(address) }))
      .filter(({ family }) => !options.family || `${options.family}`.endsWith(`${family}`));
    const fails = known.fails ?? (wanted.length === 0 ? "ENOTFOUND" : undefined);
    this.#clock.schedule(after, () => {
      if (fails === undefined) {
        this.note(`resolved ${hostname} ${wanted.map(({ address }) => address).join(" ")}`);
        callback(null, wanted);
      } else {
        this.note(`unresolved ${hostname} ${fails}`);
        callback(systemError(fails, "getaddrinfo", hostname, { hostname }), []);
      }
    });
  };

  /** Dials: makes a {@link FakeSocket}, adds it to `sockets`, and lets it connect or fail as set with `address`. */
  readonly connect = (options: SocketOptions): FakeSocket => {
    const { host = "127.0.0.1", port = 0, path } = options;
    if (options.tls?.["socket"] !== undefined) {
      throw new TypeError("FakeRuntime cannot do TLS over an existing stream; use real sockets for that");
    }
    const name = path === undefined ? endpoint(host, port) : `unix:${path}`;
    const socket = new FakeSocket({
      clock: this.#clock,
      route: this.#routeOf(this.#addresses.has(name) ? name : host),
      options,
      name,
      localPort: 50_001 + this.sockets.length,
      log: (text) => this.note(text),
      connected: (connected) => this.#onConnect(connected),
    });
    this.note(`dial ${name}`);
    this.sockets.push(socket);
    return socket;
  };

  #routeOf(address: string): FakeRoute {
    const routes = this.#addresses.get(address) ?? [];
    return (routes.length > 1 ? routes.shift() : routes[0]) ?? {};
  }
}

/**
 * Returns options for a transport that takes its clock, timers, names and connections from `runtime`:
 * `new Transport(onRuntime(new FakeRuntime(), { idleTimeout: 1000 }))`.
 */
export const onRuntime = (runtime: Runtime, options: TransportOptions = {}): TransportOptions => {
  const withRuntime: TransportOptions & { [runtimeOption]: Runtime } = {
    ...options,
    [runtimeOption]: runtime,
  };
  return withRuntime;
};
