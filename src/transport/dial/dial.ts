import type { LookupAddress } from "node:dns";
import type { Duplex } from "node:stream";
import type { PeerCertificate } from "node:tls";
import type { NetworkError } from "../../errors/index.js";
import { bare, nextTick, type RuntimeTimer } from "../../runtime/index.js";
import type { DialTrace } from "../../trace/index.js";
import { permits } from "../route/index.js";
import { interleaveFamilies, resolved } from "./addresses.js";
import { connectTimeoutError, dnsError, noAddressError, notAllowedError } from "./connect-errors.js";
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
import { Handshake } from "./handshake.js";
import { type Endpoints, endpointsOf, setSocketRef, tuneSocket } from "./socket-view.js";
import { tlsError, tlsOptionsError, tlsTimeoutError } from "./tls-errors.js";
import type { TlsConnect, TlsSetup } from "./tls-setup.js";
import type { DialShared, DialSteps, Way, WayOf } from "./way.js";

/** One dial, from the name to a connection that can be used: by its way to the target, then TLS. */
export class Dial implements PendingDial, DialSteps {
  readonly shared: DialShared;
  readonly target: DialRequest;
  readonly attempts: DialAttempt[] = [];
  readonly startedAt: number;
  readonly #setup: TlsSetup;
  readonly #handlers: DialHandlers;
  readonly #way: Way;
  readonly #timings: { -readonly [P in keyof DialTimings]: DialTimings[P] } = bare({});
  #phase: keyof DialTimings = "dns";
  #phaseStartedAt: number;
  #timer: RuntimeTimer | undefined;
  #tls: TlsConnect | undefined;
  #stopLookup: (() => void) | undefined;
  #handshake: Handshake | undefined;
  #socket: Duplex | undefined;
  #endpoints: Endpoints | undefined;
  #usesOnread = false;
  #keepAlive = true;
  #starting = true;
  #over = false;

  constructor(shared: DialShared, target: DialRequest, way: WayOf, handlers: DialHandlers) {
    const { socketPath = target.socketPath } = shared.settings;
    this.shared = shared;
    this.#setup = shared.tls.of(target.origin);
    this.target =
      socketPath === undefined || target.socketPath !== undefined ? target : bare({ ...target, socketPath });
    this.#handlers = handlers;
    this.startedAt = shared.runtime.now();
    this.#phaseStartedAt = this.startedAt;
    this.#way = way(this);
  }

  get trace(): DialTrace | undefined {
    return this.#handlers.trace;
  }

  get timings(): DialTimings {
    return this.#timings;
  }

  get keepAlive(): boolean {
    return this.#keepAlive;
  }

  get tls(): TlsConnect | undefined {
    return this.#tls;
  }

  start(): void {
    if (!this.target.tls || this.#prepareTls()) this.#way.start();
    this.#starting = false;
  }

  cancel(): void {
    this.#dispose("cancelled");
  }

  setRef(keepAlive: boolean): void {
    if (this.#over) return;
    this.#keepAlive = keepAlive;
    this.#timer?.setRef(keepAlive);
    this.#way.setRef(keepAlive);
    if (this.#socket !== undefined) setSocketRef(this.#socket, keepAlive);
  }

  // Before anything is opened, so that an unusable certificate or key costs nothing.
  #prepareTls(): boolean {
    try {
      this.#tls = this.#setup.prepare(this.target);
      return true;
    } catch (error) {
      this.fail(tlsOptionsError(this.target, error));
      return false;
    }
  }

  // ── addresses ─────────────────────────────────────────────────────────────────────────────────────────────

  resolve(found: (addresses: readonly LookupAddress[]) => void): void {
    const { host } = this.target;
    const { trace } = this.#handlers;
    trace?.dnsStart?.({ host });
    this.#stopLookup = this.shared.resolver.resolve(host, (error, addresses) => {
      if (this.#over) return;
      this.endPhase("dns");
      trace?.dnsDone?.(resolved(host, error, addresses));
      if (error !== undefined) this.fail(dnsError(host, error));
      else if (addresses.length === 0) this.fail(noAddressError(host));
      else {
        const allowed = this.allowed(interleaveFamilies(addresses));
        if (allowed !== undefined) found(allowed);
      }
    });
  }

  allowed(addresses: readonly LookupAddress[]): readonly LookupAddress[] | undefined {
    const policy = this.shared.allowed;
    if (policy === undefined) return addresses;
    let thrown: unknown;
    const failed = (error: unknown): void => {
      thrown ??= error;
    };
    const allowed = addresses.filter(({ address }) => {
      if (permits(policy, address, this.target.host, failed)) return true;
      this.attempts.push({ address, outcome: "not-allowed", milliseconds: 0 });
      return false;
    });
    if (allowed.length > 0) return allowed;
    this.fail(notAllowedError(this.target, this.attempts, thrown));
    return undefined;
  }

  // ── time ──────────────────────────────────────────────────────────────────────────────────────────────────

  startPhase(phase: keyof DialTimings): void {
    this.#phase = phase;
    this.#phaseStartedAt = this.shared.runtime.now();
  }

  endPhase(phase: keyof DialTimings): void {
    this.spend(phase, this.shared.runtime.now() - this.#phaseStartedAt);
  }

  spend(phase: keyof DialTimings, milliseconds: number): void {
    this.#timings[phase] = (this.#timings[phase] ?? 0) + milliseconds;
  }

  limit(milliseconds: number, expired: () => void): void {
    this.endLimit();
    if (!Number.isFinite(milliseconds)) return;
    this.#timer = this.shared.runtime.setTimer(expired, milliseconds);
    if (!this.#keepAlive) this.#timer.setRef(false);
  }

  limitConnect(): void {
    const { connectTimeout } = this.shared.settings;
    this.limit(connectTimeout, () => {
      this.#way.stop("timed-out");
      this.endPhase(this.#phase);
      this.fail(connectTimeoutError(this.target, connectTimeout, this.attempts, this.#timings));
    });
  }

  endLimit(): void {
    this.#timer?.clear();
    this.#timer = undefined;
  }

  // ── the end of the way, and TLS ───────────────────────────────────────────────────────────────────────────

  opened(stream: Duplex, endpoints?: Endpoints): void {
    this.#endpoints = endpoints;
    if (this.#tls === undefined) {
      this.connected(stream, false);
      return;
    }
    let socket: Duplex;
    try {
      socket = this.shared.runtime.connect({ tls: { ...this.#tls.options, socket: stream } });
    } catch (error) {
      destroyQuietly(stream);
      this.fail(tlsOptionsError(this.target, error));
      return;
    }
    this.connected(socket, false);
  }

  connected(socket: Duplex, usesOnread: boolean): void {
    this.endLimit();
    this.#usesOnread = usesOnread;
    tuneSocket(socket);
    if (this.#tls === undefined) this.#done(socket, undefined);
    else this.#secure(socket, this.#tls);
  }

  #secure(socket: Duplex, tls: TlsConnect): void {
    const { tlsTimeout } = this.shared.settings;
    const { identity } = tls;
    const { trace } = this.#handlers;
    this.#socket = socket;
    setSocketRef(socket, this.#keepAlive);
    this.startPhase("tls");
    this.limit(tlsTimeout, () => {
      this.endPhase("tls");
      this.fail(tlsTimeoutError(this.target, tlsTimeout, this.#timings));
    });
    trace?.tlsStart?.({ host: identity });
    this.#handshake = new Handshake(socket, this.#setup, tls, {
      secured: (info, certificate) => {
        this.endPhase("tls");
        trace?.tlsDone?.({ host: identity, ...info });
        this.#done(socket, info, certificate);
      },
      failed: (error, certificate) => {
        this.endPhase("tls");
        trace?.tlsDone?.({ host: identity, error });
        this.fail(tlsError(this.target, identity, error, certificate));
      },
    });
  }

  #done(socket: Duplex, info: TlsInfo | undefined, certificate?: PeerCertificate): void {
    this.#over = true;
    this.endLimit();
    this.#handlers.done(
      bare<DialResult>({
        ...this.#timings,
        socket,
        attempts: this.attempts.slice(), // what a list has room for beyond its length would last as long as the connection
        ...(info === undefined ? {} : { tlsInfo: info, resumed: info.resumed }),
        ...(certificate === undefined ? {} : { certificate }),
        ...(info?.alpn === undefined ? {} : { alpn: info.alpn }),
        ...(this.#endpoints ?? endpointsOf(socket)),
        usesOnread: this.#usesOnread,
      }),
    );
  }

  fail(error: NetworkError): void {
    if (this.#over) return;
    const report = (): void => this.#handlers.failed(error, this.attempts, this.#timings);
    if (!this.#starting) {
      this.#dispose("timed-out");
      report();
      return;
    }
    // A failure found at once is told in a later turn, unless the dial is cancelled before.
    this.#starting = false;
    this.endLimit();
    nextTick(() => {
      if (this.#over) return;
      this.#dispose("cancelled");
      report();
    });
  }

  #dispose(outcome: "cancelled" | "timed-out"): void {
    if (this.#over) return;
    this.#over = true;
    this.endLimit();
    this.#stopLookup?.();
    this.#way.stop(outcome);
    this.#handshake?.detach();
    if (this.#socket !== undefined) destroyQuietly(this.#socket);
  }
}
