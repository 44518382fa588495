import { isIP } from "node:net";
import { Duplex } from "node:stream";
import { nextTick } from "../../runtime/index.js";
import { connectError, customDialError } from "./connect-errors.js";
import { ConnectRace, destroyQuietly } from "./connect-race.js";
import type { DialSettings } from "./contract.js";
import { messageOf } from "./outcome.js";
import type { SocketView } from "./socket-view.js";
import type { DialSteps, Way } from "./way.js";

/** By the option `dial`, which returns the plain stream. */
export class CustomWay implements Way {
  readonly #dial: DialSteps;
  readonly #call: NonNullable<DialSettings["dial"]>;
  readonly #abort = new AbortController();
  /** Of one: where the stream is a socket that has yet to connect. */
  #race: ConnectRace | undefined;
  #handedOver = false;

  constructor(dial: DialSteps, call: NonNullable<DialSettings["dial"]>) {
    this.#dial = dial;
    this.#call = call;
  }

  start(): void {
    const { target } = this.#dial;
    const family = isIP(target.host);
    this.#dial.limitConnect();
    if (family !== 0 && target.socketPath === undefined) {
      if (this.#dial.allowed([{ address: target.host, family }]) === undefined) return;
    }
    this.#dial.startPhase("connect");
    const { signal } = this.#abort;
    // An async function, so that a `dial` that throws at once is a rejection too. What `done` throws must not be
    // taken for a failure of `dial`, so it surfaces from a turn of its own.
    (async () => this.#call({ ...target, signal }))().then(
      (stream: unknown) => nextTick(() => this.#returned(stream)),
      (error: unknown) => nextTick(() => this.#failed(messageOf(error), error)),
    );
  }

  setRef(keepAlive: boolean): void {
    this.#race?.setRef(keepAlive);
  }

  /** A stream that comes all the same is destroyed. */
  stop(outcome: "cancelled" | "timed-out"): void {
    if (!this.#handedOver) this.#abort.abort();
    this.#race?.stop(outcome);
  }

  #failed(what: string, cause?: unknown): void {
    if (!this.#abort.signal.aborted) this.#dial.fail(customDialError(this.#dial.target, what, cause));
  }

  #returned(stream: unknown): void {
    if (!(stream instanceof Duplex)) this.#failed("it did not return a Duplex stream");
    else if (this.#abort.signal.aborted) destroyQuietly(stream);
    else if (stream.destroyed) this.#failed("it returned a destroyed stream");
    else if ((stream as SocketView).connecting === true) this.#connect(stream);
    else this.#opened(stream);
  }

  #connect(stream: Duplex): void {
    const dial = this.#dial;
    const { shared, target } = dial;
    dial.startPhase("connect");
    this.#race = new ConnectRace(shared.runtime, {
      addresses: [{ address: target.host, family: 0 }],
      delay: undefined,
      deadline: dial.startedAt + shared.settings.connectTimeout,
      attempts: dial.attempts,
      port: target.port,
      trace: dial.trace,
      open: () => stream,
      won: () => this.#opened(stream),
      lost: (failures) => {
        dial.endPhase("connect");
        dial.fail(connectError(target, failures));
      },
    });
    this.#race.setRef(dial.keepAlive);
    this.#race.start();
  }

  #opened(stream: Duplex): void {
    const { remoteAddress } = stream as SocketView;
    if (remoteAddress !== undefined && isIP(remoteAddress) !== 0) {
      if (this.#dial.allowed([{ address: remoteAddress, family: isIP(remoteAddress) }]) === undefined) {
        destroyQuietly(stream);
        return;
      }
    }
    this.#race = undefined;
    this.#dial.endPhase("connect");
    this.#dial.opened(stream);
    this.#handedOver = true;
  }
}
