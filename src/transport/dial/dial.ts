import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import type { NetworkError } from "../../errors/index.js";
import { ownMembers, type Runtime, type RuntimeTimer, type SocketOptions } from "../../runtime/index.js";
import { type FailedAddresses, interleaveFamilies, resolved } from "./addresses.js";
import {
  connectError,
  connectTimeoutError,
  dnsError,
  noAddressError,
  notAllowedError,
} from "./connect-errors.js";
import { ConnectRace, destroyQuietly, type RaceOptions } from "./connect-race.js";
import type {
  DialAttempt,
  DialHandlers,
  DialRequest,
  DialResult,
  DialSettings,
  DialTimings,
  OnRead,
  PendingDial,
  TlsInfo,
} from "./contract.js";
import { callCustomDial } from "./custom-dial.js";
import { Handshake } from "./handshake.js";
import type { Resolver } from "./resolver.js";
import { endpointsOf, isIntercepted, type SocketView, setSocketRef, tuneSocket } from "./socket-view.js";
import { tlsError, tlsOptionsError, tlsTimeoutError } from "./tls-errors.js";
import type { TlsConnect, TlsSetup } from "./tls-setup.js";
import type { TlsSetups } from "./tls-setups.js";

/** What all dials of one dialer have in common. */
export interface DialShared {
  readonly settings: DialSettings;
  readonly runtime: Runtime;
  readonly resolver: Resolver;
  readonly failedAddresses: FailedAddresses;
  readonly allowed: ((address: string, host: string) => boolean) | undefined;
  readonly tls: TlsSetups;
}

/** One dial, from the name to a connection that can be used: resolve, connect, secure. */
export class Dial implements PendingDial {
  readonly #shared: DialShared;
  readonly #target: DialRequest;
  readonly #setup: TlsSetup;
  #onread: OnRead | undefined;
  readonly #handlers: DialHandlers;
  readonly #attempts: DialAttempt[] = [];
  readonly #startedAt: number;
  #timings: DialTimings = ownMembers({});
  #phase: keyof DialTimings = "dns";
  #phaseStartedAt: number;
  #timer: RuntimeTimer | undefined;
  #tls: TlsConnect | undefined;
  #stopLookup: (() => void) | undefined;
  #stopCustom: (() => void) | undefined;
  #race: ConnectRace | undefined;
  #handshake: Handshake | undefined;
  #socket: Duplex | undefined;
  #keepAlive = true;
  #starting = true;
  #over = false;

  constructor(shared: DialShared, target: DialRequest, onread: OnRead | undefined, handlers: DialHandlers) {
    const { dial, socketPath = target.socketPath } = shared.settings;
    this.#shared = shared;
    this.#setup = shared.tls.of(target.origin);
    this.#target =
      socketPath === undefined || target.socketPath !== undefined
        ? target
        : ownMembers({ ...target, socketPath });
    this.#onread = dial === undefined ? onread : undefined;
    this.#handlers = handlers;
    this.#startedAt = shared.runtime.now();
    this.#phaseStartedAt = this.#startedAt;
  }

  start(): void {
    this.#begin();
    this.#starting = false;
  }

  cancel(): void {
    this.#dispose("cancelled");
  }

  setRef(keepAlive: boolean): void {
    if (this.#over) return;
    this.#keepAlive = keepAlive;
    this.#timer?.setRef(keepAlive);
    this.#race?.setRef(keepAlive);
    if (this.#socket !== undefined) setSocketRef(this.#socket, keepAlive);
  }

  #begin(): void {
    const { connectTimeout, dial } = this.#shared.settings;
    const { host, socketPath, tls } = this.#target;
    const version = isIP(host);
    this.#arm(connectTimeout, this.#onConnectTimeout);
    if (tls && !this.#prepareTls()) return;
    if (dial !== undefined) this.#connectCustom(dial, version);
    else if (socketPath !== undefined) this.#connect([{ address: socketPath, family: 0 }]);
    else if (version !== 0) this.#connectAllowed([{ address: host, family: version }]);
    else this.#resolve();
  }

  // Before anything is opened, so that an unusable certificate or key costs nothing.
  #prepareTls(): boolean {
    try {
      this.#tls = this.#setup.prepare(this.#target);
      return true;
    } catch (error) {
      this.#fail(tlsOptionsError(this.#target, error));
      return false;
    }
  }

  #resolve(): void {
    const { host } = this.#target;
    const { trace } = this.#handlers;
    trace?.dnsStart?.({ host });
    this.#stopLookup = this.#shared.resolver.resolve(host, (error, addresses) => {
      if (this.#over) return;
      this.#endPhase("dns");
      trace?.dnsDone?.(resolved(host, error, addresses));
      if (error !== undefined) this.#fail(dnsError(host, error));
      else if (addresses.length === 0) this.#fail(noAddressError(host));
      else this.#connectAllowed(interleaveFamilies(addresses));
    });
  }

  #connectAllowed(addresses: readonly LookupAddress[]): void {
    const { failedAddresses, runtime } = this.#shared;
    const allowed = this.#filter(addresses);
    if (allowed !== undefined)
      this.#connect(failedAddresses.order(allowed, this.#target.port, runtime.now()));
  }

  /** The addresses `allowAddress` lets through; undefined, and the dial has failed, when it lets none. */
  #filter(addresses: readonly LookupAddress[]): readonly LookupAddress[] | undefined {
    const judge = this.#shared.allowed;
    if (judge === undefined) return addresses;
    let thrown: unknown;
    const allowed = addresses.filter(({ address }) => {
      try {
        if (judge(address, this.#target.host)) return true;
      } catch (error) {
        thrown ??= error;
      }
      this.#attempts.push({ address, outcome: "not-allowed", milliseconds: 0 });
      return false;
    });
    if (allowed.length > 0) return allowed;
    this.#fail(notAllowedError(this.#target, this.#attempts, thrown));
    return undefined;
  }

  #connect(addresses: readonly LookupAddress[]): void {
    const { settings } = this.#shared;
    const open = (address: LookupAddress): Duplex => this.#open(address);
    const won = (socket: Duplex, address: LookupAddress): void => {
      this.#shared.failedAddresses.connected(address.address, this.#target.port);
      this.#connected(socket);
    };
    this.#startRace(
      addresses,
      open,
      won,
      settings.happyEyeballs === false ? undefined : settings.happyEyeballs.delay,
    );
  }

  #startRace(
    addresses: readonly LookupAddress[],
    open: RaceOptions["open"],
    won: RaceOptions["won"],
    delay: number | undefined,
  ): void {
    const { runtime, settings } = this.#shared;
    this.#startPhase("connect");
    this.#race = new ConnectRace(runtime, {
      addresses,
      delay,
      deadline: this.#startedAt + settings.connectTimeout,
      attempts: this.#attempts,
      port: this.#target.port,
      trace: this.#handlers.trace,
      open,
      won,
      lost: (failures) => {
        this.#endPhase("connect");
        this.#fail(connectError(this.#target, failures));
      },
    });
    this.#race.setRef(this.#keepAlive);
    this.#race.start();
  }

  #open(address: LookupAddress): Duplex {
    const { runtime } = this.#shared;
    const socket = runtime.connect(this.#socketOptions(address));
    if (this.#onread === undefined || !isIntercepted(socket)) return socket;
    this.#onread = undefined;
    destroyQuietly(socket);
    return runtime.connect(this.#socketOptions(address));
  }

  #socketOptions({ address, family }: LookupAddress): SocketOptions {
    const { localAddress } = this.#shared.settings;
    return {
      ...(family === 0 ? { path: address } : { host: address, port: this.#target.port, family }),
      ...(family === 0 || localAddress === undefined ? {} : { localAddress }),
      ...(this.#onread === undefined ? {} : { onread: this.#onread }),
      ...(this.#tls === undefined ? {} : { tls: this.#tls.options }),
    };
  }

  #connectCustom(dial: NonNullable<DialSettings["dial"]>, version: number): void {
    const { host, socketPath } = this.#target;
    if (version !== 0 && socketPath === undefined) {
      if (this.#filter([{ address: host, family: version }]) === undefined) return;
    }
    this.#startPhase("connect");
    this.#stopCustom = callCustomDial(dial, this.#target, {
      failed: (error) => this.#fail(error),
      opened: (stream) => {
        const socket = stream as SocketView;
        if (socket.connecting !== true) this.#openedCustom(stream);
        else
          this.#startRace(
            [{ address: host, family: 0 }],
            () => stream,
            (won) => this.#openedCustom(won),
            undefined,
          );
      },
    });
  }

  #openedCustom(stream: Duplex): void {
    const { remoteAddress } = stream as SocketView;
    if (remoteAddress !== undefined && isIP(remoteAddress) !== 0) {
      if (this.#filter([{ address: remoteAddress, family: isIP(remoteAddress) }]) === undefined) {
        destroyQuietly(stream);
        return;
      }
    }
    if (this.#tls === undefined) {
      this.#connected(stream);
      return;
    }
    try {
      this.#connected(this.#shared.runtime.connect({ tls: { ...this.#tls.options, socket: stream } }));
    } catch (error) {
      destroyQuietly(stream);
      this.#fail(tlsOptionsError(this.#target, error));
    }
  }

  #connected(socket: Duplex): void {
    this.#endPhase("connect");
    this.#timer?.clear();
    this.#rememberFailures();
    this.#race = undefined;
    this.#stopCustom = undefined;
    tuneSocket(socket);
    if (this.#tls === undefined) {
      this.#done(socket, undefined);
      return;
    }
    this.#socket = socket;
    setSocketRef(socket, this.#keepAlive);
    this.#startPhase("tls");
    this.#arm(this.#shared.settings.tlsTimeout, this.#onTlsTimeout);
    const { identity } = this.#tls;
    const { trace } = this.#handlers;
    trace?.tlsStart?.({ host: identity });
    this.#handshake = new Handshake(socket, this.#setup, this.#tls, {
      secured: (info) => {
        this.#endPhase("tls");
        trace?.tlsDone?.({ host: identity, ...info });
        this.#done(socket, info);
      },
      failed: (error, certificate) => {
        this.#endPhase("tls");
        trace?.tlsDone?.({ host: identity, error });
        this.#fail(tlsError(this.#target, identity, error, certificate));
      },
    });
  }

  readonly #onConnectTimeout = (): void => {
    this.#race?.stop("timed-out");
    this.#endPhase(this.#phase);
    const { connectTimeout } = this.#shared.settings;
    this.#fail(connectTimeoutError(this.#target, connectTimeout, this.#attempts, this.#timings));
  };

  readonly #onTlsTimeout = (): void => {
    this.#endPhase("tls");
    this.#fail(tlsTimeoutError(this.#target, this.#shared.settings.tlsTimeout, this.#timings));
  };

  #arm(milliseconds: number, callback: () => void): void {
    if (!Number.isFinite(milliseconds)) return;
    this.#timer = this.#shared.runtime.setTimer(callback, milliseconds);
    if (!this.#keepAlive) this.#timer.setRef(false);
  }

  #startPhase(phase: keyof DialTimings): void {
    this.#phase = phase;
    this.#phaseStartedAt = this.#shared.runtime.now();
  }

  #endPhase(phase: keyof DialTimings): void {
    this.#timings = ownMembers({
      ...this.#timings,
      [phase]: this.#shared.runtime.now() - this.#phaseStartedAt,
    });
  }

  #rememberFailures(): void {
    const { failedAddresses, runtime } = this.#shared;
    for (const { address, family } of this.#race?.failures ?? []) {
      if (family !== 0) failedAddresses.failed(address, this.#target.port, runtime.now());
    }
  }

  #done(socket: Duplex, info: TlsInfo | undefined): void {
    this.#over = true;
    this.#timer?.clear();
    this.#handlers.done(
      ownMembers<DialResult>({
        ...this.#timings,
        socket,
        attempts: this.#attempts,
        ...(info === undefined ? {} : { tlsInfo: info, resumed: info.resumed }),
        ...(info?.alpn === undefined ? {} : { alpn: info.alpn }),
        ...endpointsOf(socket),
        usesOnread: this.#onread !== undefined,
      }),
    );
  }

  #fail(error: NetworkError): void {
    if (this.#over) return;
    this.#rememberFailures();
    const report = (): void => this.#handlers.failed(error, this.#attempts, this.#timings);
    if (!this.#starting) {
      this.#dispose("timed-out");
      report();
      return;
    }
    // A failure found at once is told in a later turn, unless the dial is cancelled before.
    this.#starting = false;
    this.#timer?.clear();
    process.nextTick(() => {
      if (this.#over) return;
      this.#dispose("cancelled");
      report();
    });
  }

  #dispose(outcome: "cancelled" | "timed-out"): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.clear();
    this.#stopLookup?.();
    this.#stopCustom?.();
    this.#race?.stop(outcome);
    this.#handshake?.detach();
    if (this.#socket !== undefined) destroyQuietly(this.#socket);
  }
}
