import type { Side, Verdict } from "./life.js";
import type { Opaque, RequestFacts } from "./request-follower.js";
import type { ResponseFacts } from "./response-follower.js";

/** What a connection was doing when the first party ended it. */
interface EndingScene {
  readonly side: Side;
  readonly reset: boolean;
  readonly requests: number;
  readonly opaque: Opaque | undefined;
  /** The last request, and the last response whose head has come, if any. */
  readonly request: RequestFacts | undefined;
  readonly response: ResponseFacts | undefined;
  /** A request has begun whose final response has not. */
  readonly awaiting: boolean;
  /** A response's head has come and its body is not complete; with the bytes of body so far. */
  readonly insideResponse: boolean;
  readonly bodyBytes: number;
  /** A request is not complete. */
  readonly insideRequest: boolean;
  /** Milliseconds since the last response ended, while nothing is under way. */
  readonly idleFor: number | undefined;
}

/** A client that ends a connection no later than this after a response did not keep it. In milliseconds. */
export const AT_ONCE = 100;
/** What the buffers between a server and a program that reads nothing may hold. In bytes. */
const BUFFERED = 1_048_576;

/** Why the connection ended, from what was under way. */
export function closeVerdict(scene: EndingScene): Verdict {
  if (scene.opaque === "upgraded") return "upgraded";
  if (scene.opaque !== undefined)
    return scene.side === "client" ? "idle-closed-by-caller" : "server-closed-idle";
  return announced(scene) ?? (scene.side === "server" ? byServer(scene) : byClient(scene));
}

/** What one of the two had said it would do, whoever did it first. */
function announced({ request, response, awaiting, insideResponse, side }: EndingScene): Verdict | undefined {
  if (response?.unasked === true && response.status === 408) return "server-idle-timeout";
  if (awaiting || (insideResponse && (side === "client" || response?.untilClose !== true))) return undefined;
  if (request?.lastOne === true) return request.saidClose ? "request-said-close" : "keep-alive-off";
  if (response === undefined || response.keepAlive) return undefined;
  if (response.saidClose) return "server-said-close";
  return response.minorVersion === 0 ? "http-1.0" : "closed-by-eof-body";
}

function byServer({ insideResponse, awaiting, reset }: EndingScene): Verdict {
  if (reset && (insideResponse || awaiting)) return "reset";
  if (insideResponse) return "server-closed-mid-response";
  return awaiting ? "server-closed-unanswered" : "server-closed-idle";
}

function byClient(scene: EndingScene): Verdict {
  const { insideResponse, insideRequest, awaiting, reset, bodyBytes, idleFor = 0 } = scene;
  if (insideResponse) return bodyBytes <= BUFFERED ? "body-unread" : "body-abandoned";
  if (insideRequest && !awaiting && scene.requests > 0) return "upload-unfinished";
  if (awaiting || insideRequest) return "aborted";
  if (scene.requests === 0) return "surplus";
  // The system resets a connection that is closed while bytes wait in it unread.
  if (reset) return "body-unread";
  return idleFor <= AT_ONCE ? "after-response" : "after-idling";
}
