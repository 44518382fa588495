import { plural } from "../errors/index.js";
import type { Facts } from "../explain/index.js";

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
  /** What was seen so far. Connections that are idle are taken to stay so: ask once, at the end. */
  facts(): Facts;
  /** Resolves when no client's connection is open, or after so many milliseconds. */
  settled(milliseconds: number): Promise<void>;
  /** Stops listening and ends every connection. */
  close(): Promise<void>;
}

/** What is not counted, as far as the mode of the observer does not matter. */
export function opaqueNotices(opaque: Readonly<Record<string, number>>): string[] {
  return [
    ...(opaque["http2"] === undefined
      ? []
      : [`${plural(opaque["http2"], "connection")} spoke HTTP/2, whose requests are not counted`]),
    ...(opaque["not-http"] === undefined
      ? []
      : [
          `${plural(opaque["not-http"], "connection")} carried something other than HTTP/1; requests after that are not counted`,
        ]),
  ];
}
