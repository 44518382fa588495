import { lookup } from "node:dns";
import { connect as connectTcp, type NetConnectOpts } from "node:net";
import { performance } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import type { LookupFunction, Runtime, RuntimeTimer, SocketOptions } from "./runtime.js";

class NodeTimer implements RuntimeTimer {
  readonly #timer: NodeJS.Timeout;

  constructor(timer: NodeJS.Timeout) {
    this.#timer = timer;
  }

  clear(): void {
    clearTimeout(this.#timer);
  }

  setRef(keepAlive: boolean): void {
    if (keepAlive) this.#timer.ref();
    else this.#timer.unref();
  }
}

// `node:tls` costs several milliseconds to load, and a program that speaks plain HTTP never needs it.
const loadTls = (): typeof import("node:tls") => process.getBuiltinModule("node:tls");

/** The real runtime: Node's own clock, timers, resolver and sockets. */
export const nodeRuntime: Runtime = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimer: (callback, milliseconds) => new NodeTimer(setTimeout(callback, milliseconds)),
  setImmediate: (callback) => {
    setImmediate(callback);
  },
  lookup: lookup as LookupFunction,
  connect(options: SocketOptions): Duplex {
    const { tls, ...rest } = options;
    if (tls !== undefined) return loadTls().connect({ ...rest, ...tls } as never);
    return connectTcp({ ...rest, noDelay: true, autoSelectFamily: false } as unknown as NetConnectOpts);
  },
  random: Math.random,
};
