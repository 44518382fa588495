import type { LookupAddress, LookupAllOptions } from "node:dns";
import type { Duplex } from "node:stream";

/** A timer of a {@link Runtime}. */
export interface RuntimeTimer {
  /** Ends it; ending it twice does nothing. */
  clear(): void;
  /** Whether it keeps the process alive. */
  setRef(keepAlive: boolean): void;
}

/** The signature of `node:dns`'s `lookup`, called with `all: true`. */
export type LookupFunction = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** What a socket is opened with; `onread` is `node:net`'s. */
export interface SocketOptions {
  /** The IP address to connect to. */
  readonly host?: string;
  /** The port to connect to. */
  readonly port?: number;
  /** The path of a Unix socket, instead of host and port. */
  readonly path?: string;
  /** The address family, 4 or 6. */
  readonly family?: number;
  /** The local IP address to connect from. */
  readonly localAddress?: string;
  /** Where bytes are read to, and who is told, as in `net.connect`. */
  readonly onread?: {
    readonly buffer: Uint8Array | (() => Uint8Array);
    readonly callback: (bytes: number, buffer: Uint8Array) => boolean;
  };
  /** Present for TLS: `node:tls` connection options. */
  readonly tls?: Readonly<Record<string, unknown>>;
}

/** The one door to clock, timers, DNS, sockets and randomness; tests pass a virtual one. */
export interface Runtime {
  /** Milliseconds, monotonic, fractional. */
  now(): number;
  /** Milliseconds since 1970. */
  wallNow(): number;
  /** Calls back once after `milliseconds`. */
  setTimer(callback: () => void, milliseconds: number): RuntimeTimer;
  /** Calls back after the input and output of this turn of the event loop. */
  setImmediate(callback: () => void): void;
  /** Resolves a name, as `dns.lookup` does. */
  lookup: LookupFunction;
  /** Starts a connection and returns at once; it emits `connect` or `secureConnect`, `error`, `close`. */
  connect(options: SocketOptions): Duplex;
  /** Uniform in [0, 1). */
  random(): number;
}
