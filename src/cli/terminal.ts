import type { Writable } from "node:stream";
import { styleText } from "node:util";

/** The formats the program uses; a few, so that a terminal's own colours carry them. */
export type Format = "bold" | "dim" | "red" | "green" | "yellow" | "blue" | "magenta" | "cyan";

/** What may be drawn on a stream. */
export interface Style {
  readonly colour: boolean;
  /** False where only ASCII can be trusted to arrive. */
  readonly unicode: boolean;
  /** Whether progress and pictures belong here. */
  readonly pictures: boolean;
  readonly columns: number;
  paint(format: Format, text: string): string;
}

/** One of the two output streams of the program. */
export class Output {
  readonly style: Style;
  readonly isTerminal: boolean;
  readonly #stream: Writable;
  #broken = false;

  constructor(stream: Writable & { isTTY?: boolean; columns?: number }, environment: NodeJS.ProcessEnv) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true;
    this.style = decideStyle(this.isTerminal, stream.columns ?? 80, environment);
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // The reader went away (`| head`): that is its right, and no failure of ours.
      if (error.code !== "EPIPE") throw error;
      this.#broken = true;
    });
  }

  /** True once the reading end is gone; nothing written since arrived. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Writes and, when the reader is slow, waits for it. */
  async write(chunk: string | Uint8Array): Promise<void> {
    if (this.#broken) return;
    if (this.#stream.write(chunk)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        for (const event of ["drain", "error", "close"]) this.#stream.off(event, done);
        resolve();
      };
      for (const event of ["drain", "error", "close"]) this.#stream.on(event, done);
    });
  }

  async line(text = ""): Promise<void> {
    await this.write(`${text}\n`);
  }
}

/**
 * What a stream may show, from the conventions terminals and people agree on: `NO_COLOR` (wins), then
 * `FORCE_COLOR` (which also asks for pictures where no terminal is seen), then whether a terminal is there;
 * `TERM=dumb` or a locale that is not UTF-8 means plain ASCII.
 */
export function decideStyle(isTerminal: boolean, columns: number, environment: NodeJS.ProcessEnv): Style {
  const dumb = environment["TERM"] === "dumb";
  const noColour = (environment["NO_COLOR"] ?? "") !== "";
  const force = environment["FORCE_COLOR"];
  const forcedOff = force === "0" || force === "false";
  const forcedOn = force !== undefined && !forcedOff;
  const colour = !noColour && !forcedOff && (forcedOn || (isTerminal && !dumb));
  return {
    colour,
    unicode: !dumb && isUtf8(environment),
    pictures: isTerminal || (forcedOn && !noColour),
    columns: Math.max(40, Math.min(columns, 200)),
    // The stream is judged above, for stdout and stderr alike; styleText would look at stdout alone.
    paint: (format, text) => (colour ? styleText(format, text, { validateStream: false }) : text),
  };
}

function isUtf8(environment: NodeJS.ProcessEnv): boolean {
  const locale = environment["LC_ALL"] || environment["LC_CTYPE"] || environment["LANG"];
  if (locale !== undefined && locale !== "") return /utf-?8/i.test(locale);
  // Windows has no locale variables; its current terminals set one of these.
  return (environment["WT_SESSION"] ?? environment["TERM_PROGRAM"] ?? "") !== "";
}

/** Text from outside made safe for a terminal: control characters, which could move its cursor, show as `?`. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "?");
}
