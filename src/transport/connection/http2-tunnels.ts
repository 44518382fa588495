import type { Http2Session, Http2Stream } from "../../http2/index.js";
import type { Exchange } from "../exchange/index.js";
import type { Http2Exchange } from "./http2-exchange.js";
import { Http2Tunnel, type Http2TunnelHost } from "./http2-tunnel.js";

/** What becomes of the requests that want a tunnel. */
interface Http2TunnelsHost extends Http2TunnelHost {
  /** The server takes such requests. */
  open(part: Http2Exchange): void;
  /** It does not: HTTP/1.1 is to carry the request. */
  turnBack(part: Http2Exchange): void;
  /** A tunnel has begun, or is over. */
  count(change: 1 | -1): void;
}

/**
 * Requests for a tunnel (extended CONNECT, RFC 8441) and the tunnels of one connection. A request waits for the server's
 * SETTINGS, which say whether it has that.
 */
export class Http2Tunnels {
  readonly #session: Http2Session<Http2Exchange>;
  readonly #host: Http2TunnelsHost;
  #held: Http2Exchange[] = [];

  constructor(session: Http2Session<Http2Exchange>, host: Http2TunnelsHost) {
    this.#session = session;
    this.#host = host;
  }

  /** Whether the request, which may be any, can be sent now; where not, it is seen to. */
  admits(part: Http2Exchange): boolean {
    if (part.exchange.outgoing.protocol === undefined) return true;
    const offered = this.#session.offersConnect;
    if (offered === undefined) this.#held.push(part);
    else if (!offered) this.#host.turnBack(part);
    return offered === true;
  }

  /** The server has said. */
  settings(): void {
    if (this.#held.length === 0) return;
    const held = this.#held;
    this.#held = [];
    for (const part of held) {
      if (part.settled) continue;
      if (this.#session.offersConnect === true) this.#host.open(part);
      else this.#host.turnBack(part);
    }
  }

  /** The server has opened it. */
  opened(part: Http2Exchange): void {
    this.#host.count(1);
    part.tunnel = new Http2Tunnel(this.#session, part.stream as Http2Stream<Http2Exchange>, this.#host);
    part.exchange.handOver(part.tunnel, this.#host.now());
  }

  /** Its stream is over. */
  closed(part: Http2Exchange): void {
    if (part.tunnel === undefined) return;
    this.#host.count(-1);
    part.tunnel.streamOver();
  }

  /** The connection is gone, and with it those among these parts. */
  lost(parts: readonly Http2Exchange[], errorFor: (exchange: Exchange) => unknown): void {
    for (const part of parts) {
      if (part.tunnel === undefined) continue;
      this.#host.count(-1);
      part.tunnel.failed(errorFor(part.exchange) as Error);
    }
  }
}
