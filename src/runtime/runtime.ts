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
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly family?: number;
  readonly localAddress?: string;
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
  setTimer(callback: () => void, milliseconds: number): RuntimeTimer;
  setImmediate(callback: () => void): void;
  lookup: LookupFunction;
  /** Starts a connection and returns at once; it emits `connect` or `secureConnect`, `error`, `close`. */
  connect(options: SocketOptions): Duplex;
  /** Uniform in [0, 1). */
  random(): number;
}
