import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import type { SocketOptions } from "../../runtime/index.js";
import { connectError } from "./connect-errors.js";
import { ConnectRace, destroyQuietly } from "./connect-race.js";
import type { OnRead } from "./contract.js";
import { isIntercepted } from "./socket-view.js";
import type { DialSteps, Way } from "./way.js";

/** Straight to the target: its addresses race, each attempt a whole TCP, TLS or Unix socket. */
export class DirectWay implements Way {
  readonly #dial: DialSteps;
  #onread: OnRead | undefined;
  #race: ConnectRace | undefined;

  constructor(dial: DialSteps, onread: OnRead | undefined) {
    this.#dial = dial;
    this.#onread = onread;
  }

  start(): void {
    const { host, socketPath } = this.#dial.target;
    const family = isIP(host);
    this.#dial.limitConnect();
    if (socketPath !== undefined) this.#connect([{ address: socketPath, family: 0 }]);
    else if (family === 0) this.#dial.resolve((addresses) => this.#connectInOrder(addresses));
    else {
      const allowed = this.#dial.allowed([{ address: host, family }]);
      if (allowed !== undefined) this.#connectInOrder(allowed);
    }
  }

  setRef(keepAlive: boolean): void {
    this.#race?.setRef(keepAlive);
  }

  stop(outcome: "cancelled" | "timed-out"): void {
    if (outcome === "timed-out") this.#rememberFailures();
    this.#race?.stop(outcome);
    this.#race = undefined;
  }

  #connectInOrder(addresses: readonly LookupAddress[]): void {
    const { shared, target } = this.#dial;
    this.#connect(shared.failedAddresses.order(addresses, target.port, shared.runtime.now()));
  }

  #connect(addresses: readonly LookupAddress[]): void {
    const dial = this.#dial;
    const { shared, target } = dial;
    const { happyEyeballs, connectTimeout } = shared.settings;
    dial.startPhase("connect");
    this.#race = new ConnectRace(shared.runtime, {
      addresses,
      delay: happyEyeballs === false ? undefined : happyEyeballs.delay,
      deadline: dial.startedAt + connectTimeout,
      attempts: dial.attempts,
      port: target.port,
      trace: dial.trace,
      open: (address) => this.#open(address),
      won: (socket, { address }) => {
        dial.endPhase("connect");
        shared.failedAddresses.connected(address, target.port);
        this.#rememberFailures();
        this.#race = undefined;
        dial.connected(socket, this.#onread !== undefined);
      },
      lost: (failures) => {
        dial.endPhase("connect");
        this.#rememberFailures();
        this.#race = undefined;
        dial.fail(connectError(target, failures));
      },
    });
    this.#race.setRef(dial.keepAlive);
    this.#race.start();
  }

  #open(address: LookupAddress): Duplex {
    const { runtime } = this.#dial.shared;
    const socket = runtime.connect(this.#socketOptions(address));
    if (this.#onread === undefined || !isIntercepted(socket)) return socket;
    this.#onread = undefined;
    destroyQuietly(socket);
    return runtime.connect(this.#socketOptions(address));
  }

  #socketOptions({ address, family }: LookupAddress): SocketOptions {
    const { shared, target, tls } = this.#dial;
    const { localAddress } = shared.settings;
    return {
      ...(family === 0 ? { path: address } : { host: address, port: target.port, family }),
      ...(family === 0 || localAddress === undefined ? {} : { localAddress }),
      ...(this.#onread === undefined ? {} : { onread: this.#onread }),
      ...(tls === undefined ? {} : { tls: tls.options }),
    };
  }

  #rememberFailures(): void {
    const { shared, target } = this.#dial;
    for (const { address, family } of this.#race?.failures ?? []) {
      if (family !== 0) shared.failedAddresses.failed(address, target.port, shared.runtime.now());
    }
  }
}
