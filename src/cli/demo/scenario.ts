import type { CloseReason, DialReason } from "../../index.js";

export type ClientName = "trunkline" | "fetch" | "http-agent" | "http-new-agent";

/** Why connections were opened and closed, as far as the client can say, and in words. */
export interface Reasons {
  readonly openedFor: Partial<Record<DialReason, number>>;
  readonly closed: Partial<Record<CloseReason, number>>;
  readonly words: string;
}

/** One way to send requests, prepared for one run against one server. */
export interface Session {
  /** Sends one POST and does with its answer what the scenario is about. */
  send(): Promise<void>;
  /** Asked after the last request, before anything is ended. */
  reasons(): Reasons;
  /** Lets go of everything the run held. */
  end(): void;
}

/** One row of the demo's table before its numbers. */
export interface Scenario {
  readonly name: string;
  readonly client: ClientName;
  readonly concurrency: number;
  readonly requests: number;
  prepare(origin: string): Session;
}

/** One row with its numbers. */
export interface ScenarioResult {
  readonly name: string;
  readonly client: ClientName;
  readonly concurrency: number;
  readonly requests: number;
  /** What the server counted. */
  readonly connections: number;
  readonly milliseconds: number;
  readonly reasons: Reasons;
}

/** How many requests are under way at once: the founding question was about concurrency. */
export const concurrencies = [1, 10, 100] as const;

/** Requests of a scenario with small answers. */
export const REQUESTS = 1000;

/** Requests of a scenario with 1 MiB answers; never fewer than are under way at once. */
export const LARGE_REQUESTS = 50;

/** The body every client sends. */
export const postBody = "data=hello";
export const postType = "application/x-www-form-urlencoded";
