import { isIP } from "node:net";
import type { PeerCertificate, SecureContext } from "node:tls";
import { fileSystem, openPrivate, ownMembers } from "../../runtime/index.js";
import type { DialRequest } from "./contract.js";
import { SessionCache } from "./session-cache.js";
import { contextMembers, type TlsOptions } from "./tls-options.js";

// `node:tls` costs several milliseconds to load, and a program that speaks plain HTTP never needs it.
const loadTls = (): typeof import("node:tls") => process.getBuiltinModule("node:tls");

/** What one connection's handshake is started with. */
export interface TlsConnect {
  /** For `Runtime.connect`. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The name the certificate must be for. */
  readonly identity: string;
  /** Where its sessions are kept. */
  readonly sessionKey: string;
  readonly session: Buffer | undefined;
}

/** The TLS side of a dialer: one secure context, one session cache and one key log for all its connections. */
export class TlsSetup {
  readonly sessions: SessionCache = new SessionCache();
  readonly keyLog: KeyLog | undefined;
  readonly #options: TlsOptions;
  #context: SecureContext | undefined;

  /** By session, the certificate it began with; undefined where nobody asks for certificates. */
  readonly #certificates: WeakMap<Buffer, PeerCertificate> | undefined;

  constructor(options: TlsOptions = {}, keepCertificates = false) {
    this.#certificates = keepCertificates ? new WeakMap() : undefined;
    this.#options = ownMembers(options);
    this.keyLog = this.#options.keylog === undefined ? undefined : new KeyLog(this.#options.keylog);
  }

  /** Throws what `tls.createSecureContext` throws, when a certificate or key of the options is no good. */
  prepare(target: DialRequest): TlsConnect {
    const { checkServerIdentity, minDHSize, rejectUnauthorized, ALPNProtocols } = this.#options;
    const wanted = target.servername ?? this.#options.servername ?? target.host;
    const servername = wanted.endsWith(".") ? wanted.slice(0, -1) : wanted;
    const identity = servername === "" ? target.host : servername;
    const sessionKey = `${target.host}:${target.port} ${target.socketPath ?? ""} ${servername}`;
    const session = this.sessions.take(sessionKey);
    const verify = checkServerIdentity ?? loadTls().checkServerIdentity;
    const options: Record<string, unknown> = ownMembers({
      secureContext: this.#secureContext(),
      ALPNProtocols: ALPNProtocols ?? target.alpn ?? ["http/1.1"],
      // Always said: where it is not, Node takes it from NODE_TLS_REJECT_UNAUTHORIZED.
      rejectUnauthorized: rejectUnauthorized !== false,
      // Node would look for `options.host`, which is the address of this attempt when no name is sent.
      checkServerIdentity: (_host: string, certificate: PeerCertificate) => verify(identity, certificate),
    });
    // An address is not a name to ask for (RFC 6066 section 3).
    if (servername !== "" && isIP(servername) === 0) options["servername"] = servername;
    if (session !== undefined) options["session"] = session;
    if (minDHSize !== undefined) options["minDHSize"] = minDHSize;
    return { options, identity, sessionKey, session };
  }

  get keepsCertificates(): boolean {
    return this.#certificates !== undefined;
  }

  noteCertificate(session: Buffer, certificate: PeerCertificate): void {
    this.#certificates?.set(session, certificate);
  }

  certificateOf(session: Buffer | undefined): PeerCertificate | undefined {
    return session === undefined ? undefined : this.#certificates?.get(session);
  }

  /**
   * Whether a connection made with these options may carry requests for other names than its own: not with a client
   * certificate, which is for the one server; not where the name that is checked is fixed, or nothing is.
   */
  get shareable(): boolean {
    const { cert, key, pfx, secureContext, servername, rejectUnauthorized } = this.#options;
    const own = cert ?? key ?? pfx ?? secureContext ?? servername;
    return own === undefined && rejectUnauthorized !== false;
  }

  /** Whether a server with this certificate, which was found good for another name, may answer for the host. */
  accepts(host: string, certificate: PeerCertificate): boolean {
    const identity = host.endsWith(".") ? host.slice(0, -1) : host;
    const { checkServerIdentity: own } = this.#options;
    try {
      if (loadTls().checkServerIdentity(identity, certificate) !== undefined) return false;
      return own === undefined || own(identity, certificate) === undefined;
    } catch {
      return false; // a check that fails finds nothing good
    }
  }

  // Made once: it parses the certificates, and without `ca` it loads Node's whole list of authorities.
  #secureContext(): SecureContext {
    if (this.#context !== undefined) return this.#context;
    let context = this.#options.secureContext;
    if (context === undefined) {
      const members = contextMembers.flatMap((name) => {
        const value = this.#options[name];
        return value === undefined ? [] : [[name, value] as const];
      });
      context = loadTls().createSecureContext(ownMembers(Object.fromEntries(members)));
    }
    this.#context = context;
    return context;
  }
}

/**
 * Appends TLS session keys to a file, readable by its owner alone. Written at once, so that the key is there
 * when a packet analyser needs it; a file that cannot be written costs a warning, not the connection.
 */
export class KeyLog {
  readonly #path: string;
  #warned = false;

  constructor(path: string) {
    this.#path = path;
  }

  append(line: Uint8Array): void {
    try {
      const file = openPrivate(this.#path, "a");
      try {
        fileSystem.writeSync(file, line);
      } finally {
        fileSystem.closeSync(file);
      }
    } catch (error) {
      if (this.#warned) return;
      this.#warned = true;
      const reason = error instanceof Error ? error.message : String(error);
      process.emitWarning(`TLS session keys are not logged: ${reason}; check the path given as tls.keylog`, {
        code: "TRUNKLINE_KEYLOG",
      });
    }
  }
}
