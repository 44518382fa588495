export { type DialTarget, type TlsOptions } from "./dial/index.js";
export { Exchange, type Settle } from "./exchange.js";
export type { TransportOptions } from "./options.js";
export { type Counts, type ExchangeOptions, type RoundTripper, runtimeOption, Transport } from "./transport.js";
export { defaultTransport } from "./default-transport.js";
