import type { LookupAddress } from "node:dns";
import type { Duplex } from "node:stream";
import type { Runtime, RuntimeTimer } from "../../runtime/index.js";
import type { DialTrace } from "../../trace/index.js";
import type { DialAttempt } from "./contract.js";
import { outcomeOf } from "./outcome.js";
import { setSocketRef } from "./socket-view.js";

/** The least time a sequential attempt gets while others wait, as in Go's dialer. */
export const MIN_SEQUENTIAL_MS = 2_000;

/** An attempt that failed, with its error. */
export interface FailedAttempt extends DialAttempt {
  readonly family: number;
  readonly error: unknown;
}

interface RaceOptions {
  readonly addresses: readonly LookupAddress[];
  /** Milliseconds before the next address is tried beside those under way; `undefined`: one after the other. */
  readonly delay: number | undefined;
  /** When the connect timeout passes, on the runtime's clock; `Infinity`: never. */
  readonly deadline: number;
  readonly attempts: DialAttempt[];
  /** For the trace. */
  readonly port: number;
  readonly trace: DialTrace | undefined;
  open(address: LookupAddress): Duplex;
  /** Called inside the winner's `connect` event; its listeners of the race are gone. */
  won(socket: Duplex, address: LookupAddress): void;
  /** Nothing is left to try. */
  lost(failures: readonly FailedAttempt[]): void;
}

interface Runner {
  readonly address: LookupAddress;
  readonly startedAt: number;
  readonly socket: Duplex;
  detach(): void;
}

/**
 * The race of RFC 8305 section 5: the addresses are tried in order, the next one when the delay has passed or
 * an attempt has failed, whichever is first; attempts under way go on; the first to connect wins and the rest
 * are destroyed.
 */
export class ConnectRace {
  readonly #runtime: Runtime;
  readonly #options: RaceOptions;
  /** The attempts under way, nearly always one. */
  #running: readonly Runner[] = [];
  readonly #failures: FailedAttempt[] = [];
  #next = 0;
  #timer: RuntimeTimer | undefined;
  #over = false;
  #keepAlive = true;

  constructor(runtime: Runtime, options: RaceOptions) {
    this.#runtime = runtime;
    this.#options = options;
  }

  start(): void {
    this.#tryNext();
  }

  get failures(): readonly FailedAttempt[] {
    return this.#failures;
  }

  /** Ends the race: what is under way is destroyed and recorded with `outcome`. */
  stop(outcome: "cancelled" | "timed-out" | "lost-race"): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.clear();
    for (const runner of this.#running) {
      this.#record(runner, outcome);
      runner.detach();
      destroyQuietly(runner.socket);
    }
    this.#running = [];
  }

  setRef(keepAlive: boolean): void {
    this.#keepAlive = keepAlive;
    this.#timer?.setRef(keepAlive);
    for (const { socket } of this.#running) setSocketRef(socket, keepAlive);
  }

  #tryNext(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    while (!this.#over) {
      const address = this.#options.addresses[this.#next];
      if (address === undefined) {
        if (this.#running.length === 0) this.#lose();
        return;
      }
      this.#next++;
      if (this.#launch(address)) {
        this.#armTimer();
        return;
      }
    }
  }

  #launch(address: LookupAddress): boolean {
    const startedAt = this.#runtime.now();
    let socket: Duplex;
    const { port, trace } = this.#options;
    trace?.connectStart?.({ address: address.address, port });
    try {
      socket = this.#options.open(address);
    } catch (error) {
      this.#fail(address, startedAt, error);
      return false;
    }
    const connected = (): void => this.#win(runner);
    const failed = (error: unknown): void => this.#drop(runner, error);
    const closed = (): void => this.#drop(runner, new Error("the socket closed before it was connected"));
    const runner: Runner = {
      address,
      startedAt,
      socket,
      detach: () => {
        socket.off("connect", connected);
        socket.off("error", failed);
        socket.off("close", closed);
      },
    };
    socket.on("connect", connected);
    socket.on("error", failed);
    socket.on("close", closed);
    if (!this.#keepAlive) setSocketRef(socket, false);
    this.#running = [...this.#running, runner];
    return true;
  }

  #armTimer(): void {
    const waiting = this.#options.addresses.length - this.#next;
    if (waiting === 0) return;
    const { delay, deadline } = this.#options;
    if (delay !== undefined) {
      this.#timer = this.#runtime.setTimer(() => this.#tryNext(), delay);
    } else if (Number.isFinite(deadline)) {
      // One after the other, an address that never answers may use up its share of the time and no more.
      const share = (deadline - this.#runtime.now()) / (waiting + 1);
      this.#timer = this.#runtime.setTimer(() => this.#giveUp(), Math.max(share, MIN_SEQUENTIAL_MS));
    } else {
      return;
    }
    this.#timer.setRef(this.#keepAlive);
  }

  #giveUp(): void {
    for (const runner of this.#running) {
      this.#leave(runner);
      runner.detach();
      destroyQuietly(runner.socket);
      this.#fail(
        runner.address,
        runner.startedAt,
        Object.assign(new Error("timed out"), { code: "ETIMEDOUT" }),
      );
    }
    this.#tryNext();
  }

  /** Whether it was under way until now. */
  #leave(runner: Runner): boolean {
    const running = this.#running;
    this.#running = running.filter((other) => other !== runner);
    return this.#running.length < running.length;
  }

  #win(runner: Runner): void {
    if (!this.#leave(runner)) return;
    runner.detach();
    this.#record(runner, "connected");
    this.stop("lost-race");
    this.#options.won(runner.socket, runner.address);
  }

  #drop(runner: Runner, error: unknown): void {
    if (!this.#leave(runner)) return;
    runner.detach();
    destroyQuietly(runner.socket);
    this.#fail(runner.address, runner.startedAt, error);
    this.#tryNext();
  }

  #fail(address: LookupAddress, startedAt: number, error: unknown): void {
    const attempt: DialAttempt = {
      address: address.address,
      outcome: outcomeOf(error),
      milliseconds: this.#runtime.now() - startedAt,
    };
    this.#options.attempts.push(attempt);
    this.#options.trace?.connectDone?.({ ...attempt, port: this.#options.port, error });
    this.#failures.push({ ...attempt, family: address.family, error });
  }

  #record(runner: Runner, outcome: string): void {
    const attempt: DialAttempt = {
      address: runner.address.address,
      outcome,
      milliseconds: this.#runtime.now() - runner.startedAt,
    };
    this.#options.attempts.push(attempt);
    this.#options.trace?.connectDone?.({ ...attempt, port: this.#options.port });
  }

  #lose(): void {
    this.#over = true;
    this.#options.lost(this.#failures);
  }
}

/** Destroys a stream whose late error nobody is to hear of. */
export function destroyQuietly(socket: Duplex): void {
  socket.on("error", () => {});
  socket.destroy();
}
