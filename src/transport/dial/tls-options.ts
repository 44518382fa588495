import type { PeerCertificate, SecureContext } from "node:tls";

/** TLS settings: the members of `node:tls` connection options that a client needs, and `keylog`. */
export interface TlsOptions {
  /** Trusted authorities in PEM, instead of Node's own list. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The client's certificate chain in PEM. */
  readonly cert?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The client's private key in PEM. */
  readonly key?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The client's certificate and key in PKCS #12. */
  readonly pfx?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The passphrase of `key` or `pfx`. */
  readonly passphrase?: string;
  /** Certificate revocation lists in PEM. */
  readonly crl?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The name to send (SNI) and to check in the certificate, for every host; `""` sends none. Default: the host. */
  readonly servername?: string;
  /**
   * Whether to refuse certificates that cannot be verified; default true, whatever `NODE_TLS_REJECT_UNAUTHORIZED` says.
   * False accepts any certificate: use it only in tests.
   */
  readonly rejectUnauthorized?: boolean;
  /** Replaces Node's check that the certificate is for this host; return an error to refuse it, `undefined` to accept. */
  readonly checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined;
  /** The lowest TLS version to accept; Node's default is TLSv1.2. */
  readonly minVersion?: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
  /** The highest TLS version to offer; Node's default is TLSv1.3. */
  readonly maxVersion?: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
  /** Cipher list in OpenSSL's format; Node's default list when absent. */
  readonly ciphers?: string;
  /** Colon-separated signature algorithms; OpenSSL's default when absent. */
  readonly sigalgs?: string;
  /** Colon-separated curves for the key exchange; default `"auto"`. */
  readonly ecdhCurve?: string;
  /** The smallest Diffie-Hellman group to accept, in bits; default 1024. */
  readonly minDHSize?: number;
  /** OpenSSL's `SSL_OP_…` bits, from `crypto.constants`. */
  readonly secureOptions?: number;
  /** Whether a trusted intermediate certificate is enough; default false. */
  readonly allowPartialTrustChain?: boolean;
  /** A context from `tls.createSecureContext`; the certificate, version and cipher members above are then ignored. */
  readonly secureContext?: SecureContext;
  /** The protocols to offer by ALPN; default `["h2", "http/1.1"]`, or `["http/1.1"]` with `http2: false`. */
  readonly ALPNProtocols?: readonly string[];
  /**
   * A file to append session keys to, in the NSS format that packet analysers read. Anyone who can read it can read the
   * traffic.
   */
  readonly keylog?: string;
}

/** What goes into the one secure context that all connections of a dialer share. */
export const contextMembers: readonly (keyof TlsOptions)[] = [
  "ca",
  "cert",
  "key",
  "pfx",
  "passphrase",
  "crl",
  "minVersion",
  "maxVersion",
  "ciphers",
  "sigalgs",
  "ecdhCurve",
  "secureOptions",
  "allowPartialTrustChain",
];

// A record and not an array, so that a member of the interface that is missing here does not compile.
const MEMBERS: Readonly<Record<keyof TlsOptions, true>> = {
  ca: true,
  cert: true,
  key: true,
  pfx: true,
  passphrase: true,
  crl: true,
  servername: true,
  rejectUnauthorized: true,
  checkServerIdentity: true,
  minVersion: true,
  maxVersion: true,
  ciphers: true,
  sigalgs: true,
  ecdhCurve: true,
  minDHSize: true,
  secureOptions: true,
  allowPartialTrustChain: true,
  secureContext: true,
  ALPNProtocols: true,
  keylog: true,
};

/** The names of all members. */
export const TLS_OPTION_NAMES: ReadonlySet<string> = new Set(Object.keys(MEMBERS));
