import type { Headers, HeadersInit } from "../../message/index.js";
import type { ProxyAuths } from "../route/index.js";
import type { TlsOptions } from "./tls-options.js";

/** A tunnel that is asked for. */
export interface ProxyConnect {
  /** `scheme://host:port` of the proxy. */
  readonly proxy: string;
  /** `host:port` of the target. */
  readonly target: string;
}

/** A proxy's answer to CONNECT. */
export interface ProxyConnectResponse extends ProxyConnect {
  /** The status of the proxy's answer to CONNECT. */
  readonly status: number;
  /** The headers of the proxy's answer to CONNECT. */
  readonly headers: Headers;
}

/** Fields for the CONNECT request. */
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
