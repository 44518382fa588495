import { codeOf, NetworkError } from "../../errors/index.js";

// The only door to HTTP/2: its carrier and codec are a seventh of the package, and programs that speak HTTP/1.1 do
// not load them. A dial that may end in HTTP/2 begins to load them when it starts, so that they are there, as a
// rule, when its handshake is done.

export type Http2Code = typeof import("./http2-connection.js");

let code: Http2Code | undefined;
let loading: Promise<Http2Code> | undefined;
let failed = false;

/** The carrier of HTTP/2, once it is loaded. */
export function loadedHttp2(): Http2Code | undefined {
  return code;
}

/**
 * Whether HTTP/2 can be offered to servers. Not once its code could not be loaded, as where the process has too many
 * files open, or a bundle lacks it: until it is there, new connections speak HTTP/1.1.
 */
export function canOfferHttp2(): boolean {
  return !failed;
}

/** Loads it: once, or until it is there. */
export function loadHttp2(): Promise<Http2Code> {
  loading ??= import("./http2-connection.js").then(
    (loaded) => {
      code = loaded;
      failed = false;
      return loaded;
    },
    (error: unknown) => {
      loading = undefined;
      if (!failed) warn(error);
      failed = true;
      throw error;
    },
  );
  return loading;
}

function warn(cause: unknown): void {
  process.emitWarning(
    `Trunkline's code for HTTP/2 cannot be loaded, so new connections speak HTTP/1.1: ${messageOf(cause)}; ${remedyOf(cause)}`,
    { code: "TRUNKLINE_HTTP2_NOT_LOADED", type: "TrunklineWarning" },
  );
}

/** Begins to load it, if nobody has. A failure is the affair of those who wait for it. */
export function prepareHttp2(): void {
  if (loading === undefined) loadHttp2().catch(() => undefined);
}

/** The error of a connection in HTTP/2 whose carrier cannot be loaded. */
export function notLoaded(origin: string, cause: unknown): NetworkError {
  return new NetworkError(
    `The server at ${origin} chose HTTP/2, and Trunkline's code for it cannot be loaded: ${messageOf(cause)}; ${remedyOf(cause)}`,
    { code: "ERR_TRUNKLINE_PROTOCOL", phase: "tls", url: origin, retryable: true, cause },
  );
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function remedyOf(cause: unknown): string {
  const code = codeOf(cause);
  return code === "EMFILE" || code === "ENFILE"
    ? "raise the process's limit of open files, or close what it keeps open"
    : "deploy all files of the package or of the bundle together, or set http2: false";
}
