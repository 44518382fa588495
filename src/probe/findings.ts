/** What a probe has found out. Times are milliseconds; what was not found out is absent. */
export interface ProbeResult {
  readonly origin: string;
  /** What was asked for. */
  readonly path: string;
  readonly addresses: readonly AddressHealth[];
  readonly phases?: Phases;
  readonly status?: number;
  readonly http: {
    /** Of HTTP/1: `1.1` or `1.0`. */
    readonly version?: string;
    /** Whether TLS agreed on HTTP/2 when it was offered; absent without TLS, where it is not asked. */
    readonly h2?: boolean;
  };
  /** Where TLS agreed on it. */
  readonly http2?: Http2Health;
  readonly tls?: { readonly version: string; readonly resumes?: boolean };
  readonly keepAlive?: KeepAlive;
  readonly idle?: IdleLimit;
  readonly settings: readonly Setting[];
  /** Requests and connections that the probe made. */
  readonly cost: { readonly requests: number; readonly connections: number };
}

/** What a server's HTTP/2 is like. */
export interface Http2Health {
  /** What it says of itself; a limit that is missing is none. */
  readonly settings?: {
    readonly maxConcurrentStreams?: number;
    readonly initialWindowSize: number;
    readonly maxFrameSize: number;
    readonly maxHeaderListSize?: number;
    readonly headerTableSize: number;
    /** Whether it takes WebSockets and the like on a stream (RFC 8441). */
    readonly extendedConnect: boolean;
  };
  /** When its SETTINGS were there, from the first octet that was sent. */
  readonly settingsAfter?: number;
  readonly status?: number;
  /** The round trip of a PING. */
  readonly ping?: number;
  /** What went wrong, in a sentence. */
  readonly error?: string;
  /** The idle age at which it ended the connection, and whether it said GOAWAY. */
  readonly idleEnd?: { readonly after: number; readonly goAway: boolean };
  readonly goAway?: { readonly code: string; readonly lastStream: number; readonly debug: string };
  /** How long the connection was left alone. */
  readonly waited: number;
}

export interface AddressHealth {
  readonly address: string;
  readonly connect?: number;
  readonly tls?: number;
  readonly error?: string;
}

/** Where the time of a first request goes. */
export interface Phases {
  readonly dns?: number;
  readonly connect: number;
  readonly tls?: number;
  readonly waiting: number;
  readonly receiving: number;
}

export interface KeepAlive {
  /** Two requests were answered on one connection. */
  readonly reused: boolean;
  /** Why not. */
  readonly because?: "said-close" | "http-1.0" | "closed-by-eof-body" | "closed-without-a-word";
  /** Of the response's Keep-Alive field. */
  readonly announced?: number;
}

export interface IdleLimit {
  /** The idle age at which the server ended connections, the least that was seen. */
  readonly limit?: number;
  /** The longest idle age after which a connection still carried a request. */
  readonly aliveAfter?: number;
  /** A connection that looked open and yet did not carry a request any more, by its idle age. */
  readonly silentlyDeadAfter?: number;
  /** How long was waited at most. */
  readonly waited: number;
}

/** What suits a client of this server. */
export interface Setting {
  /** `server` is what to set there instead, if the server is yours. */
  readonly client: "trunkline" | "undici" | "http.Agent" | "go" | "server";
  readonly code: string;
  readonly why: string;
}
