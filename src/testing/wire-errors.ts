/**
 * Thrown into a script whose connection has ended in an ordinary way: the peer closed it between two requests,
 * or the server was closed. A script need not catch it, and it does not count as a failure.
 */
export class ConnectionOver extends Error {
  /** Always `ConnectionOver`. */
  override readonly name = "ConnectionOver";
  /** Who ended it. */
  readonly by: "peer" | "server";

  /** A `WireConnection` makes this error. */
  constructor(message: string, by: "peer" | "server") {
    super(message);
    this.by = by;
  }
}

/** A script's expectation that did not hold. It makes `server.close()` reject. */
export class WireFailure extends Error {
  /** Always `WireFailure`. */
  override readonly name = "WireFailure";
}
