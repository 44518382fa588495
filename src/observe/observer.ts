import type { Evidence } from "../explain/index.js";

export interface ObserverCounts {
  readonly connections: number;
  readonly requests: number;
  /** Connections of clients that are open now. */
  readonly open: number;
}

/** A proxy that looks on, from its start to its end. */
export interface Observer {
  /** Where clients reach it. */
  readonly url: string;
  readonly counts: ObserverCounts;
  /** What readers of the report should know beside it, a sentence each. */
  readonly notices: readonly string[];
  evidence(): Evidence;
  settled(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}
