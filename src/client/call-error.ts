import { type ErrorCode, NetworkError, type Phase } from "../errors/index.js";
import type { Request } from "../message/index.js";

/** The error of a policy of the call; the sentence goes on after `GET http://host failed: `. */
export function callError(
  request: Request,
  code: ErrorCode,
  sentence: string,
  phase: Phase = "headers",
  cause?: unknown,
): NetworkError {
  return new NetworkError(`${nameOf(request)} failed: ${sentence}`, {
    code,
    phase,
    url: request.url,
    responseStarted: true,
    cause,
  });
}

/** `GET http://host`: path and query may hold what nobody should read in a log. */
export function nameOf(request: Request): string {
  return `${request.method} ${new URL(request.url).origin}`;
}
