import type { Duplex } from "node:stream";
import type { Runtime } from "../../runtime/index.js";
import type { ProxyServer } from "../route/index.js";
import type { DialRequest } from "./contract.js";
import type { ProxySettings } from "./proxy-contract.js";

/** A tunnel as a kind of proxy sees it. */
export interface Tunnel {
  readonly settings: ProxySettings;
  readonly runtime: Runtime;
  readonly proxy: ProxyServer;
  readonly target: DialRequest;
  /** The target's addresses, in the order to ask for them, where its name is resolved here. */
  readonly addresses: readonly string[] | undefined;
}

/** One tunnel being asked for, over as many connections to the proxy as it takes. */
export interface TunnelCall {
  /**
   * Asks on a connection to the proxy. `open`: the stream leads to the target. `again`: it wants another connection.
   * Rejects with the error of the dial. Once stopped, what it says is not heard.
   */
  ask(socket: Duplex): Promise<"again" | "open">;
  stop(): void;
}

/** A kind of proxy: how it is asked for a tunnel. */
export interface ProxyKind {
  /** Whether the target's name is resolved here; else the proxy gets the name. */
  readonly resolvesHere: boolean;
  call(tunnel: Tunnel): TunnelCall;
}
