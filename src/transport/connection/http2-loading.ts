import { NetworkError } from "../../errors/index.js";

// The only door to HTTP/2: its carrier and codec are a seventh of the package, and programs that speak HTTP/1.1 do
// not load them. A dial that may end in HTTP/2 begins to load them when it starts, so that they are there, as a
// rule, when its handshake is done.

export type Http2Code = typeof import("./http2-connection.js");

let code: Http2Code | undefined;
let loading: Promise<Http2Code> | undefined;

/** The carrier of HTTP/2, once it is loaded. */
export function loadedHttp2(): Http2Code | undefined {
  return code;
}

/** Loads it, once. */
export function loadHttp2(): Promise<Http2Code> {
  loading ??= import("./http2-connection.js").then((loaded) => {
    code = loaded;
    return loaded;
  });
  return loading;
}

/** Begins to load it, if nobody has. A failure is the affair of those who wait for it. */
export function prepareHttp2(): void {
  if (loading === undefined) loadHttp2().catch(() => undefined);
}

/** The error of a connection in HTTP/2 whose carrier cannot be loaded. */
export function notLoaded(origin: string, cause: unknown): NetworkError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new NetworkError(
    `The server at ${origin} chose HTTP/2, and Trunkline's code for it cannot be loaded; deploy all files of the package or of the bundle together, or set http2: false: ${why}`,
    { code: "ERR_TRUNKLINE_PROTOCOL", phase: "tls", url: origin, cause },
  );
}
