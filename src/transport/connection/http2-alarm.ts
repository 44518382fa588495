import type { Duplex } from "node:stream";
import type { Clock, Expiring } from "../upkeep/index.js";
import type { Wire } from "./wire.js";

/** After our GOAWAY the server is listened to for so many milliseconds: closing at once could take the GOAWAY back. */
const LINGER_MS = 250;

/** What the one alarm of a connection rings for. */
interface Http2AlarmHandlers {
  /** The server's SETTINGS have not come in time. */
  noSettings(now: number): void;
  /** The session wanted to be woken now. */
  tick(now: number): void;
}

/** One deadline for each age of a connection: the server's SETTINGS are due, then what the session waits for, then the end. */
export class Http2Alarm implements Expiring {
  readonly #clock: Clock;
  readonly #handlers: Http2AlarmHandlers;
  #wire: Wire | undefined;
  #age: "settings" | "session" | "end" = "settings";

  // Expiring
  at: number = Number.POSITIVE_INFINITY;
  heapKey = 0;
  heapIndex = -1;

  constructor(clock: Clock, handlers: Http2AlarmHandlers) {
    this.#clock = clock;
    this.#handlers = handlers;
  }

  /** The server's SETTINGS are due by then. */
  settingsBy(at: number): void {
    this.#clock.set(this, at);
  }

  /** They came; from here on it rings for the session. */
  settingsCame(wakeAt: number): void {
    if (this.#age !== "settings") return;
    this.#age = "session";
    if (wakeAt === Number.POSITIVE_INFINITY) this.#clock.remove(this);
    else this.#clock.set(this, wakeAt);
  }

  /** The session wants to be woken then. */
  wakeAt(at: number): void {
    if (this.#age === "session" && at !== this.at) this.#clock.set(this, at);
  }

  /**
   * The connection is over: what it says last (`flush`) leaves, then the end of our side; what still comes is read for
   * a moment, since a reset would take the last words back. `gone`: there is nobody to say anything to.
   */
  sayGoodbye(wire: Wire, gone: boolean, flush: () => void): void {
    const socket = wire.socket as Duplex;
    this.#age = "end";
    this.#wire = wire;
    if (gone || socket.destroyed) {
      this.#clock.remove(this);
      wire.destroy();
      return;
    }
    flush();
    socket.end();
    this.#clock.set(this, this.#clock.now() + LINGER_MS);
  }

  expired(now: number): void {
    if (this.#age === "end") this.#wire?.destroy();
    else if (this.#age === "settings") this.#handlers.noSettings(now);
    else this.#handlers.tick(now);
  }
}
