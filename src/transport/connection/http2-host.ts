import type { CloseCause } from "../../trace/index.js";
import type { Exchange } from "../exchange/index.js";
import type { Connection } from "./connection.js";
import type { CarrierHost } from "./contract.js";

/** What a carrier of HTTP/2 needs of its transport beside what every carrier needs. */
export interface Http2Host extends CarrierHost {
  readonly tlsTimeout: number;
  /** The server allows so many exchanges at a time. */
  limitChanged(connection: Connection, limit: number): void;
  /** The connection takes no more exchanges, and ends with those it has. */
  takesNoMore(connection: Connection, cause: CloseCause): void;
  /** The server turned the exchange away without a look at it; `exchangeFailed` follows. */
  refused(exchange: Exchange, now: number): void;
  /** The exchange may go out once more because the server says that it is the wrong one for its host (421). */
  mayGoElsewhere(exchange: Exchange): boolean;
  /** Sends it on a connection of its own. */
  goElsewhere(exchange: Exchange, error: unknown): void;
  /** The server takes no request of this kind over HTTP/2: HTTP/1.1 carries it, and those like it. Nothing of it was sent. */
  overHttp1(exchange: Exchange): void;
  /** The server says that it was sent too many PINGs: the next connections send them less often. */
  tooManyPings(connection: Connection): void;
  /** A stream has become the caller's own, or is over: while there are any, the process stays alive. */
  tunnels(change: 1 | -1): void;
  settingsTimedOut(exchange: Exchange, now: number): unknown;
}
