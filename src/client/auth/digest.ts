import { type Request, type Response, requestParts } from "../../message/index.js";
import { callError } from "../call-error.js";
import type { Send } from "../send.js";
import type { Authenticator } from "./authenticator.js";
import { authorized } from "./authorized.js";
import { parseChallenges } from "./challenges.js";
import { DigestSession } from "./digest-session.js";

const MAX_SESSIONS = 64;

/** HTTP Digest (RFC 7616): answers a server's challenge, and the next requests with the same nonce unasked. */
export class DigestAuthenticator implements Authenticator {
  readonly #username: string;
  readonly #password: string;
  /** By origin. */
  readonly #sessions = new Map<string, DigestSession>();

  constructor(username: string, password: string) {
    this.#username = username;
    this.#password = password;
  }

  async send(request: Request, next: Send): Promise<Response> {
    const { target, source } = requestParts(request);
    let session = this.#sessions.get(target.origin);
    let response = await next(this.#signed(request, session));
    // Twice: the nonce in use may have gone stale, and the new one be refused for the password.
    for (let round = 0; round < 2; round += 1) {
      if (response.status !== 401) {
        session?.follow(response.headers.get("authentication-info"));
        return response;
      }
      const fresh = this.#challenged(response, target.origin);
      // Refused with the nonce it asked for: the credentials are wrong.
      if (fresh === undefined || (round > 0 && !fresh.stale)) return response;
      if (source !== undefined && !source.replayable) {
        await response.close();
        throw callError(
          request,
          "ERR_TRUNKLINE_BODY_NOT_REPLAYABLE",
          "the server asks for Digest authentication, and the body is a stream that was sent already; send another request first, or give a string, bytes or a Blob",
          "write",
        );
      }
      await response.close();
      session = fresh;
      response = await next(this.#signed(request, session));
    }
    return response;
  }

  #signed(request: Request, session: DigestSession | undefined): Request {
    if (session === undefined) return request;
    const { target } = requestParts(request);
    return authorized(request, session.authorization(request.method, target.path));
  }

  #challenged(response: Response, origin: string): DigestSession | undefined {
    const field = response.headers.get("www-authenticate");
    if (field === null) return undefined;
    const sessions = parseChallenges(field)
      .filter((challenge) => challenge.scheme === "digest")
      .map((challenge) => DigestSession.of(challenge.parameters, this.#username, this.#password))
      .filter((session) => session !== undefined);
    // The server's order is its preference, and any SHA-256 is better than MD5.
    const best = sessions.find((session) => session.hash === "sha256") ?? sessions[0];
    if (best === undefined) return undefined;
    if (this.#sessions.size >= MAX_SESSIONS)
      this.#sessions.delete(this.#sessions.keys().next().value as string);
    this.#sessions.set(origin, best);
    return best;
  }
}
