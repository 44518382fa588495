import { AsyncResource } from "node:async_hooks";
import { isIP } from "node:net";
import { ownMembers, type Runtime } from "../../runtime/index.js";
import { addressPolicy, type ProxyServer, permits } from "../route/index.js";
import { FailedAddresses } from "./addresses.js";
import type { DialHandlers, DialRequest, DialSettings, OnRead, PendingDial } from "./contract.js";
import { CustomWay } from "./custom-way.js";
import { Dial } from "./dial.js";
import { DirectWay } from "./direct-way.js";
import { DnsNames } from "./dns-names.js";
import { proxyUnreachable } from "./proxy-errors.js";
import { Resolver } from "./resolver.js";
import type { TlsOptions } from "./tls-options.js";
import type { TlsSetup } from "./tls-setup.js";
import { type TlsChoice, TlsSetups, tlsForProxy } from "./tls-setups.js";
import { type TunnelShared, TunnelWay } from "./tunnel-way.js";
import type { DialShared } from "./way.js";

// Sockets keep the async context they are made in. A pooled one outlives the call that had it dialed, so it
// must not hold on to that call's AsyncLocalStorage: it is made in the context of this module instead.
const outside = new AsyncResource("TRUNKLINE_DIAL");

/** A dial without a tunnel: straight, or by the option `dial`. */
function plainDial(
  shared: DialShared,
  target: DialRequest,
  onread: OnRead | undefined,
  handlers: DialHandlers,
): Dial {
  const { dial } = shared.settings;
  return new Dial(
    shared,
    target,
    (steps) => (dial === undefined ? new DirectWay(steps, onread) : new CustomWay(steps, dial)),
    handlers,
  );
}

/** The handlers of a dial that ends at the proxy. */
function viaProxy(proxy: ProxyServer, { done, failed, ...rest }: DialHandlers): DialHandlers {
  return ownMembers<DialHandlers>({
    ...rest,
    done,
    failed: (error, attempts, timings) => failed(proxyUnreachable(proxy, error), attempts, timings),
  });
}

/**
 * Makes connections: name resolution, the Happy Eyeballs race, TCP, Unix sockets and TLS. One dialer has one
 * set of options, and with it one memory of TLS sessions and of addresses that failed.
 */
export class Dialer {
  readonly #shared: DialShared;
  readonly #names: DnsNames | undefined;
  /** For the way to a proxy. */
  readonly #leg: DialShared;
  readonly #tunnels: TunnelShared | undefined;
  /** For https proxies. */
  readonly #proxyTls: TlsSetups;

  constructor(settings: DialSettings, runtime: Runtime) {
    const { localAddress, connectTimeout, lookup, dns } = settings;
    this.#names =
      dns === undefined ? undefined : new DnsNames(dns, dns.host, lookup !== undefined, dns.queries);
    const family = localAddress === undefined ? 0 : isIP(localAddress);
    this.#shared = {
      settings,
      runtime,
      resolver: new Resolver(
        runtime,
        lookup,
        family === 4 || family === 6 ? family : 0,
        connectTimeout,
        this.#names,
      ),
      failedAddresses: new FailedAddresses(),
      allowed: addressPolicy(settings.allowAddress),
      tls: new TlsSetups(settings, settings.keepCertificates),
    };
    const { proxy, allowAddress: _, ...rest } = settings;
    this.#proxyTls = new TlsSetups({ tls: tlsForProxy({ ...settings, ...proxy }) });
    // The way to the proxy itself is its owner's own choice, as a Unix socket is: `allowAddress` guards targets.
    this.#leg = {
      ...this.#shared,
      settings: ownMembers(rest),
      allowed: undefined,
      tls: this.#proxyTls,
    };
    this.#tunnels =
      proxy === undefined
        ? undefined
        : ownMembers<TunnelShared>({
            ...proxy,
            dialProxy: (target, handlers) => plainDial(this.#leg, target, undefined, handlers),
          });
  }

  /**
   * Starts a dial. Exactly one handler is called, in a later turn, unless the dial is cancelled first.
   *
   * `onread` is where the connection's bytes are to go; `DialResult.usesOnread` says whether they will (they do
   * not on a custom dial, whose bytes come as stream events).
   */
  dial(target: DialRequest, onread: OnRead | undefined, handlers: DialHandlers): PendingDial {
    const dial = this.#dial(target, onread, handlers);
    outside.runInAsyncScope(() => dial.start());
    return dial;
  }

  #dial(target: DialRequest, onread: OnRead | undefined, given: DialHandlers): Dial {
    const handlers = ownMembers(given);
    const { proxy, forwarded } = target;
    const tunnels = this.#tunnels;
    if (proxy === undefined || tunnels === undefined)
      return plainDial(this.#shared, target, onread, handlers);
    if (forwarded === true) return plainDial(this.#leg, target, onread, viaProxy(proxy, handlers));
    return new Dial(this.#shared, target, (steps) => new TunnelWay(steps, tunnels, proxy), handlers);
  }

  /** The name of an origin's TLS options in the route of its connections; undefined for Node's defaults. */
  tlsIdentityOf(origin: string): string | undefined {
    return this.#shared.tls.identityOf(origin);
  }

  /** The TLS options that an origin is reached with. */
  tlsOf(origin: string): TlsSetup {
    return this.#shared.tls.of(origin);
  }

  /** Whether connections lead where the name of the origin does, straight: nobody else chooses their other end. */
  get straight(): boolean {
    const { dial, socketPath } = this.#shared.settings;
    return dial === undefined && socketPath === undefined;
  }

  /**
   * Looks the name up as a dial would. `found` is called once, possibly before this returns: with the addresses that
   * may be connected to, none where there are none, unless the returned function is called first.
   */
  addressesOf(host: string, found: (addresses: readonly string[]) => void): () => void {
    if (isIP(host) !== 0) {
      found(this.#allowed(host, [host]));
      return () => undefined;
    }
    return this.#shared.resolver.resolve(host, (error, addresses) => {
      const answer = error === undefined ? addresses.map(({ address }) => address) : [];
      found(this.#allowed(host, answer));
    });
  }

  #allowed(host: string, addresses: readonly string[]): readonly string[] {
    const policy = this.#shared.allowed;
    return policy === undefined ? addresses : addresses.filter((address) => permits(policy, address, host));
  }

  /** Dials from here on use these TLS options. */
  replaceTls(choice: TlsChoice & { readonly proxyTls?: TlsOptions | undefined }): void {
    this.#shared.tls.replace(choice);
    this.#proxyTls.replace({ tls: tlsForProxy(choice) });
  }

  /** Forgets TLS sessions and failed addresses. Dials under way go on. */
  close(): void {
    this.#shared.tls.clearSessions();
    this.#proxyTls.clearSessions();
    this.#names?.clear();
    this.#shared.failedAddresses.clear();
  }
}
