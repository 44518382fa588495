/**
 * The testing kit: scripted servers, faults, certificates and a virtual runtime for tests of an HTTP client.
 * Everything listens on the loopback interface and leaves nothing behind after `close()`.
 * @module
 */

export type { Runtime, RuntimeTimer, SocketOptions } from "../runtime/index.js";
export {
  type CertificateAuthority,
  createAuthority,
  type IssuedCertificate,
  type IssueOptions,
  selfSigned,
} from "./certificates.js";
export type { FakeHost, FakeRoute } from "./fake-network.js";
export { FakeRuntime, type FakeRuntimeOptions, onRuntime } from "./fake-runtime.js";
export type { FakePeer, FakeSocket } from "./fake-socket.js";
export { type DirectionFault, type Fault, randomFault } from "./fault.js";
export { type FaultEvent, FaultProxy, type FaultProxyOptions } from "./fault-proxy.js";
export { FRIENDLY_JSON, type Route } from "./friendly-routes.js";
export { FriendlyServer, type FriendlyServerOptions } from "./friendly-server.js";
export type { Gate } from "./gate.js";
export type { Http2Frame, Http2SettingName, Http2Settings } from "./http2-frames.js";
export type { Http2Seen } from "./http2-incoming.js";
export { answerEachStream, type Http2Script, type Http2Step, http2Script } from "./http2-script.js";
export {
  type Http2Reply,
  Http2WireConnection,
  type Http2WireOptions,
  type Http2WireRequest,
} from "./http2-wire.js";
export {
  type MockAnswer,
  type MockHandler,
  type MockRequest,
  type MockTransport,
  mockTransport,
} from "./mock-transport.js";
export { seededRandom } from "./seeded-random.js";
export type { DripOptions, Expected, ExtraHeaders, WireConnection, WireEnding } from "./wire-connection.js";
export { ConnectionOver, WireFailure } from "./wire-errors.js";
export type { WireBody, WireHead, WireRequest } from "./wire-request.js";
export { answerEach, byHand, type WireScript, type WireStep } from "./wire-script.js";
export { type WireEvent, WireServer, type WireServerOptions } from "./wire-server.js";
