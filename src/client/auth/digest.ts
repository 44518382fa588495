import {
  DigestAuth,
  parseChallenges,
  type Request,
  type Response,
  requestParts,
} from "../../message/index.js";
import { callError } from "../call-error.js";
import type { Send } from "../send.js";
import type { Authenticator } from "./auth-options.js";
import { authorized } from "./authorized.js";

const MAX_ORIGINS = 64;
/** The nonce in use may have gone stale, and the answer to the new one be refused for the password. */
const MAX_ANSWERS = 2;

/** HTTP Digest (RFC 7616): answers a server's challenge, and the next requests with the same nonce unasked. */
export class DigestAuthenticator implements Authenticator {
  readonly #username: string;
  readonly #password: string;
  readonly #byOrigin = new Map<string, DigestAuth>();

  constructor(username: string, password: string) {
    this.#username = username;
    this.#password = password;
  }

  async send(request: Request, next: Send): Promise<Response> {
    const { target, source } = requestParts(request);
    const digest = this.#of(target.origin);
    let answer = digest.answer(request.method, target.path);
    let response = await next(answer === undefined ? request : authorized(request, answer));
    for (let answers = 0; response.status === 401 && answers < MAX_ANSWERS; answers += 1) {
      const challenge = response.headers.get("www-authenticate");
      if (challenge === null || !digest.challenged(parseChallenges([challenge]), answer !== undefined))
        return response;
      await response.close();
      if (source !== undefined && !source.replayable) throw sentAlready(request);
      answer = digest.answer(request.method, target.path) as string;
      response = await next(authorized(request, answer));
    }
    const info = answer === undefined ? null : response.headers.get("authentication-info");
    if (info !== null) digest.informed(info);
    return response;
  }

  #of(origin: string): DigestAuth {
    let digest = this.#byOrigin.get(origin);
    if (digest === undefined) {
      if (this.#byOrigin.size >= MAX_ORIGINS)
        this.#byOrigin.delete(this.#byOrigin.keys().next().value as string);
      digest = new DigestAuth({ username: this.#username, password: this.#password });
      this.#byOrigin.set(origin, digest);
    }
    return digest;
  }
}

function sentAlready(request: Request): Error {
  return callError(
    request,
    "ERR_TRUNKLINE_BODY_NOT_REPLAYABLE",
    "the server asks for Digest authentication, but the body is a stream that was already sent; make another request first, or use a string, bytes or a Blob",
    "write",
  );
}
