import { rejection } from "../../errors/index.js";
import type { PendingDial } from "../dial/index.js";

/** The making of a connection: the dial under way, and whoever waits for it without a request (`preconnect`). */
export class Opening {
  /** The dial under way. */
  pending: PendingDial | undefined = undefined;
  #settled = false;
  #error: unknown;
  #promise: Promise<void> | undefined;
  #resolve: ((value?: Promise<never>) => void) | undefined;

  /** Resolves when the connection is open; rejects when it will not be. */
  whenOpen(): Promise<void> {
    this.#promise ??= new Promise<void>((resolve) => {
      this.#resolve = resolve;
      if (!this.#settled) return;
      if (this.#error === undefined) resolve();
      else resolve(rejection(this.#error));
    });
    return this.#promise;
  }

  /** The dial is over; a second call does nothing. */
  settle(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#error = error;
    this.pending = undefined;
    if (error === undefined) this.#resolve?.();
    else this.#resolve?.(rejection(error));
  }

  /** Ends the dial, if one is under way. */
  cancel(): void {
    this.pending?.cancel();
    this.pending = undefined;
  }
}
