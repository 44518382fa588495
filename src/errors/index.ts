export { rejection } from "./caller-frames.js";
export {
  maskPassword,
  NetworkError,
  type NetworkErrorDetails,
  type Phase,
  TimeoutError,
  type TimeoutKind,
} from "./network-error.js";
export { ProtocolError } from "./protocol-error.js";
