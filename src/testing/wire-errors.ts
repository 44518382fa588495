/**
 * Thrown in a script when its connection ends in an ordinary way: the peer closes it between two requests, or the server
 * is closed. A script need not catch it; it does not count as a failure.
 */
export class ConnectionOver extends Error {
  /** Always `ConnectionOver`. */
  override readonly name = "ConnectionOver";
  /** Who ended the connection. */
  readonly by: "peer" | "server";

  /** A `WireConnection` makes this error. */
  constructor(message: string, by: "peer" | "server") {
    super(message);
    this.by = by;
  }
}

/** A script's expectation that was not met. It makes `server.close()` reject. */
export class WireFailure extends Error {
  /** Always `WireFailure`. */
  override readonly name = "WireFailure";
}
