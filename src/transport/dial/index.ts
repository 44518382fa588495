export type {
  DialAttempt,
  DialHandlers,
  DialRequest,
  DialResult,
  DialTarget,
  DialTimings,
  PendingDial,
} from "./contract.js";
export { Dialer } from "./dialer.js";
export type { DnsOptions, DnsSettings } from "./dns-contract.js";
export { type DnsHost, dnsSettings } from "./dns-names.js";
export type { ProxyConnect, ProxyConnectResponse, ProxyHeaders } from "./proxy-contract.js";
export { tlsFailureText } from "./tls-errors.js";
export { TLS_OPTION_NAMES, type TlsOptions } from "./tls-options.js";
export type { TlsChoice } from "./tls-setups.js";
