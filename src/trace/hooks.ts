import type { ClosedBy, CloseReason } from "./reasons.js";

/**
 * Hooks for what happens to one call: all events of Go's `httptrace.ClientTrace`, and more. All are optional. They run
 * synchronously, in the async context of the call. An error that a hook throws does not affect the call; it surfaces as
 * an uncaught exception. A hook may be called several times, because redirects and retries belong to the same call. The
 * events of a dial go to the call it was started for, even if another connection serves that call in the end.
 */
export interface Trace {
  /** The exchange asks for a connection. Go: `GetConn`. */
  getConnection?(event: { readonly origin: string; readonly route: string }): void;
  /** No connection was free, so the exchange waits. `waiting` and `dialing` count those of the same route, itself included. */
  queued?(event: { readonly waiting: number; readonly dialing: number }): void;
  /** Name resolution starts. Go: `DNSStart`. */
  dnsStart?(event: { readonly host: string }): void;
  /** Name resolution has succeeded, or failed with `error`. Go: `DNSDone`. */
  dnsDone?(event: {
    readonly host: string;
    readonly addresses: readonly string[];
    readonly error?: unknown;
  }): void;
  /** An attempt to connect to one address starts. Go: `ConnectStart`. */
  connectStart?(event: { readonly address: string; readonly port: number }): void;
  /** The attempt has ended; `outcome` is as in {@link AttemptRecord}. Go: `ConnectDone`. */
  connectDone?(event: {
    readonly address: string;
    readonly port: number;
    readonly outcome: string;
    readonly milliseconds: number;
    readonly error?: unknown;
  }): void;
  /** A proxy is asked to open a tunnel. `proxy` is its URL without credentials. */
  proxyStart?(event: { readonly proxy: string; readonly target: string }): void;
  /** The proxy has opened the tunnel, or failed with `error`. */
  proxyDone?(event: { readonly proxy: string; readonly target: string; readonly error?: unknown }): void;
  /** The TLS handshake with the server starts. Go: `TLSHandshakeStart`. */
  tlsStart?(event: { readonly host: string }): void;
  /** The TLS handshake has succeeded, or failed with `error`. Go: `TLSHandshakeDone`. */
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
    /** Whether it had carried a request before, or was idle. */
    readonly reused: boolean;
    /** Milliseconds it had been idle; absent when it had not. */
    readonly idleFor?: number;
  }): void;
  /** A header of the request has been written; called for each, in order. Go: `WroteHeaderField`. */
  wroteHeaderField?(event: { readonly name: string; readonly value: string }): void;
  /** The request's head has been written. Go: `WroteHeaders`. */
  wroteHeaders?(): void;
  /** The body waits for `100 Continue`. Go: `Wait100Continue`. */
  wait100Continue?(): void;
  /** The server has sent `100 Continue`. Go: `Got100Continue`. */
  got100Continue?(): void;
  /** A 1xx response has arrived, 100 included. Go: `Got1xxResponse`, which leaves 100 out. */
  got1xxResponse?(event: {
    readonly status: number;
    readonly headers: readonly (readonly [string, string])[];
  }): void;
  /** The request has been written with its body, or writing it failed with `error`. Go: `WroteRequest`. */
  wroteRequest?(event: { readonly error?: unknown }): void;
  /** The first byte of the response has arrived. Go: `GotFirstResponseByte`. */
  gotFirstResponseByte?(): void;
  /** The response is complete, or its body broke off with `error`. `bytes` counts the whole response, head included. */
  bodyEnd?(event: { readonly bytes: number; readonly error?: unknown }): void;
  /**
   * The exchange has left its connection, which can be used again: it is idle, serves a waiting exchange, or (over HTTP/2)
   * still carries others. Go: `PutIdleConn` without an error.
   */
  released?(event: { readonly connection: number; readonly to: "idle" | "waiter" | "others" }): void;
  /** The connection closed with the exchange; called for each call that was on it. Go: `PutIdleConn` with an error. */
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
 * Combines traces into one that calls the hooks of all of them, in order; `undefined` is skipped.
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
          failed ??= { error }; // the others are called all the same
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

/** Whether it has a hook, its own or its class's. What something put on `Object.prototype` is not one. */
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
