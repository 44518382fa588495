/** What the resolver answers for a name. */
export interface FakeHost {
  /** The addresses that a lookup of the host gives. */
  readonly addresses?: readonly string[];
  /** Milliseconds until the answer; default 0. */
  readonly after?: number;
  /** Fails with this code (`ENOTFOUND`, `EAI_AGAIN`, …). */
  readonly fails?: string;
  /** Never answers. */
  readonly blackHole?: boolean;
}

/** What a dial of an address does, and the link it gets. */
export interface FakeRoute {
  /** Milliseconds until it connects or fails; default 0. */
  readonly after?: number;
  /** Fails with this code (`ECONNREFUSED`, `EHOSTUNREACH`, …). */
  readonly fails?: string;
  /** Never connects. */
  readonly blackHole?: boolean;
  /** Milliseconds for bytes, an end or a reset to travel, each way; default 0. */
  readonly latency?: number;
  /** For TLS: milliseconds from the connection to the end of the handshake; default 0. */
  readonly secureAfter?: number;
  /** For TLS: the handshake fails with this code. */
  readonly secureFails?: string;
  /** For TLS: the handshake never ends. */
  readonly secureBlackHole?: boolean;
  /** For TLS: the protocol agreed on; default: none. */
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
