import type { Duplex } from "node:stream";
import type { Decision, ResponseConnection, Timings } from "../trace/index.js";
import type { BodyReader } from "./body-reader.js";
import type { Headers } from "./headers.js";

/** What a response can tell of where it came from; the transport's exchange. */
export interface ResponseOrigin {
  readonly connection: ResponseConnection;
  readonly timings: Timings;
  readonly trailers: Promise<Headers>;
  why(): Decision;
}

/** What the engine hands over when the head of a response is complete. */
export interface WireResponse {
  readonly status: number;
  readonly statusText: string;
  /** The values of the fields of that name joined, or `null`; `undefined` when looking at all {@link headers} is cheaper. */
  header(name: string): string | null | undefined;
  /** All fields, read-only, made anew by each call. */
  headers(): Headers;
  readonly url: string;
  /** `null` where the status or method allows none. */
  readonly body: BodyReader | null;
  /** The connection, where it became the caller's. */
  readonly upgraded?: Duplex | undefined;
  readonly exchange: ResponseOrigin;
}
