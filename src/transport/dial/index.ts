export type {
  DialAttempt,
  DialHandlers,
  DialRequest,
  DialResult,
  DialSettings,
  DialTarget,
  DialTimings,
  OnRead,
  PendingDial,
  TlsInfo,
} from "./contract.js";
export { Dialer } from "./dialer.js";
export type { DnsOptions, DnsSettings } from "./dns-contract.js";
export { type DnsHost, dnsSettings } from "./dns-names.js";
export type {
  ProxyConnect,
  ProxyConnectResponse,
  ProxyHeaders,
  ProxySettings,
} from "./proxy-contract.js";
export { tlsFailureText } from "./tls-errors.js";
export { isTlsOptionName, type TlsOptions } from "./tls-options.js";
export type { TlsChoice } from "./tls-setups.js";
