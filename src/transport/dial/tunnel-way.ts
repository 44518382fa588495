import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { NetworkError } from "../../errors/index.js";
import { ownMembers } from "../../runtime/index.js";
import type { DialTrace } from "../../trace/index.js";
import { addressUnknown, type ProxyServer } from "../route/index.js";
import { dnsError, nameOf } from "./connect-errors.js";
import { connectKind } from "./connect-kind.js";
import { destroyQuietly } from "./connect-race.js";
import type { DialHandlers, DialRequest, DialResult, DialTimings, PendingDial } from "./contract.js";
import type { ProxySettings } from "./proxy-contract.js";
import { connectBroken, proxyTimedOut, proxyUnreachable } from "./proxy-errors.js";
import type { ProxyKind, TunnelCall } from "./proxy-kind.js";
import { endpointsOf, setSocketRef } from "./socket-view.js";
import { socksKind, socksNamesKind } from "./socks-kind.js";
import type { DialSteps, Way } from "./way.js";

/** How each kind of proxy is asked for a tunnel. */
const KINDS: Readonly<Record<ProxyServer["scheme"], ProxyKind>> = {
  http: connectKind,
  https: connectKind,
  socks5: socksKind,
  socks5h: socksNamesKind,
};

/** What the tunnels of one dialer share. */
export interface TunnelShared extends ProxySettings {
  /** Makes the dial to the proxy itself, not started. */
  dialProxy(target: DialRequest, handlers: DialHandlers): PendingDial & { start(): void };
}

/** TLS with the proxy is part of asking it; a trace's TLS events are the target's. */
function legTrace(trace: DialTrace | undefined): { trace?: DialTrace } {
  if (trace === undefined) return {};
  const { tlsStart: _, tlsDone: __, ...leg } = trace;
  return { trace: leg };
}

/** Through a proxy: connect to it, and have it open a tunnel to the target. */
export class TunnelWay implements Way {
  readonly #dial: DialSteps;
  readonly #shared: TunnelShared;
  readonly #proxy: ProxyServer;
  readonly #kind: ProxyKind;
  #call: TunnelCall | undefined;
  #leg: PendingDial | undefined;
  /** The connection to the proxy. */
  #socket: Duplex | undefined;
  /** Between the two events of the trace. */
  #asking = false;
  #stopped = false;

  constructor(dial: DialSteps, shared: TunnelShared, proxy: ProxyServer) {
    this.#dial = dial;
    this.#shared = shared;
    this.#proxy = proxy;
    this.#kind = KINDS[proxy.scheme];
  }

  start(): void {
    const dial = this.#dial;
    const { host } = dial.target;
    const family = isIP(host);
    if (family !== 0) {
      if (dial.allowed([{ address: host, family }]) !== undefined) this.#begin(undefined);
    } else if (this.#kind.resolvesHere) {
      dial.startPhase("dns");
      dial.limit(dial.shared.settings.connectTimeout, () => this.#lookupTimedOut());
      dial.resolve((addresses) => {
        dial.endLimit();
        this.#begin(addresses.map(({ address }) => address));
      });
    } else if (dial.shared.allowed !== undefined) {
      dial.fail(addressUnknown(host, this.#proxy.name));
    } else {
      this.#begin(undefined);
    }
  }

  setRef(keepAlive: boolean): void {
    this.#leg?.setRef(keepAlive);
    if (this.#socket !== undefined) setSocketRef(this.#socket, keepAlive);
  }

  stop(): void {
    this.#stopped = true;
    this.#leg?.cancel();
    this.#call?.stop();
    if (this.#socket !== undefined) destroyQuietly(this.#socket);
  }

  #lookupTimedOut(): void {
    const silence = Object.assign(new Error("no answer within connectTimeout"), { code: "EAI_AGAIN" });
    this.#dial.endPhase("dns");
    this.#dial.fail(dnsError(this.#dial.target.host, silence));
  }

  #begin(addresses: string[] | undefined): void {
    const { target, shared } = this.#dial;
    this.#call = this.#kind.call({
      settings: this.#shared,
      runtime: shared.runtime,
      proxy: this.#proxy,
      target,
      addresses,
    });
    this.#dialProxy();
  }

  #dialProxy(): void {
    const { host, port, secure, name } = this.#proxy;
    const leg = this.#shared.dialProxy(
      ownMembers({ host, port, tls: secure, origin: name }),
      ownMembers<DialHandlers>({
        ...legTrace(this.#dial.trace),
        done: (result) => this.#reached(result),
        failed: (error, attempts, timings) => {
          this.#dial.attempts.push(...attempts);
          this.#addTimings(timings);
          this.#dial.fail(proxyUnreachable(this.#proxy, error));
        },
      }),
    );
    this.#leg = leg;
    leg.setRef(this.#dial.keepAlive);
    leg.start();
  }

  #addTimings({ dns = 0, connect }: DialTimings): void {
    if (dns > 0) this.#dial.spend("dns", dns);
    if (connect !== undefined) this.#dial.spend("connect", connect);
  }

  #reached(result: DialResult): void {
    const { socket } = result;
    this.#leg = undefined;
    this.#socket = socket;
    this.#dial.attempts.push(...result.attempts);
    this.#addTimings(result);
    // Somebody must listen while nobody else does; the listener stays, because a late error is of no interest.
    socket.on("error", () => {});
    this.#asking = true;
    this.#dial.trace?.proxyStart?.(this.#names());
    const { proxyTimeout } = this.#shared;
    this.#dial.limit(proxyTimeout, () => {
      this.#endProxyPhase();
      this.#fail(proxyTimedOut(this.#dial.target, this.#proxy, proxyTimeout, this.#dial.timings));
    });
    (this.#call as TunnelCall).ask(socket).then(
      (outcome) => this.#answered(socket, outcome),
      (error: unknown) => this.#failed(error),
    );
  }

  #answered(socket: Duplex, outcome: "again" | "open"): void {
    if (this.#stopped) return;
    this.#asking = false;
    this.#dial.endLimit();
    if (outcome === "again") {
      destroyQuietly(socket);
      this.#socket = undefined;
      this.#dialProxy();
      return;
    }
    this.#endProxyPhase();
    this.#dial.trace?.proxyDone?.(this.#names());
    this.#dial.opened(socket, endpointsOf(socket));
  }

  #failed(error: unknown): void {
    if (this.#stopped) return;
    this.#fail(error instanceof NetworkError ? error : connectBroken(this.#dial.target, this.#proxy, error));
  }

  #fail(error: NetworkError): void {
    if (this.#asking) this.#dial.trace?.proxyDone?.({ ...this.#names(), error });
    this.#dial.fail(error);
  }

  #names(): { proxy: string; target: string } {
    return { proxy: this.#proxy.name, target: nameOf(this.#dial.target) };
  }

  /** All that is neither name resolution nor connect: TLS with an https proxy, and the tunnel. */
  #endProxyPhase(): void {
    const { shared, startedAt, timings } = this.#dial;
    const { dns = 0, connect = 0 } = timings;
    this.#dial.spend("proxy", Math.max(0, shared.runtime.now() - startedAt - dns - connect));
  }
}
