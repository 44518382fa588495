import type { ErrorCode } from "./error-code.js";

import { shownText } from "./shown-text.js";
import { shownURL } from "./shown-url.js";

/** Where in the life of an exchange something failed. */
export type Phase = "queue" | "dns" | "connect" | "proxy" | "tls" | "write" | "headers" | "body";

/** The facts a {@link NetworkError} carries beside its message. */
export interface NetworkErrorDetails {
  /** Stable; see {@link ErrorCode}. */
  readonly code: ErrorCode;
  /** How far the call had got when it failed. */
  readonly phase: Phase;
  /** The request's URL; its password, the values of its query and its fragment are masked. */
  readonly url?: string | undefined;
  /** Id of the connection the request was on, if it had one. */
  readonly connection?: number | undefined;
  /** Whether that connection had served a request before. */
  readonly reused?: boolean;
  /** Bytes of this request handed to the socket. */
  readonly bytesWritten?: number;
  /** Whether any byte of the response had arrived. */
  readonly responseStarted?: boolean;
  /** Whether sending the same request again is safe and may help. */
  readonly retryable?: boolean;
  /** The error underneath, such as the system's; undefined when there is none. */
  readonly cause?: unknown;
}

/**
 * Every rejection of a network kind. It is a `TypeError`, as WHATWG fetch promises, so code written for
 * `fetch` keeps working; `code` and `phase` are what programs should look at.
 */
export class NetworkError extends TypeError {
  /** `NetworkError`, or `TimeoutError` for that subclass. */
  override name = "NetworkError";
  /** The stable code of this error, listed in docs/errors.md. */
  readonly code: ErrorCode;
  /** How far the call had got when it failed. */
  readonly phase: Phase;
  /** The request's URL; its password, the values of its query and its fragment are masked. */
  readonly url: string | undefined;
  /** Id of the connection that the request was on; undefined when it had none. */
  readonly connection: number | undefined;
  /** Whether that connection had carried a request before. */
  readonly reused: boolean;
  /** Bytes of this request handed to the socket; 0 when nothing was. */
  readonly bytesWritten: number;
  /** Whether any byte of the response had arrived. */
  readonly responseStarted: boolean;
  /** Whether sending the same request again is safe and may help. */
  readonly retryable: boolean;

  /** Transports make this error; make one yourself in tests, middleware and transports of your own. */
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

/** The limits whose passing makes a {@link TimeoutError}; each is the name of the option that set it. */
export type TimeoutKind =
  | "timeout"
  | "attemptTimeout"
  | "queueTimeout"
  | "connectTimeout"
  | "tlsTimeout"
  | "headersTimeout"
  | "bodyTimeout"
  | "proxyTimeout";

/** A limit of time was passed. `timeout` says which one, `spent` where the time went. */
export class TimeoutError extends NetworkError {
  /** Always `TimeoutError`. */
  override name = "TimeoutError";
  /** The option whose limit was passed. */
  readonly timeout: TimeoutKind;
  /** The limit, in milliseconds. */
  readonly milliseconds: number;
  /** Milliseconds by phase, as far as the call had got. */
  readonly spent: Readonly<Record<string, number>>;

  /** Transports make this error; make one yourself in tests, middleware and transports of your own. */
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
