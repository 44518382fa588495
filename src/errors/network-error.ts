import type { ErrorCode } from "./error-code.js";

import { shownText } from "./shown-text.js";
import { shownURL } from "./shown-url.js";

/** The phase of an exchange in which something failed. */
export type Phase = "queue" | "dns" | "connect" | "proxy" | "tls" | "write" | "headers" | "body";

/** The facts that a {@link NetworkError} is made with; they become its members of the same names. */
export interface NetworkErrorDetails {
  /** The stable code. */
  readonly code: ErrorCode;
  /** The phase in which the exchange failed. */
  readonly phase: Phase;
  /** The request's URL; the error masks its password, query values and fragment. */
  readonly url?: string | undefined;
  /** Id of the request's connection; default: none. */
  readonly connection?: number | undefined;
  /** Whether that connection had been used or idle before; default false. */
  readonly reused?: boolean;
  /** Bytes of the request handed to the socket; default 0. */
  readonly bytesWritten?: number;
  /** Whether any byte of the response had arrived; default false. */
  readonly responseStarted?: boolean;
  /** Whether sending the request again is safe and may help; default false. */
  readonly retryable?: boolean;
  /** The underlying error, such as the system's; default: none. */
  readonly cause?: unknown;
}

/**
 * The rejection of a request or body that fails on the network: DNS, connecting, TLS, the protocol, a limit, a timeout.
 * It is a `TypeError`, as in WHATWG fetch, so that code written for `fetch` keeps working. Programs should look at `code`
 * and `phase`; the message is for people.
 */
export class NetworkError extends TypeError {
  /** `NetworkError`, or `TimeoutError` for that subclass. */
  override name = "NetworkError";
  /** What went wrong, as a stable code; docs/errors.md explains each. */
  readonly code: ErrorCode;
  /**
   * Only on the cause of what module-level `fetch` rejects with, whose `code` is the system's or undici's where programs
   * written for Node's fetch look for that: the stable code. Undefined on all other errors, whose `code` it is.
   */
  declare readonly trunklineCode?: ErrorCode;
  /** The phase in which the exchange failed. */
  readonly phase: Phase;
  /** The request's URL with its password, query values and fragment masked; undefined when it is not known. */
  readonly url: string | undefined;
  /** Id of the request's connection, as in `transport.connections()`; undefined when it had none. */
  readonly connection: number | undefined;
  /** Whether that connection had carried a request before, or was idle; false without a connection. */
  readonly reused: boolean;
  /** Bytes of the request handed to the socket; 0 when none were. */
  readonly bytesWritten: number;
  /** Whether any byte of the response had arrived. */
  readonly responseStarted: boolean;
  /** Whether sending the same request again is safe and may help. */
  readonly retryable: boolean;

  /** Transports make this error; make one yourself in tests, middleware and your own transports. */
  constructor(message: string, given: NetworkErrorDetails) {
    // Without a prototype: nothing is taken from `Object.prototype` for a detail.
    const details = Object.assign(Object.create(null) as object, given);
    super(shownText(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.phase = details.phase;
    this.url = details.url === undefined ? undefined : shownURL(details.url);
    this.connection = details.connection;
    this.reused = details.reused ?? false;
    this.bytesWritten = details.bytesWritten ?? 0;
    this.responseStarted = details.responseStarted ?? false;
    this.retryable = details.retryable ?? false;
  }
}

/** The time limits that can end in a {@link TimeoutError}, by the names of their options. */
export type TimeoutKind =
  | "timeout"
  | "attemptTimeout"
  | "queueTimeout"
  | "connectTimeout"
  | "tlsTimeout"
  | "headersTimeout"
  | "bodyTimeout"
  | "proxyTimeout";

/** A time limit was exceeded: `timeout` says which, `spent` where the time went. */
export class TimeoutError extends NetworkError {
  /** Always `TimeoutError`. */
  override name = "TimeoutError";
  /** The option whose limit was exceeded. */
  readonly timeout: TimeoutKind;
  /** The limit, in milliseconds. */
  readonly milliseconds: number;
  /** Milliseconds spent, by phase; phases that were not reached are absent. */
  readonly spent: Readonly<Record<string, number>>;

  /** Transports make this error; make one yourself in tests, middleware and your own transports. */
  constructor(
    message: string,
    details: NetworkErrorDetails & {
      readonly timeout: TimeoutKind;
      readonly milliseconds: number;
      readonly spent?: Readonly<Record<string, number>>;
    },
  ) {
    super(message, details);
    this.timeout = details.timeout;
    this.milliseconds = details.milliseconds;
    this.spent = details.spent ?? {};
  }
}

// A package that is installed twice shares `defaultTransport`, so that the errors of one copy reach programs that ask
// for the class of the other.
recognise(NetworkError, Symbol.for("trunkline.NetworkError.0"));
recognise(TimeoutError, Symbol.for("trunkline.TimeoutError.0"));

function recognise(kind: typeof NetworkError | typeof TimeoutError, mark: symbol): void {
  Object.defineProperty(kind.prototype, mark, { value: true });
  Object.defineProperty(kind, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      // A class made from this one inherits the function, and means its own objects only.
      if (this === kind && typeof value === "object" && value !== null) return mark in value;
      return Function.prototype[Symbol.hasInstance].call(this as () => unknown, value);
    },
  });
}
