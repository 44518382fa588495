import type { Output } from "../terminal.js";

/** How long work may take in silence, and how often the line is redrawn then. */
const QUIET_MS = 700;
const REDRAW_MS = 150;

/** A line on a terminal that says how far long work has got; on anything else, and for short work, nothing. */
export class Progress {
  readonly #output: Output;
  #timer: NodeJS.Timeout | undefined;
  #drawn = false;

  constructor(output: Output, text: () => string) {
    this.#output = output;
    if (!output.isTerminal) return;
    const started = performance.now();
    this.#timer = setInterval(() => {
      if (performance.now() - started < QUIET_MS) return;
      this.#drawn = true;
      void output.write(`\r\u001b[2K${text().slice(0, output.style.columns - 1)}`);
    }, REDRAW_MS);
    this.#timer.unref();
  }

  /** Takes the line away. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#drawn) void this.#output.write("\r\u001b[2K");
  }
}
