import type { Duplex } from "node:stream";
import type { PeerCertificate } from "node:tls";
import type { NetworkError } from "../../errors/index.js";
import type { LookupFunction } from "../../runtime/index.js";
import type { DialTrace } from "../../trace/index.js";
import type { AllowAddress, ProxyServer } from "../route/index.js";
import type { DnsSettings } from "./dns-contract.js";
import type { DnsHost } from "./dns-names.js";
import type { DnsQueries } from "./dns-source.js";
import type { ProxySettings } from "./proxy-contract.js";
import type { TlsOptions } from "./tls-options.js";

/** What to connect to: the argument of a custom `dial`. */
export interface DialTarget {
  /** The host name or IP address; IPv6 without brackets. */
  readonly host: string;
  /** The port to connect to. */
  readonly port: number;
  /** Whether TLS follows. Return a plain byte stream either way: the transport adds TLS on top. */
  readonly tls: boolean;
  /** The name for TLS: sent as SNI and checked in the certificate. Default: `tls.servername`, then `host`. */
  readonly servername?: string;
  /** The Unix socket or named pipe to use instead of `host` and `port`. */
  readonly socketPath?: string;
  /** Scheme, host and port of the request. */
  readonly origin: string;
  /** Aborts when the connection is no longer wanted. */
  readonly signal?: AbortSignal;
}

/** A target as the transport gives it: it cancels through {@link PendingDial}, so there is no signal. */
export interface DialRequest extends Omit<DialTarget, "signal"> {
  /** The way leads through this proxy, by a tunnel to the target. */
  readonly proxy?: ProxyServer;
  /** The protocols offered in the TLS handshake, the preferred one first; default `http/1.1` alone. */
  readonly alpn?: readonly string[];
  /** There is no tunnel: host and port are the proxy's own, and it forwards what it is asked for. */
  readonly forwarded?: boolean;
}

/** The settings all dials of one {@link Dialer} share. Times are milliseconds; `Infinity` means no limit. */
export interface DialSettings {
  /** For name resolution and the connect together. */
  readonly connectTimeout: number;
  /** For the TLS handshake of the connection that won. */
  readonly tlsTimeout: number;
  /** RFC 8305; `false` tries the addresses one after the other, each with its share of the time, as Go does. */
  readonly happyEyeballs: { readonly delay: number } | false;
  readonly lookup?: LookupFunction;
  /** Turns the cache of names on. */
  readonly dns?: DnsSettings & { readonly host: DnsHost; readonly queries?: DnsQueries };
  readonly localAddress?: string;
  readonly socketPath?: string;
  readonly tls?: TlsOptions;
  /** For some origins, on top of `tls`. */
  readonly tlsByOrigin?: Readonly<Record<string, TlsOptions>>;
  /** What tunnels through proxies need; without it there are none. */
  readonly proxy?: ProxySettings;
  /**
   * Asked before every connect, for literal addresses too. A Unix socket path is its owner's own choice and is
   * not asked about. With a custom `dial`, a literal host is asked about before, and the address that the
   * returned socket tells of (where it does) after.
   */
  readonly allowAddress?: AllowAddress;
  /** Results have the server's certificate. */
  readonly keepCertificates?: boolean;
  /** Replaces name resolution and connect. */
  readonly dial?: (target: DialTarget) => Promise<Duplex>;
}

/**
 * One address that was tried, and what came of it: `connected`, `refused`, `reset`, `unreachable`,
 * `timed-out`, `lost-race`, `not-allowed`, `cancelled`, or the system's code for anything else.
 */
export interface DialAttempt {
  readonly address: string;
  readonly outcome: string;
  readonly milliseconds: number;
}

/** How long each part took, in milliseconds; what did not happen is absent. */
export interface DialTimings {
  readonly dns?: number;
  readonly connect?: number;
  /** TLS with an https proxy, and what it took the proxy to open the tunnel. */
  readonly proxy?: number;
  readonly tls?: number;
}

/** What was agreed in the TLS handshake. */
export interface TlsInfo {
  /** `TLSv1.3`, … */
  readonly version: string;
  readonly cipher: string;
  /** Whether the certificate was found good; can be false only with `tls.rejectUnauthorized: false`. */
  readonly authorized: boolean;
  /** Why it was not. */
  readonly authorizationError?: string;
  /** The name that was asked for (SNI). */
  readonly servername?: string;
  readonly resumed: boolean;
  readonly alpn?: string;
}

/** A connection, made. */
export interface DialResult extends DialTimings {
  /** Has no listener of the dialer's that reports errors: attach one before `done` returns. */
  readonly socket: Duplex;
  readonly attempts: DialAttempt[];
  readonly resumed?: boolean;
  readonly alpn?: string;
  readonly tlsInfo?: TlsInfo;
  /** The server's, where the settings ask for it and it is known; of a resumed session, the one it began with. */
  readonly certificate?: PeerCertificate;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly localAddress?: string;
  readonly localPort?: number;
  /** Whether bytes arrive through the given `onread`; where false, they arrive as stream events. */
  readonly usesOnread: boolean;
}

/** Where the bytes of a connection go: `node:net`'s `onread`. */
export interface OnRead {
  /** The buffer of the next read. Also called once per attempt, before it is known which will win. */
  readonly buffer: () => Uint8Array;
  /** Never called before `done`. `false` pauses. */
  readonly callback: (bytes: number, buffer: Uint8Array) => boolean;
}

/** Exactly one is called, in a later turn than `dial`'s, unless the dial is cancelled first. */
export interface DialHandlers {
  /** Told of the steps; its hooks do not throw. */
  readonly trace?: DialTrace;
  /** Called inside the socket's own event, before any byte can have been read. */
  done(result: DialResult): void;
  failed(error: NetworkError, attempts: DialAttempt[], timings: DialTimings): void;
}

/** A dial under way. */
export interface PendingDial {
  /** Ends it and all it opened; no handler is called any more. Does nothing when the dial is over. */
  cancel(): void;
  /** Whether it keeps the process alive (it does unless told otherwise). The socket of `done` is left as last told. */
  setRef(keepAlive: boolean): void;
}
