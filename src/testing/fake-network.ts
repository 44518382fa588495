/** How the fake resolver answers for a name. */
export interface FakeHost {
  /** The IP addresses of the name; default none, which is `ENOTFOUND`. */
  readonly addresses?: readonly string[];
  /** Milliseconds until the answer; default 0. */
  readonly after?: number;
  /** The code that lookups fail with (`ENOTFOUND`, `EAI_AGAIN`, …); default: they do not fail. */
  readonly fails?: string;
  /** Whether lookups never end; default false. */
  readonly blackHole?: boolean;
}

/** How a dial of an address goes, and what the connection is like. */
export interface FakeRoute {
  /** Milliseconds until it connects or fails; default 0. */
  readonly after?: number;
  /** The code that it fails with (`ECONNREFUSED`, `EHOSTUNREACH`, …); default: it connects. */
  readonly fails?: string;
  /** Whether it never connects; default false. */
  readonly blackHole?: boolean;
  /** Milliseconds that bytes, an end or a reset take to travel, each way; default 0. */
  readonly latency?: number;
  /** Milliseconds that a TLS handshake takes; default 0. */
  readonly secureAfter?: number;
  /** The code that a TLS handshake fails with; default: it succeeds. */
  readonly secureFails?: string;
  /** Whether a TLS handshake never ends; default false. */
  readonly secureBlackHole?: boolean;
  /** The protocol that a TLS handshake agrees on, such as `h2`; default: none. */
  readonly alpn?: string;
}

/** `192.0.2.1:80`, `[2001:db8::1]:443`. */
export const endpoint = (host: string, port: number): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

/** An error such as Node's network functions give. */
export const systemError = (
  code: string,
  syscall: string,
  target: string,
  details: Readonly<Record<string, unknown>> = {},
): NodeJS.ErrnoException =>
  Object.assign(new Error(`${syscall} ${code}${target === "" ? "" : ` ${target}`}`), {
    code,
    syscall,
    ...details,
  });
