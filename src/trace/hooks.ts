import type { ClosedBy, CloseReason } from "./reasons.js";

/**
 * Callbacks for what happens to one call: every event of Go's `httptrace.ClientTrace`, and those it lacks. All are
 * optional, run at once and in the async context of the call; what one throws surfaces in a later turn and changes
 * nothing. Retries and redirects are exchanges of the same call, so any of them may be called more than once. Events of
 * a dial go to the call that it was started for, which may be served by another connection in the end.
 */
export interface Trace {
  /** A connection is wanted. Go: `GetConn`. */
  getConnection?(event: { readonly origin: string; readonly route: string }): void;
  /** None was free: the exchange waits. `waiting`: those that wait for the same route, this one included. */
  queued?(event: { readonly waiting: number; readonly dialing: number }): void;
  /** Go: `DNSStart`. */
  dnsStart?(event: { readonly host: string }): void;
  /** Go: `DNSDone`. */
  dnsDone?(event: {
    readonly host: string;
    readonly addresses: readonly string[];
    readonly error?: unknown;
  }): void;
  /** Once for each address that is tried. Go: `ConnectStart`. */
  connectStart?(event: { readonly address: string; readonly port: number }): void;
  /** `outcome` as in a connection's record: `connected`, `refused`, `lost-race`, … Go: `ConnectDone`. */
  connectDone?(event: {
    readonly address: string;
    readonly port: number;
    readonly outcome: string;
    readonly milliseconds: number;
    readonly error?: unknown;
  }): void;
  /** A proxy, named without credentials, is asked for a tunnel. */
  proxyStart?(event: { readonly proxy: string; readonly target: string }): void;
  /** The proxy accepted the tunnel, or failed to. */
  proxyDone?(event: { readonly proxy: string; readonly target: string; readonly error?: unknown }): void;
  /** The handshake with the server begins. Go: `TLSHandshakeStart`. */
  tlsStart?(event: { readonly host: string }): void;
  /** Go: `TLSHandshakeDone`. */
  tlsDone?(event: {
    readonly host: string;
    readonly version?: string;
    readonly cipher?: string;
    readonly resumed?: boolean;
    readonly authorized?: boolean;
    readonly error?: unknown;
  }): void;
  /** The exchange has its connection. Go: `GotConn`. */
  gotConnection?(event: {
    readonly connection: number;
    /** Whether it carried an exchange before. */
    readonly reused: boolean;
    /** Milliseconds it had been idle, where it had. */
    readonly idleFor?: number;
  }): void;
  /** Once for each field of the request's head, in order. Go: `WroteHeaderField`. */
  wroteHeaderField?(event: { readonly name: string; readonly value: string }): void;
  /** Go: `WroteHeaders`. */
  wroteHeaders?(): void;
  /** The body is held back until the server says that it wants it. Go: `Wait100Continue`. */
  wait100Continue?(): void;
  /** Go: `Got100Continue`. */
  got100Continue?(): void;
  /** For every informational response, 100 included. Go: `Got1xxResponse`, which leaves 100 out. */
  got1xxResponse?(event: {
    readonly status: number;
    readonly headers: readonly (readonly [string, string])[];
  }): void;
  /** The request is written, its body included, or could not be. Go: `WroteRequest`. */
  wroteRequest?(event: { readonly error?: unknown }): void;
  /** Go: `GotFirstResponseByte`. */
  gotFirstResponseByte?(): void;
  /** The response is complete, or its body broke off. `bytes`: of the whole response, head included. */
  bodyEnd?(event: { readonly bytes: number; readonly error?: unknown }): void;
  /**
   * The connection can be used again: it went to the next waiter or is idle. Of HTTP/2 the stream is over, and the
   * connection goes on with the `others` on it. Go: `PutIdleConn` without an error.
   */
  released?(event: { readonly connection: number; readonly to: "idle" | "waiter" | "others" }): void;
  /** The connection ended with the exchange: told once to each call that was on it. Go: `PutIdleConn` with an error. */
  closed?(event: {
    readonly connection: number;
    readonly reason: CloseReason;
    readonly by: ClosedBy;
    readonly evidence: string;
  }): void;
}

/** The events of a dial. */
export type DialTrace = Pick<
  Trace,
  | "dnsStart"
  | "dnsDone"
  | "connectStart"
  | "connectDone"
  | "proxyStart"
  | "proxyDone"
  | "tlsStart"
  | "tlsDone"
>;

// A record, so that a hook of the interface that is missing here does not compile.
const HOOKS: Readonly<Record<keyof Trace, true>> = {
  getConnection: true,
  queued: true,
  dnsStart: true,
  dnsDone: true,
  connectStart: true,
  connectDone: true,
  proxyStart: true,
  proxyDone: true,
  tlsStart: true,
  tlsDone: true,
  gotConnection: true,
  wroteHeaderField: true,
  wroteHeaders: true,
  wait100Continue: true,
  got100Continue: true,
  got1xxResponse: true,
  wroteRequest: true,
  gotFirstResponseByte: true,
  bodyEnd: true,
  released: true,
  closed: true,
};

type Hook = (event?: unknown) => void;

/**
 * One trace that calls the hooks of all of them, in order; what is undefined is left out.
 *
 * ```ts
 * const trace = composeTraces(metrics, { closed: ({ reason }) => console.log(reason) });
 * await client.get(url, { trace });
 * ```
 */
export function composeTraces(...traces: readonly (Trace | undefined)[]): Trace {
  const given = traces.filter((trace) => trace !== undefined);
  const [only] = given;
  if (given.length === 1 && only !== undefined) return only;
  return traceOf((name) => {
    const called = given.filter((trace) => has(trace, name));
    if (called.length === 0) return undefined;
    return (event) => {
      let failed: { readonly error: unknown } | undefined;
      for (const trace of called) {
        try {
          (trace[name] as Hook).call(trace, event);
        } catch (error) {
          failed ??= { error }; // the others are told all the same
        }
      }
      if (failed !== undefined) throw failed.error;
    };
  });
}

/** The same hooks, each called through `run`, and unable to throw: that surfaces in a turn of its own. */
export function guardTrace(trace: Trace, run: (callback: () => void) => void): Trace {
  return traceOf((name) => {
    if (!has(trace, name)) return undefined;
    return (event) => {
      try {
        run(() => (trace[name] as Hook).call(trace, event));
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    };
  });
}

/** Whether it has a hook, its own or its class's; what every object has, as something put it on `Object.prototype`, is none. */
function has(trace: Trace, name: keyof Trace): boolean {
  for (
    let at: object | null = trace;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    if (Object.hasOwn(at, name)) return trace[name] !== undefined;
  }
  return false;
}

function traceOf(hookOf: (name: keyof Trace) => Hook | undefined): Trace {
  const hooks = Object.create(null) as Partial<Record<keyof Trace, Hook>>;
  for (const name of Object.keys(HOOKS) as (keyof Trace)[]) {
    const hook = hookOf(name);
    if (hook !== undefined) hooks[name] = hook;
  }
  return hooks;
}
