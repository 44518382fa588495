import type { Gathered, WatchFolder } from "../../doctor/index.js";
import { buildReport, type Report } from "../../explain/index.js";
import type { Output } from "../terminal.js";

/** Destinations named in a line of rates. */
const NAMED = 3;

type Counts = ReadonlyMap<string, { readonly requests: number; readonly connections: number }>;

/** Prints reports of a program that goes on: when the doctor gets SIGUSR2, and each so often where that is asked for. */
export class Reporter {
  readonly #folder: WatchFolder;
  readonly #stderr: Output;
  readonly #text: (report: Report, gathered: Gathered, system: readonly string[]) => string;
  readonly #timer: NodeJS.Timeout | undefined;
  #before: Counts = new Map();
  #since = performance.now();

  constructor(
    folder: WatchFolder,
    stderr: Output,
    text: (report: Report, gathered: Gathered, system: readonly string[]) => string,
    every: number | undefined,
  ) {
    this.#folder = folder;
    this.#stderr = stderr;
    this.#text = text;
    // Windows has no such signal, and refuses to listen for it.
    if (process.platform !== "win32") process.on("SIGUSR2", this.#print);
    this.#timer = every === undefined ? undefined : setInterval(this.#print, every);
  }

  stop(): void {
    process.off("SIGUSR2", this.#print);
    clearInterval(this.#timer);
  }

  readonly #print = (): void => {
    const gathered = this.#folder.gather();
    const report = buildReport(gathered.facts);
    const text = this.#text(
      report,
      gathered,
      this.#folder.system([...report.origins.map(({ origin }) => origin)]),
    );
    void this.#stderr.line(`\n${new Date().toISOString()}  ${this.#rates(report)}\n${text}`);
  };

  /** What happened since the last time, a second. */
  #rates(report: Report): string {
    const seconds = Math.max(0.001, (performance.now() - this.#since) / 1000);
    const now: Counts = new Map(report.origins.map((one) => [one.origin, one]));
    const news = [...now].map(([origin, { requests, connections }]) => {
      const had = this.#before.get(origin);
      return {
        origin,
        requests: requests - (had?.requests ?? 0),
        connections: connections - (had?.connections ?? 0),
      };
    });
    this.#before = now;
    this.#since = performance.now();
    const sum = (name: "requests" | "connections"): number =>
      news.reduce((total, one) => total + one[name], 0);
    const busiest = news
      .filter((one) => one.connections > 0)
      .sort((a, b) => b.connections - a.connections)
      .slice(0, NAMED)
      .map((one) => `${rate(one.connections / seconds)} to ${one.origin}`);
    const opened = `${rate(sum("connections") / seconds)} connections a second${busiest.length === 0 ? "" : ` (${busiest.join(", ")})`}`;
    return `in the last ${Math.round(seconds)} s: ${rate(sum("requests") / seconds)} requests and ${opened}`;
  }
}

function rate(value: number): string {
  return String(Number(value.toFixed(value < 10 ? 1 : 0)));
}
