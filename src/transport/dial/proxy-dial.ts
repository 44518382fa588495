import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { NetworkError } from "../../errors/index.js";
import { ownMembers, type RuntimeTimer } from "../../runtime/index.js";
import type { DialTrace } from "../../trace/index.js";
import type { ProxyServer } from "../route/index.js";
import { interleaveFamilies, resolved } from "./addresses.js";
import { dnsError, nameOf, noAddressError, notAllowedError } from "./connect-errors.js";
import { destroyQuietly } from "./connect-race.js";
import type {
  DialAttempt,
  DialHandlers,
  DialRequest,
  DialResult,
  DialTimings,
  PendingDial,
  TlsInfo,
} from "./contract.js";
import { Dial, type DialShared } from "./dial.js";
import { Handshake } from "./handshake.js";
import { ProxyConnectCall } from "./proxy-connect.js";
import type { ProxySettings } from "./proxy-contract.js";
import {
  connectBroken,
  proxyTimedOut,
  proxyUnreachable,
  proxyWouldResolve,
  socksFailed,
} from "./proxy-errors.js";
import { setSocketRef } from "./socket-view.js";
import { openSocksTunnel } from "./socks-tunnel.js";
import { tlsError, tlsOptionsError, tlsTimeoutError } from "./tls-errors.js";
import type { TlsConnect, TlsSetup } from "./tls-setup.js";

/** What the dials through proxies of one dialer have in common. */
export interface ProxyShared extends ProxySettings {
  /** For the way to the proxy. */
  readonly leg: DialShared;
  /** For the way to the target. */
  readonly target: DialShared;
}

/** TLS with the proxy is part of asking it; a trace's TLS events are the target's. */
function legTrace(trace: DialTrace | undefined): { trace?: DialTrace } {
  if (trace === undefined) return {};
  const { tlsStart: _, tlsDone: __, ...leg } = trace;
  return { trace: leg };
}

/** A dial through a proxy: connect to it, have it open a tunnel to the target, secure that. */
export class ProxyDial implements PendingDial {
  readonly #shared: ProxyShared;
  readonly #request: DialRequest;
  readonly #proxy: ProxyServer;
  readonly #setup: TlsSetup;
  readonly #handlers: DialHandlers;
  readonly #attempts: DialAttempt[] = [];
  readonly #startedAt: number;
  #timings: DialTimings = ownMembers({});
  /** Addresses of the target still to be asked for, where its name is resolved here. */
  #addresses: string[] | undefined;
  /** What `allowAddress` threw first. */
  #policyError: unknown;
  #challenged = false;
  /** Between the two events of the trace. */
  #asking = false;
  #tls: TlsConnect | undefined;
  #leg: Dial | undefined;
  #opened: DialResult | undefined;
  #call: ProxyConnectCall | undefined;
  #handshake: Handshake | undefined;
  #socket: Duplex | undefined;
  #timer: RuntimeTimer | undefined;
  #stopLookup: (() => void) | undefined;
  #keepAlive = true;
  #over = false;

  constructor(
    shared: ProxyShared,
    setup: TlsSetup,
    request: DialRequest,
    proxy: ProxyServer,
    handlers: DialHandlers,
  ) {
    this.#shared = shared;
    this.#setup = setup;
    this.#request = request;
    this.#proxy = proxy;
    this.#handlers = handlers;
    this.#startedAt = shared.leg.runtime.now();
  }

  start(): void {
    const { host } = this.#request;
    if (this.#request.tls) {
      try {
        this.#tls = this.#setup.prepare(this.#request);
      } catch (error) {
        this.#failLater(tlsOptionsError(this.#request, error));
        return;
      }
    }
    if (isIP(host) !== 0) {
      if (this.#isAllowed(host)) this.#dialProxy();
      else this.#failLater(notAllowedError(this.#request, this.#attempts, this.#policyError));
    } else if (this.#proxy.scheme === "socks5") {
      this.#resolve();
    } else if (this.#shared.target.allowed !== undefined) {
      this.#failLater(proxyWouldResolve(this.#request, this.#proxy));
    } else {
      this.#dialProxy();
    }
  }

  cancel(): void {
    this.#dispose();
  }

  setRef(keepAlive: boolean): void {
    if (this.#over) return;
    this.#keepAlive = keepAlive;
    this.#timer?.setRef(keepAlive);
    this.#leg?.setRef(keepAlive);
    if (this.#socket !== undefined) setSocketRef(this.#socket, keepAlive);
  }

  // ── where to ──────────────────────────────────────────────────────────────────────────────────────────────

  #isAllowed(address: string): boolean {
    const judge = this.#shared.target.allowed;
    if (judge === undefined) return true;
    let allowed = false;
    try {
      allowed = judge(address, this.#request.host);
    } catch (error) {
      this.#policyError ??= error; // a policy that fails allows nothing
    }
    if (!allowed) this.#attempts.push({ address, outcome: "not-allowed", milliseconds: 0 });
    return allowed;
  }

  #resolve(): void {
    const { host } = this.#request;
    const { runtime, resolver, settings } = this.#shared.target;
    const startedAt = runtime.now();
    const { trace } = this.#handlers;
    trace?.dnsStart?.({ host });
    const ended = (): void => {
      this.#timings = ownMembers({ ...this.#timings, dns: runtime.now() - startedAt });
    };
    this.#arm(settings.connectTimeout, () => {
      ended();
      this.#fail(
        dnsError(host, Object.assign(new Error("no answer within connectTimeout"), { code: "EAI_AGAIN" })),
      );
    });
    this.#stopLookup = resolver.resolve(host, (error, addresses) => {
      if (this.#over) return;
      this.#timer?.clear();
      ended();
      trace?.dnsDone?.(resolved(host, error, addresses));
      const found = interleaveFamilies(addresses).map(({ address }) => address);
      this.#addresses = found.filter((address) => this.#isAllowed(address));
      if (error !== undefined) this.#failLater(dnsError(host, error));
      else if (found.length === 0) this.#failLater(noAddressError(host));
      else if (this.#addresses.length === 0)
        this.#failLater(notAllowedError(this.#request, this.#attempts, this.#policyError));
      else this.#dialProxy();
    });
  }

  // ── to the proxy ──────────────────────────────────────────────────────────────────────────────────────────

  #dialProxy(): void {
    const { host, port, scheme, name } = this.#proxy;
    const target = ownMembers({ host, port, tls: scheme === "https", origin: name });
    this.#leg = new Dial(
      this.#shared.leg,
      target,
      undefined,
      ownMembers<DialHandlers>({
        ...legTrace(this.#handlers.trace),
        done: (result) => this.#reached(result),
        failed: (error, attempts, timings) => {
          this.#attempts.push(...attempts);
          this.#addTimings(timings);
          this.#fail(proxyUnreachable(this.#proxy, error));
        },
      }),
    );
    this.#leg.setRef(this.#keepAlive);
    this.#leg.start();
  }

  #addTimings({ dns = 0, connect }: DialTimings): void {
    const resolved = (this.#timings.dns ?? 0) + dns;
    this.#timings = ownMembers({
      ...this.#timings,
      ...(resolved > 0 ? { dns: resolved } : {}),
      ...(connect === undefined ? {} : { connect: (this.#timings.connect ?? 0) + connect }),
    });
  }

  #reached(result: DialResult): void {
    this.#leg = undefined;
    this.#opened = result;
    this.#socket = result.socket;
    this.#attempts.push(...result.attempts);
    this.#addTimings(result);
    // Somebody must listen while nobody else does; the listener stays, as a late error is of no interest.
    result.socket.on("error", () => {});
    this.#asking = true;
    this.#handlers.trace?.proxyStart?.(this.#ask());
    const { proxyTimeout } = this.#shared;
    this.#arm(proxyTimeout, () => {
      this.#endProxyPhase();
      this.#fail(proxyTimedOut(this.#request, this.#proxy, proxyTimeout, this.#timings));
    });
    const { scheme } = this.#proxy;
    const work =
      scheme === "http" || scheme === "https"
        ? this.#askConnect(result.socket)
        : this.#askSocks(result.socket);
    work.catch((error: unknown) => {
      if (!this.#over)
        this.#fail(error instanceof NetworkError ? error : connectBroken(this.#request, this.#proxy, error));
    });
  }

  /** All that is neither name resolution nor connect: TLS with an https proxy, and the tunnel. */
  #endProxyPhase(): void {
    const { dns = 0, connect = 0 } = this.#timings;
    const all = this.#shared.leg.runtime.now() - this.#startedAt;
    this.#timings = ownMembers({ ...this.#timings, proxy: Math.max(0, all - dns - connect) });
  }

  // ── SOCKS ─────────────────────────────────────────────────────────────────────────────────────────────────

  async #askSocks(socket: Duplex): Promise<void> {
    const { host, port } = this.#request;
    const address = this.#addresses?.shift() ?? host;
    try {
      await openSocksTunnel(socket, this.#proxy, { host: address, port }, this.#shared.proxyTimeout);
    } catch (error) {
      if (this.#over) return;
      destroyQuietly(socket);
      const failure = socksFailed(this.#request, this.#proxy, error);
      // What the proxy could not reach at one address it may reach at the next.
      if (failure.code === "ERR_TRUNKLINE_PROXY_STATUS" && (this.#addresses?.length ?? 0) > 0) this.#redial();
      else this.#fail(failure);
      return;
    }
    if (!this.#over) this.#tunnelOpen(socket);
  }

  #ask(): { proxy: string; target: string } {
    return { proxy: this.#proxy.name, target: nameOf(this.#request) };
  }

  #redial(): void {
    this.#asking = false;
    this.#timer?.clear();
    if (this.#socket !== undefined) destroyQuietly(this.#socket);
    this.#socket = undefined;
    this.#dialProxy();
  }

  // ── CONNECT ───────────────────────────────────────────────────────────────────────────────────────────────

  async #askConnect(socket: Duplex): Promise<void> {
    const call = new ProxyConnectCall(this.#shared, this.#shared.leg.runtime, this.#proxy, this.#request);
    this.#call = call;
    const outcome = await call.run(socket, !this.#challenged);
    if (this.#over) return;
    this.#call = undefined;
    if (outcome === "open") {
      this.#tunnelOpen(socket);
      return;
    }
    // A new connection for the second try: the proxy did not keep this one.
    this.#challenged = true;
    this.#redial();
  }

  // ── the tunnel ────────────────────────────────────────────────────────────────────────────────────────────

  #tunnelOpen(tunnel: Duplex): void {
    this.#timer?.clear();
    this.#endProxyPhase();
    this.#asking = false;
    const { trace } = this.#handlers;
    trace?.proxyDone?.(this.#ask());
    if (this.#tls === undefined) {
      this.#done(tunnel, undefined);
      return;
    }
    const { runtime, settings } = this.#shared.target;
    const startedAt = runtime.now();
    const ended = (): void => {
      this.#timings = ownMembers({ ...this.#timings, tls: runtime.now() - startedAt });
    };
    let socket: Duplex;
    try {
      socket = runtime.connect({ tls: { ...this.#tls.options, socket: tunnel } });
    } catch (error) {
      this.#fail(tlsOptionsError(this.#request, error));
      return;
    }
    this.#socket = socket;
    this.#arm(settings.tlsTimeout, () => {
      ended();
      this.#fail(tlsTimeoutError(this.#request, settings.tlsTimeout, this.#timings));
    });
    const { identity } = this.#tls;
    trace?.tlsStart?.({ host: identity });
    this.#handshake = new Handshake(socket, this.#setup, this.#tls, {
      secured: (info) => {
        ended();
        trace?.tlsDone?.({ host: identity, ...info });
        this.#done(socket, info);
      },
      failed: (error, certificate) => {
        ended();
        trace?.tlsDone?.({ host: identity, error });
        this.#fail(tlsError(this.#request, identity, error, certificate));
      },
    });
  }

  #done(socket: Duplex, info: TlsInfo | undefined): void {
    this.#over = true;
    this.#timer?.clear();
    setSocketRef(socket, this.#keepAlive);
    const { remoteAddress, remotePort, localAddress, localPort } = this.#opened as DialResult;
    this.#handlers.done(
      ownMembers<DialResult>({
        ...this.#timings,
        socket,
        attempts: this.#attempts,
        ...(info === undefined ? {} : { tlsInfo: info, resumed: info.resumed }),
        ...(info?.alpn === undefined ? {} : { alpn: info.alpn }),
        ...(remoteAddress === undefined ? {} : { remoteAddress }),
        ...(remotePort === undefined ? {} : { remotePort }),
        ...(localAddress === undefined ? {} : { localAddress }),
        ...(localPort === undefined ? {} : { localPort }),
        usesOnread: false,
      }),
    );
  }

  #arm(milliseconds: number, callback: () => void): void {
    this.#timer?.clear();
    this.#timer = undefined;
    if (!Number.isFinite(milliseconds)) return;
    this.#timer = this.#shared.leg.runtime.setTimer(callback, milliseconds);
    if (!this.#keepAlive) this.#timer.setRef(false);
  }

  /** A failure found at once is told in a later turn, unless the dial is cancelled before. */
  #failLater(error: NetworkError): void {
    process.nextTick(() => this.#fail(error));
  }

  #fail(error: NetworkError): void {
    if (this.#over) return;
    if (this.#asking) this.#handlers.trace?.proxyDone?.({ ...this.#ask(), error });
    this.#dispose();
    this.#handlers.failed(error, this.#attempts, this.#timings);
  }

  #dispose(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.clear();
    this.#stopLookup?.();
    this.#leg?.cancel();
    this.#call?.stop();
    this.#handshake?.detach();
    if (this.#socket !== undefined) destroyQuietly(this.#socket);
    if (this.#opened !== undefined) destroyQuietly(this.#opened.socket);
  }
}
