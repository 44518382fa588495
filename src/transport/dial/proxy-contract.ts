import type { Headers, HeadersInit } from "../../message/index.js";
import type { ProxyAuths } from "../route/index.js";
import type { TlsOptions } from "./tls-options.js";

/** A tunnel that a proxy is asked to open. */
export interface ProxyConnect {
  /** The proxy, as `scheme://host:port`. */
  readonly proxy: string;
  /** The target, as `host:port`. */
  readonly target: string;
}

/** A proxy's answer to CONNECT. */
export interface ProxyConnectResponse extends ProxyConnect {
  /** The answer's status; 2xx opens the tunnel. */
  readonly status: number;
  /** The answer's headers. */
  readonly headers: Headers;
}

/** Headers for CONNECT requests, or a function that returns them for each. */
export type ProxyHeaders = HeadersInit | ((connect: ProxyConnect) => HeadersInit | Promise<HeadersInit>);

/** The settings all tunnels of one dialer share. */
export interface ProxySettings {
  /** For the proxy's answer, in milliseconds: to CONNECT, or the whole SOCKS handshake. */
  readonly proxyTimeout: number;
  readonly proxyHeaders?: ProxyHeaders;
  /** Sees the answer to CONNECT, whatever its status; what it throws fails the dial. */
  readonly onProxyConnect?: (response: ProxyConnectResponse) => void | Promise<void>;
  /** For the connection to an https proxy. */
  readonly proxyTls?: TlsOptions;
  readonly auths: ProxyAuths;
}
