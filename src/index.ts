export { Call, Client, type ClientOptions, defaultClient, del, fetch, get, head, type Init, patch, post, put } from "./client/index.js";
export { NetworkError, type Phase, TimeoutError, type TimeoutKind } from "./errors/index.js";
export type { Finding, FindingKind, OriginReport, Report } from "./explain/index.js";
export { type BodyInit, Headers, type HeadersInit, Request, type RequestInit, Response, type ResponseInit } from "./message/index.js";
export type { ClosedBy, CloseReason, ConnectionRecord, Decision, DialReason, ExchangeRecord, Recording, ResponseConnection, Timings } from "./trace/index.js";
export { type Counts, defaultTransport, type DialTarget, type RoundTripper, type TlsOptions, Transport, type TransportOptions } from "./transport/index.js";
