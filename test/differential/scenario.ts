/** Bytes a server sends: text (one byte a character), base64, or one text many times. */
export type Bytes =
  | string
  | { readonly base64: string }
  | { readonly repeat: string; readonly times: number };

/** What the server does with one arrival of a target. `{A}` and `{B}` in texts are the two servers' `host:port`. */
export interface Answer {
  /** Sent as it is. Default: nothing. */
  readonly reply?: Bytes | readonly Bytes[];
  /** Answers before the request's body was read, and leaves it unread. */
  readonly early?: boolean;
  /** Sends `100 Continue` before it reads the body. */
  readonly continues?: boolean;
  /** Waits until so many requests with a `hold` have arrived. */
  readonly hold?: number;
  /** What follows the reply; default `keep`. */
  readonly then?: "keep" | "close" | "reset" | "stall";
}

export interface Call {
  /** Default `GET`. */
  readonly method?: string;
  /** A path at server A, or `{B}/path`; `user:pass@/path` has credentials. */
  readonly url: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
  /** So many bytes of `u` instead of `body`. */
  readonly bodyBytes?: number;
  /** `stream`: of unknown length, and it cannot be sent again; `sized`: a stream of a declared length. Default: `whole`. */
  readonly as?: "whole" | "stream" | "sized";
  /** The length that is declared with `sized`; default: the right one. */
  readonly declared?: number;
  readonly trailers?: readonly (readonly [name: string, value: string])[];
  /** What is done with the response's body; default `all`. */
  readonly read?: "all" | "close" | "nothing";
}

/** A call, calls side by side, or so many milliseconds in which what is on the way arrives. */
export type Step = Call | readonly Call[] | { readonly pause: number };

export interface Options {
  readonly cookies?: boolean;
  readonly manual?: boolean;
  readonly maxRedirects?: number;
  /** Milliseconds for a call. */
  readonly timeout?: number;
  readonly headersTimeout?: number;
  readonly keepAlive?: boolean;
  readonly decompress?: boolean;
  readonly maxConnections?: number;
  readonly maxIdle?: number;
  /** Milliseconds to wait for a `100 Continue`; only requests with `Expect` wait. */
  readonly expectContinue?: number;
}

/** Requests with options, and the scripted bytes they are answered with. */
export interface Scenario {
  readonly name: string;
  readonly options?: Options;
  readonly steps: readonly Step[];
  /** By target (`/path`, at server B `B/path`): what the first, second, … arrival gets; the last stands for all later ones. */
  readonly answers: Readonly<Record<string, Answer | readonly Answer[]>>;
}

/** How a call ended. */
export interface Outcome {
  /** `head`: no response; `body`: a response whose body failed. */
  readonly error?: "head" | "body";
  readonly timeout?: boolean;
  readonly status?: number;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly trailers?: Readonly<Record<string, string>>;
}

/** A request as it arrived. */
export interface Arrived {
  readonly line: string;
  readonly host: string;
  readonly headers: readonly string[];
  /** Undefined when it was not read, or did not come to its end. */
  body?: string;
  trailers?: readonly string[];
}

/** Everything there is to compare: by connection, in the order of their first request, what arrived; and how each call ended. */
export interface Observed {
  readonly connections: readonly (readonly Arrived[])[];
  readonly outcomes: readonly Outcome[];
}

/** What a driver is handed: the scenario, and where the servers are. */
export interface Task {
  readonly scenario: Scenario;
  readonly a: string;
  readonly b: string;
  /** Over TLS, and so in HTTP/2. */
  readonly secure: boolean;
}

/** A client under comparison. */
export interface Driver {
  readonly name: string;
  run(task: Task): Promise<readonly Outcome[]>;
}
