import type { LookupAddress, LookupAllOptions } from "node:dns";
import type { Duplex } from "node:stream";

/** A timer of a {@link Runtime}. */
export interface RuntimeTimer {
  /** Stops the timer; stopping it twice does nothing. */
  clear(): void;
  /** Sets whether the timer keeps the process alive. */
  setRef(keepAlive: boolean): void;
}

/** The signature of `node:dns`'s `lookup`, called with `all: true`. */
export type LookupFunction = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Options of `Runtime.connect`, as `net.connect` and `tls.connect` have them. */
export interface SocketOptions {
  /** The IP address to connect to. */
  readonly host?: string;
  /** The port to connect to. */
  readonly port?: number;
  /** The path of a Unix socket or named pipe, instead of host and port. */
  readonly path?: string;
  /** The address family, 4 or 6. */
  readonly family?: number;
  /** The local IP address to connect from. */
  readonly localAddress?: string;
  /** Reads into a buffer instead of emitting `data`, as `onread` of `net.connect` does. */
  readonly onread?: {
    /** The buffer, or a function that returns one for each read. */
    readonly buffer: Uint8Array | (() => Uint8Array);
    /** Called after each read; `false` stops reading. */
    readonly callback: (bytes: number, buffer: Uint8Array) => boolean;
  };
  /** The options of `tls.connect`; absent for a connection without TLS. */
  readonly tls?: Readonly<Record<string, unknown>>;
}

/** All that a transport uses of the outside world: clock, timers, DNS, sockets, randomness. Tests pass a virtual one. */
export interface Runtime {
  /** The monotonic clock in milliseconds, with fractions. */
  now(): number;
  /** The wall clock in milliseconds since 1970. */
  wallNow(): number;
  /** Calls back once after `milliseconds`. */
  setTimer(callback: () => void, milliseconds: number): RuntimeTimer;
  /** Calls back after this turn's input and output, as Node's `setImmediate` does. */
  setImmediate(callback: () => void): void;
  /** Resolves a name, as `dns.lookup` does. */
  lookup: LookupFunction;
  /** Opens a connection and returns its socket at once; the socket emits `connect` or `secureConnect`, `error`, `close`. */
  connect(options: SocketOptions): Duplex;
  /** A random number, at least 0 and below 1. */
  random(): number;
}
