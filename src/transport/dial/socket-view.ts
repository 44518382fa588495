import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { DialResult } from "./contract.js";

/** TCP probes start after this much silence: a peer that vanished under a long response is noticed. */
const PROBE_AFTER_MS = 60_000;

/** What a stream may offer beyond `Duplex`: a custom dial's often offers none of it. */
export type SocketView = Partial<
  Pick<
    Socket,
    | "connecting"
    | "localAddress"
    | "localPort"
    | "ref"
    | "remoteAddress"
    | "remotePort"
    | "setKeepAlive"
    | "setNoDelay"
    | "unref"
  >
>;
export type TlsView = Partial<
  Pick<
    TLSSocket,
    | "alpnProtocol"
    | "authorizationError"
    | "authorized"
    | "getCipher"
    | "getPeerCertificate"
    | "getProtocol"
    | "isSessionReused"
  >
>;

/** What Node's own sockets read from. */
const HANDLES = new Set(["TCP", "Pipe", "TLSWrap"]);

/**
 * Whether something stands between a `net.Socket` and the system: the interceptors of nock and msw take over its
 * methods, other tools its handle. Such a socket gives its bytes as stream events, whatever `onread` it was made with.
 */
export function isIntercepted(stream: Duplex): boolean {
  if (Object.hasOwn(stream, "connect") || Object.hasOwn(stream, "_writeGeneric")) return true;
  const { _handle: handle } = stream as { readonly _handle?: object | null };
  return typeof handle === "object" && handle !== null && !HANDLES.has(handle.constructor.name);
}

export function setSocketRef(stream: Duplex, keepAlive: boolean): void {
  const socket = stream as SocketView;
  if (keepAlive) socket.ref?.();
  else socket.unref?.();
}

/** No Nagle delay (a request is one write already), and probes for a peer that is gone. */
export function tuneSocket(stream: Duplex): void {
  const socket = stream as SocketView;
  socket.setNoDelay?.(true);
  socket.setKeepAlive?.(true, PROBE_AFTER_MS);
}

/** The addresses of both ends of a connection, as far as they are known. */
export type Endpoints = Pick<DialResult, "localAddress" | "localPort" | "remoteAddress" | "remotePort">;

export function endpointsOf(stream: Duplex): Endpoints {
  const { remoteAddress, remotePort, localAddress, localPort } = stream as SocketView;
  return {
    ...(typeof remoteAddress === "string" ? { remoteAddress } : {}),
    ...(typeof remotePort === "number" ? { remotePort } : {}),
    ...(typeof localAddress === "string" ? { localAddress } : {}),
    ...(typeof localPort === "number" ? { localPort } : {}),
  };
}
