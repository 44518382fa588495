import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { DirectionFault } from "./fault.js";

/** Held bytes beyond this stop the reading of the source. */
const HOLD_BYTES = 1 << 20;

interface FlowHooks {
  passed(bytes: number): void;
  /** The limit was reached. */
  limit(action: "end" | "reset" | "half-close" | "stall"): void;
  /** The source ended and everything of it was passed. */
  ended(): void;
}

interface Piece {
  readonly bytes: Buffer;
  readonly due: number;
}

/** Carries one direction of a connection from its source to its sink, with the fault on the way. */
export class FaultFlow {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #fault: DirectionFault;
  readonly #random: () => number;
  readonly #hooks: FlowHooks;
  readonly #signal: AbortSignal;
  readonly #pieces: Piece[] = [];
  #held = 0;
  #passed = 0;
  #lastDue = 0;
  #ended = false;
  #over = false;
  #wake: () => void = () => {};

  constructor(
    source: Socket,
    sink: Socket,
    fault: DirectionFault,
    random: () => number,
    signal: AbortSignal,
    hooks: FlowHooks,
  ) {
    this.#source = source;
    this.#sink = sink;
    this.#fault = fault;
    this.#random = random;
    this.#hooks = hooks;
    this.#signal = signal;
    source.on("data", (chunk: Buffer) => this.#take(chunk));
    source.once("end", () => {
      this.#ended = true;
      this.#wake();
    });
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    // Ended by the signal: then nobody is left to hear of it.
    this.#run().catch(() => {});
  }

  #take(chunk: Buffer): void {
    if (this.#over) return;
    const { delay = 0, jitter = 0 } = this.#fault;
    // Not before what came before: TCP keeps the order.
    this.#lastDue = Math.max(this.#lastDue, performance.now() + delay + this.#random() * jitter);
    this.#pieces.push({ bytes: chunk, due: this.#lastDue });
    this.#held += chunk.length;
    if (this.#held > HOLD_BYTES) this.#source.pause();
    this.#wake();
  }

  async #run(): Promise<void> {
    while (!this.#signal.aborted && !this.#over) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        await this.#pass(piece);
        this.#held -= piece.bytes.length;
        if (this.#held <= HOLD_BYTES) this.#source.resume();
      } else if (this.#ended) {
        this.#over = true;
        this.#hooks.ended();
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
    // What still comes is swallowed, so that the source's end is seen.
    this.#source.resume();
  }

  async #pass(piece: Piece): Promise<void> {
    await this.#wait(piece.due - performance.now());
    const { slice, rate, limit } = this.#fault;
    let left = piece.bytes;
    while (left.length > 0) {
      const wanted = slice === undefined ? left.length : 1 + Math.floor(this.#random() * slice);
      const allowed = limit === undefined ? wanted : Math.min(wanted, limit.bytes - this.#passed);
      const part = left.subarray(0, allowed);
      left = left.subarray(part.length);
      if (part.length > 0) await this.#write(part);
      if (limit !== undefined && this.#passed >= limit.bytes) {
        this.#over = true;
        this.#hooks.limit(limit.action);
        return;
      }
      if (rate !== undefined) await this.#wait((part.length / rate) * 1000);
      else if (slice !== undefined) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #wait(milliseconds: number): Promise<void> {
    if (milliseconds > 0) await sleep(milliseconds, undefined, { signal: this.#signal });
  }

  async #write(bytes: Buffer): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      // A destroyed sink never calls back, and its connection's signal ends this flow.
      this.#sink.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    this.#passed += bytes.length;
    this.#hooks.passed(bytes.length);
  }
}
