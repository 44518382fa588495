import { lookup } from "node:dns";
import { connect as connectTcp, type NetConnectOpts } from "node:net";
import { performance } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import { bare } from "./members.js";
import type { LookupFunction, Runtime, RuntimeTimer, SocketOptions } from "./runtime.js";

/** What `setTimeout` takes; anything longer it fires at once. */
const LONGEST_DELAY = 2 ** 31 - 1;

/**
 * Node's, which a test may have replaced by a clock that stands still. What waits for time waits for that clock then;
 * a turn of the event loop is no time, and is had of Node itself.
 */
export const nextTurn: (callback: () => void) => unknown =
  process.getBuiltinModule("node:timers").setImmediate;

/** The same before this turn's input and output go on, as `process.nextTick`, which jest's fake timers replace too. */
export const nextTick: (callback: () => void) => void = process.getBuiltinModule("node:process").nextTick;

const settled = Promise.resolve();

/** The same before the microtasks end, as `queueMicrotask`. What the callback throws is an unhandled rejection. */
export function microtask(callback: () => void): void {
  void settled.then(callback);
}

class NodeTimer implements RuntimeTimer {
  readonly #callback: () => void;
  /** Milliseconds that one timer cannot take. */
  #rest = 0;
  /** A number where a test's or a browser's environment gave the program another `setTimeout`. */
  #timer: NodeJS.Timeout | number;
  #keepsAlive = true;

  constructor(callback: () => void, milliseconds: number) {
    this.#callback = callback;
    this.#timer = this.#set(milliseconds);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }

  setRef(keepAlive: boolean): void {
    this.#keepsAlive = keepAlive;
    const timer = this.#timer;
    if (typeof timer !== "object") return;
    if (keepAlive) timer.ref?.();
    else timer.unref?.();
  }

  #set(milliseconds: number): NodeJS.Timeout | number {
    if (milliseconds <= LONGEST_DELAY) return setTimeout(this.#callback, milliseconds);
    this.#rest = milliseconds - LONGEST_DELAY;
    return setTimeout(() => {
      this.#timer = this.#set(this.#rest);
      this.setRef(this.#keepsAlive);
    }, LONGEST_DELAY);
  }
}

// `node:tls` costs several milliseconds to load, and a program that speaks plain HTTP never needs it.
const loadTls = (): typeof import("node:tls") => process.getBuiltinModule("node:tls");

type Unsaid = Readonly<Record<string, undefined>>;
const NOTHING: Unsaid = {};

/**
 * `net.connect` and `tls.connect` copy their options to objects of their own, in which what is not said comes from
 * `Object.prototype`. Where that has one of the names, all are said to be none: 30 members more for Node to copy, and
 * several kilobytes with each connection, which is why they are left out of nearly every program.
 */
function unsaid(...names: string[]): () => Unsaid {
  const none: Unsaid = Object.fromEntries(names.map((name) => [name, undefined]));
  return () => (names.some((name) => name in NOTHING) ? none : NOTHING);
}

const netDefaults = unsaid(
  ...["fd", "handle", "signal", "allowHalfOpen", "manualStart", "pauseOnCreate", "blockList", "timeout"],
  ...[
    "readable",
    "writable",
    "highWaterMark",
    "readableHighWaterMark",
    "writableHighWaterMark",
    "objectMode",
  ],
  ...["readableObjectMode", "writableObjectMode", "encoding", "defaultEncoding", "emitClose", "signal"],
  ...["construct", "read", "write", "writev", "final", "destroy"],
);
const tlsDefaults = unsaid(
  ...["path", "socket", "localAddress", "localPort", "lookup", "hints", "session", "servername"],
  ...["pskCallback", "timeout", "enableTrace", "requestOCSP", "signal", "allowHalfOpen", "autoSelectFamily"],
);

/** The real runtime: Node's own clock, timers, resolver and sockets. */
export const nodeRuntime: Runtime = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimer: (callback, milliseconds) => new NodeTimer(callback, milliseconds),
  setImmediate: (callback) => {
    nextTurn(callback);
  },
  lookup: lookup as LookupFunction,
  connect(options: SocketOptions): Duplex {
    if (Object.hasOwn(options, "tls")) {
      const { tls, ...rest } = options;
      return loadTls().connect(bare({ ...tlsDefaults(), ...rest, ...tls }) as never);
    }
    return connectTcp(
      bare({ ...netDefaults(), ...options, noDelay: true, autoSelectFamily: false }) as NetConnectOpts,
    );
  },
  random: Math.random,
};
