import { type Request, type Response, requestParts } from "../../message/index.js";
import type { Send } from "../send.js";
import type { Authenticator, BearerAuth } from "./auth-options.js";
import { authorized } from "./authorized.js";

/** A token, kept until a server refuses it. */
export class BearerAuthenticator implements Authenticator {
  readonly #source: BearerAuth["bearer"];
  #token: string | undefined;
  /** Everybody who needs a token while one is being got waits for the same one. */
  #getting: Promise<string> | undefined;

  constructor(source: BearerAuth["bearer"]) {
    if (typeof source !== "function") this.#token = checkToken(source);
    this.#source = source;
  }

  async send(request: Request, next: Send): Promise<Response> {
    const token = this.#token ?? (await this.#get());
    const response = await next(authorized(request, `Bearer ${token}`));
    if (response.status !== 401 || typeof this.#source !== "function") return response;
    // Another call may have replaced it meanwhile.
    if (this.#token === token) this.#token = undefined;
    const { source } = requestParts(request);
    if (source !== undefined && !source.replayable) return response;
    const fresh = this.#token ?? (await this.#get());
    if (fresh === token) return response;
    await response.close();
    return next(authorized(request, `Bearer ${fresh}`));
  }

  #get(): Promise<string> {
    this.#getting ??= this.#ask().finally(() => {
      this.#getting = undefined;
    });
    return this.#getting;
  }

  async #ask(): Promise<string> {
    const token = checkToken(await (this.#source as () => string | Promise<string>)());
    this.#token = token;
    return token;
  }
}

function checkToken(token: unknown): string {
  if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new TypeError(
    `Cannot use this bearer token: it ${typeof token === "string" ? "is empty or contains a space, a line end or a non-ASCII character" : `is ${token === null ? "null" : typeof token}, not a string`}`,
  );
}
