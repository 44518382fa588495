export type { PoolLimits } from "../pool/index.js";
export type { LookupFunction } from "../runtime/index.js";
export { loadHttp2 } from "./connection/index.js";
export type {
  DialTarget,
  DnsOptions,
  ProxyConnect,
  ProxyConnectResponse,
  ProxyHeaders,
  TlsOptions,
} from "./dial/index.js";
export type { Settle } from "./exchange/index.js";
export type { Fetch } from "./fetch-transport.js";
export { fetchTransport } from "./fetch-transport.js";
export type { Http2Options } from "./http2-options.js";
export { type OpenRecording, readRecording } from "./recording/index.js";
export { type Counts, type ExchangeOptions, type RoundTripper, runtimeOption } from "./round-tripper.js";
export type { AllowAddress, ProxyAuthScheme, ProxyOption } from "./route/index.js";
export { defaultTransport, Transport } from "./transport.js";
export type { TransportOptions } from "./transport-options.js";
