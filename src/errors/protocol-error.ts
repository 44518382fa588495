import type { ErrorCode } from "./error-code.js";

/**
 * What a codec throws when the peer breaks the protocol or crosses a limit. It never reaches a caller as it
 * is: the connection turns it into a `NetworkError` that also says where and on which connection.
 */
export class ProtocolError extends Error {
  override name = "ProtocolError";
  /** `ERR_TRUNKLINE_…`, becomes the code of the `NetworkError`. */
  readonly code: ErrorCode;
  /** True when a limit of this client was crossed rather than the protocol broken. */
  readonly limit: boolean;

  /** Where a connection carries several requests: whether it ends one of them, or the connection. */
  readonly scope: "stream" | "connection" | undefined = undefined;

  constructor(code: ErrorCode, message: string, limit = false) {
    super(message);
    this.code = code;
    this.limit = limit;
  }

  /** Whether the peer asks for the request over HTTP/1.1, or speaks nothing else whatever it agreed to. */
  get wantsHttp1(): boolean {
    return false;
  }
}
