import { AsyncResource } from "node:async_hooks";
import { isIP } from "node:net";
import type { Runtime } from "../../runtime/index.js";
import { addressPolicy } from "../route/index.js";
import { FailedAddresses } from "./addresses.js";
import type { DialHandlers, DialRequest, DialSettings, OnRead, PendingDial } from "./contract.js";
import { Dial, type DialShared } from "./dial.js";
import { Resolver } from "./resolver.js";
import { TlsSetup } from "./tls-setup.js";

// Sockets keep the async context they are made in. A pooled one outlives the call that had it dialed, so it
// must not hold on to that call's AsyncLocalStorage: it is made in the context of this module instead.
const outside = new AsyncResource("TRUNKLINE_DIAL");

/**
 * Makes connections: name resolution, the Happy Eyeballs race, TCP, Unix sockets and TLS. One dialer has one
 * set of options, and with it one memory of TLS sessions and of addresses that failed.
 */
export class Dialer {
  readonly #shared: DialShared;

  constructor(settings: DialSettings, runtime: Runtime) {
    const { localAddress, connectTimeout, lookup } = settings;
    const family = localAddress === undefined ? 0 : isIP(localAddress);
    this.#shared = {
      settings,
      runtime,
      resolver: new Resolver(runtime, lookup, family === 4 || family === 6 ? family : 0, connectTimeout),
      failedAddresses: new FailedAddresses(),
      allowed: addressPolicy(settings.allowAddress),
      tls: new TlsSetup(settings.tls),
    };
  }

  /**
   * Starts a dial. Exactly one handler is called, in a later turn, unless the dial is cancelled first.
   *
   * `onread` is where the connection's bytes are to go; `DialResult.usesOnread` says whether they will (they do
   * not on a custom dial, whose bytes come as stream events).
   */
  dial(target: DialRequest, onread: OnRead | undefined, handlers: DialHandlers): PendingDial {
    const dial = new Dial(this.#shared, target, onread, handlers);
    outside.runInAsyncScope(() => dial.start());
    return dial;
  }

  /** Forgets TLS sessions and failed addresses. Dials under way go on. */
  close(): void {
    this.#shared.tls.sessions.clear();
    this.#shared.failedAddresses.clear();
  }
}
