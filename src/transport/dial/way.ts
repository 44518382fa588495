import type { LookupAddress } from "node:dns";
import type { Duplex } from "node:stream";
import type { NetworkError } from "../../errors/index.js";
import type { Runtime } from "../../runtime/index.js";
import type { DialTrace } from "../../trace/index.js";
import type { AddressPolicy } from "../route/index.js";
import type { FailedAddresses } from "./addresses.js";
import type { DialAttempt, DialRequest, DialSettings, DialTimings } from "./contract.js";
import type { Resolver } from "./resolver.js";
import type { Endpoints } from "./socket-view.js";
import type { TlsConnect } from "./tls-setup.js";
import type { TlsSetups } from "./tls-setups.js";

/** What all dials of one dialer have in common. */
export interface DialShared {
  readonly settings: DialSettings;
  readonly runtime: Runtime;
  readonly resolver: Resolver;
  readonly failedAddresses: FailedAddresses;
  readonly allowed: AddressPolicy | undefined;
  readonly tls: TlsSetups;
}

/** A way in: how a dial comes by a stream that leads to its target. */
export interface Way {
  /** Reports to its dial, once: `connected`, `opened` or `fail`. */
  start(): void;
  /** Whether what is under way keeps the process alive. */
  setRef(keepAlive: boolean): void;
  /** Ends what is under way; attempts at addresses end with this outcome. */
  stop(outcome: "cancelled" | "timed-out"): void;
}

/** Makes the way of one dial. */
export type WayOf = (dial: DialSteps) => Way;

/** A dial as its way in sees it: what is the same whichever way it goes. */
export interface DialSteps {
  readonly shared: DialShared;
  readonly target: DialRequest;
  readonly trace: DialTrace | undefined;
  readonly attempts: DialAttempt[];
  readonly timings: DialTimings;
  readonly startedAt: number;
  readonly keepAlive: boolean;
  /** What TLS with the target starts with; undefined where there is none. */
  readonly tls: TlsConnect | undefined;

  startPhase(phase: keyof DialTimings): void;
  endPhase(phase: keyof DialTimings): void;
  /** More time that a phase has taken. */
  spend(phase: keyof DialTimings, milliseconds: number): void;

  /** `expired` is called unless the dial gets further, or another limit takes this one's place. */
  limit(milliseconds: number, expired: () => void): void;
  /** The limit is `connectTimeout`. */
  limitConnect(): void;
  endLimit(): void;

  /** Looks the target's name up; `found` gets the addresses that are allowed, in the order to try them. */
  resolve(found: (addresses: readonly LookupAddress[]) => void): void;
  /** The addresses that `allowAddress` lets through; undefined, and the dial has failed, when it lets none. */
  allowed(addresses: readonly LookupAddress[]): readonly LookupAddress[] | undefined;

  /** A socket is connected; where TLS is wanted, it is a TLS socket. */
  connected(socket: Duplex, usesOnread: boolean): void;
  /** A plain stream leads to the target; TLS is put on it. `endpoints`: where the stream does not know its own. */
  opened(stream: Duplex, endpoints?: Endpoints): void;
  fail(error: NetworkError): void;
}
