import type { Request, Response } from "../message/index.js";
import type { ExchangeOptions, Settle, Transport } from "../transport/index.js";
import { CallState } from "./call-state.js";
import { exchangeOf, finishCall } from "./chain.js";
import { decodeResponse } from "./decode/index.js";
import { deliver } from "./deliver.js";
import { HTTPError, throwIfError } from "./http-error.js";
import type { Policy } from "./policy.js";
import { isRedirect } from "./redirects.js";

/**
 * A call that our own transport can most often carry out in one exchange: there are cookies to add at most before it,
 * and only the response tells whether there is more to do. It costs one object and no promise.
 */
export class DirectCall implements Settle {
  readonly #policy: Policy;
  readonly #transport: Transport;
  readonly #request: Request;
  readonly #options: ExchangeOptions;
  readonly #resolve: (response: Response) => void;
  readonly reject: (error: unknown) => void;

  constructor(
    policy: Policy,
    transport: Transport,
    request: Request,
    resolve: (response: Response) => void,
    reject: (error: unknown) => void,
  ) {
    this.#policy = policy;
    this.#transport = transport;
    this.#request = request;
    this.#resolve = resolve;
    this.reject = reject;
    this.#options =
      policy.timeout === Number.POSITIVE_INFINITY
        ? policy.untimed
        : { ...policy.untimed, deadline: transport.now() + policy.timeout, timeout: policy.timeout };
  }

  start(): void {
    const ready = this.#policy.cookies?.prepare(this.#request) ?? this.#request;
    // Only a foreign jar takes its time, and that goes the way of the chain.
    this.#transport.start(ready as Request, this, this.#options);
  }

  resolve(response: Response): void {
    try {
      const kept = this.#policy.cookies?.keep(this.#request, response);
      if (kept === undefined) this.#answered(response);
      else kept.then(() => this.#answered(response)).catch((error) => this.#failed(response, error));
    } catch (error) {
      this.#failed(response, error);
    }
  }

  #failed(response: Response, error: unknown): void {
    if (!(error instanceof HTTPError)) void response.close();
    this.reject(error);
  }

  #answered(response: Response): void {
    const policy = this.#policy;
    if (isRedirect(response.status) && this.#request.redirect !== "manual") {
      this.#goOn(response);
      return;
    }
    if (policy.bodyOnly) {
      if (policy.decompress !== undefined) decodeResponse(response, this.#request, policy.decompress);
    } else {
      deliver(policy, this.#request, response);
      if (policy.throwOnError) throwIfError(this.#request, response);
    }
    this.#resolve(response);
  }

  /** More exchanges are needed after all. */
  #goOn(response: Response): void {
    const policy = this.#policy;
    const request = this.#request;
    const call = new CallState(policy, this.#transport, this.#options.deadline);
    call.attempts = response.attempts;
    finishCall(call, request, response, exchangeOf(call))
      .then((last) => (policy.throwOnError ? throwIfError(request, last) : last))
      .then(this.#resolve, this.reject);
  }
}
