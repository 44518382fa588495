import type { Clock, Expiring } from "../upkeep/index.js";

/** What the one alarm of a connection rings for. */
interface Http2AlarmHandlers {
  /** The server's SETTINGS have not come in time. */
  noSettings(now: number): void;
  /** The session wanted to be woken now. */
  tick(now: number): void;
  /** The time to say goodbye in is over. */
  lingered(): void;
}

/** One deadline for each age of a connection: the server's SETTINGS are due, then what the session waits for, then the end. */
export class Http2Alarm implements Expiring {
  readonly #clock: Clock;
  readonly #handlers: Http2AlarmHandlers;
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

  /** The connection is over; at that time the socket goes. */
  endBy(at: number): void {
    this.#age = "end";
    this.#clock.set(this, at);
  }

  stop(): void {
    this.#age = "end";
    this.#clock.remove(this);
  }

  expired(now: number): void {
    if (this.#age === "end") this.#handlers.lingered();
    else if (this.#age === "settings") this.#handlers.noSettings(now);
    else this.#handlers.tick(now);
  }
}
