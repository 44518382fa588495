import type { Duplex } from "node:stream";
import type { PeerCertificate } from "node:tls";
import { ownMembers } from "../../runtime/index.js";
import type { TlsInfo } from "./contract.js";
import type { TlsView } from "./socket-view.js";
import type { TlsConnect, TlsSetup } from "./tls-setup.js";

interface HandshakeHandlers {
  /** Called inside the socket's `secureConnect` event. */
  secured(info: TlsInfo, certificate: PeerCertificate | undefined): void;
  /** `certificate` is the peer's, when it was the certificate that failed. */
  failed(error: unknown, certificate: PeerCertificate | undefined): void;
}

/** Waits for the end of one TLS socket's handshake. */
export class Handshake {
  readonly #socket: Duplex;
  readonly #setup: TlsSetup;
  readonly #connect: TlsConnect;
  readonly #handlers: HandshakeHandlers;
  #certificate: PeerCertificate | undefined;
  readonly #peer: Peer = { certificate: undefined };

  /** To be made before the handshake's first byte can have come. */
  constructor(socket: Duplex, setup: TlsSetup, connect: TlsConnect, handlers: HandshakeHandlers) {
    this.#socket = socket;
    this.#setup = setup;
    this.#connect = connect;
    this.#handlers = handlers;
    keepSessions(socket, setup, connect.sessionKey, this.#peer);
    const { keyLog } = setup;
    if (keyLog !== undefined) socket.on("keylog", (line: Uint8Array) => keyLog.append(line));
    socket.on("secureConnect", this.#onSecure);
    socket.on("error", this.#onError);
    socket.on("close", this.#onClose);
    // Node's own listener of `secure` destroys the socket over a bad certificate, and the certificate with it.
    socket.prependListener("secure", this.#keepCertificate);
  }

  /** Stops waiting; the socket is the caller's again. */
  detach(): void {
    this.#socket.off("secureConnect", this.#onSecure);
    this.#socket.off("error", this.#onError);
    this.#socket.off("close", this.#onClose);
    this.#socket.off("secure", this.#keepCertificate);
  }

  // `_handle` is Node's own: where it changes, error messages lose the certificate's details and nothing else.
  readonly #keepCertificate = (): void => {
    const socket = this.#socket as TlsView & { readonly _handle?: { verifyError?(): unknown } | null };
    if (socket._handle?.verifyError?.()) this.#certificate = socket.getPeerCertificate?.(true);
  };

  readonly #onSecure = (): void => {
    const { session, sessionKey, options } = this.#connect;
    const info = tlsInfoOf(this.#socket, options["servername"]);
    if (session !== undefined && !info.resumed) this.#setup.sessions.drop(sessionKey, session);
    this.detach();
    if (this.#setup.keepsCertificates) {
      // A resumed session brings none.
      this.#peer.certificate = info.resumed
        ? this.#setup.certificateOf(session)
        : ((this.#socket as TlsView).getPeerCertificate?.() ?? undefined);
    }
    this.#handlers.secured(info, this.#peer.certificate);
  };

  readonly #onError = (error: unknown): void => {
    const { session, sessionKey } = this.#connect;
    // A session the server chokes on must not spoil the next attempt too.
    if (session !== undefined) this.#setup.sessions.drop(sessionKey, session);
    this.detach();
    this.#handlers.failed(error, this.#certificate);
  };

  readonly #onClose = (): void => {
    this.#onError(
      Object.assign(new Error("the connection closed during the handshake"), { code: "ECONNRESET" }),
    );
  };
}

// Listens from the start, or a TLS 1.2 ticket would be missed. A session must not be kept before the certificate
// has been found good, because a resumed one is not checked for its name again: Node holds it back until
// `secureConnect`, and a test sees to it. A function of its own, so that the listener, which lives as long as the
// socket, holds on to no more than this.
function keepSessions(socket: Duplex, setup: TlsSetup, key: string, peer: Peer): void {
  socket.on("session", (session: Buffer) => {
    setup.sessions.put(key, session);
    if (peer.certificate !== undefined) setup.noteCertificate(session, peer.certificate);
  });
}

/** The other side, as its handshake showed it. */
interface Peer {
  certificate: PeerCertificate | undefined;
}

function tlsInfoOf(stream: Duplex, servername: unknown): TlsInfo {
  const socket = stream as TlsView;
  const problem: unknown = socket.authorizationError;
  const alpn = socket.alpnProtocol;
  return ownMembers<TlsInfo>({
    version: socket.getProtocol?.() ?? "unknown",
    cipher: socket.getCipher?.().name ?? "unknown",
    authorized: socket.authorized ?? false,
    ...(problem ? { authorizationError: problem instanceof Error ? problem.message : String(problem) } : {}),
    ...(typeof servername === "string" ? { servername } : {}),
    resumed: socket.isSessionReused?.() ?? false,
    ...(typeof alpn === "string" && alpn !== "" ? { alpn } : {}),
  });
}
