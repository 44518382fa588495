import type { DetailedPeerCertificate, PeerCertificate } from "node:tls";
import { codeOf, NetworkError, TimeoutError, type TlsCode } from "../../errors/index.js";
import { nameOf } from "./connect-errors.js";
import type { DialRequest, DialTimings } from "./contract.js";
import { messageOf } from "./outcome.js";

// The certificate errors that mean "no trusted authority stands behind it"; other X.509 errors are bad in themselves.
const untrusted: ReadonlySet<string> = new Set([
  "CERT_CHAIN_TOO_LONG",
  "CERT_REJECTED",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

const otherCertificateErrors: ReadonlySet<string> = new Set([
  "AKID_SKID_MISMATCH",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CRL_HAS_EXPIRED",
  "CRL_NOT_YET_VALID",
  "CRL_SIGNATURE_FAILURE",
  "HOSTNAME_MISMATCH",
  "PATH_LENGTH_EXCEEDED",
  "SUBJECT_ISSUER_MISMATCH",
  "UNABLE_TO_GET_CRL",
]);

// OpenSSL's words for a first record that is not TLS at all.
const notTls =
  /wrong version number|packet length too long|record layer failure|unknown protocol|http request/i;

const hints: readonly (readonly [RegExp, string])[] = [
  [
    /protocol version|unsupported protocol/i,
    "client and server share no TLS version; see tls.minVersion and tls.maxVersion",
  ],
  [/no application protocol/i, "the server supports none of the offered protocols; see tls.ALPNProtocols"],
  [/unrecognized name/i, "the server does not know this name; see tls.servername"],
  [
    /certificate required|bad certificate|unknown ca/i,
    "the server requires a client certificate that it trusts; see tls.cert and tls.key",
  ],
  [
    /handshake failure/i,
    "no common cipher, or the server requires a client certificate; see tls.ciphers, tls.cert and tls.key",
  ],
  [/internal error/i, "the server failed, often because it does not serve this name"],
];

/** A handshake that failed, as an error that says which side has to change what. */
export function tlsError(
  target: DialRequest,
  identity: string,
  cause: unknown,
  certificate: PeerCertificate | undefined,
): NetworkError {
  const code = codeOf(cause);
  const where = nameOf(target);
  const make = (name: TlsCode, message: string, retryable = false): NetworkError =>
    new NetworkError(message, { code: `ERR_TRUNKLINE_${name}`, phase: "tls", retryable, cause });

  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return make(
      "TLS_NAME",
      `the certificate of ${where} is valid for ${namesIn(cause)}, not for ${identity}: use a name that it covers, or set tls.servername`,
    );
  }
  if (code === "CERT_HAS_EXPIRED") {
    const since = certificate?.valid_to === undefined ? "" : ` on ${certificate.valid_to}`;
    return make(
      "TLS_EXPIRED",
      `the certificate of ${where}, or one it depends on, has expired${since}: the server needs a new one (or this machine's clock is wrong)`,
    );
  }
  if (code === "CERT_NOT_YET_VALID") {
    const from = certificate?.valid_from === undefined ? "" : ` before ${certificate.valid_from}`;
    return make(
      "TLS_EXPIRED",
      `the certificate of ${where}, or one it depends on, is not valid${from}: check this machine's clock`,
    );
  }
  if (untrusted.has(code)) {
    const issuer = issuerOf(certificate);
    const chain = chainOf(certificate);
    const why =
      code === "DEPTH_ZERO_SELF_SIGNED_CERT"
        ? "it is self-signed"
        : `${messageOf(cause)}${issuer === "" ? "" : `, issued by ${issuer}`}${chain.length === 0 ? "" : `; the server sent ${chain.join(" < ")}`}`;
    const incomplete =
      code === "UNABLE_TO_VERIFY_LEAF_SIGNATURE" || code === "UNABLE_TO_GET_ISSUER_CERT_LOCALLY";
    const remedy = incomplete
      ? "set tls.ca to the authority's certificate if you trust it, or have the server send its missing intermediate certificates"
      : "if you trust it, set tls.ca to the authority's certificate";
    return make("TLS_UNTRUSTED", `the certificate of ${where} is not trusted (${why}): ${remedy}`);
  }
  if (otherCertificateErrors.has(code)) {
    return make(
      "TLS_UNTRUSTED",
      `the certificate of ${where} was rejected (${messageOf(cause)}): the server needs a different one`,
    );
  }
  if (code === "ECONNRESET" || code === "EPIPE") {
    return make(
      "CONNECTION_RESET",
      `${where} closed the connection during the TLS handshake: check that the port speaks TLS and serves ${identity}`,
      true,
    );
  }
  const reason = reasonOf(cause);
  if (notTls.test(reason)) {
    return make(
      "HTTP_ON_TLS",
      `${where} did not answer in TLS; it probably speaks plain HTTP on this port: use http://, or the server's TLS port`,
    );
  }
  const hint = hintOf(reason);
  return make(
    "TLS_HANDSHAKE",
    `the TLS handshake with ${where} failed (${reason})${hint === undefined ? "" : `: ${hint}`}`,
    hint === undefined,
  );
}

/** What failed after the handshake: in TLS 1.3 a server looks at the client's certificate only then. */
export function tlsFailureText(cause: unknown): string {
  const reason = reasonOf(cause);
  const hint = hintOf(reason);
  return `TLS failed after the handshake (${reason})${hint === undefined ? "" : `: ${hint}`}`;
}

function hintOf(reason: string): string | undefined {
  return hints.find(([pattern]) => pattern.test(reason))?.[1];
}

export function tlsTimeoutError(target: DialRequest, limit: number, timings: DialTimings): TimeoutError {
  const message = `the TLS handshake with ${nameOf(target)} did not finish within tlsTimeout (${limit} ms): check that the port speaks TLS, or raise tlsTimeout`;
  return new TimeoutError(message, {
    code: "ERR_TRUNKLINE_TLS_TIMEOUT",
    phase: "tls",
    timeout: "tlsTimeout",
    milliseconds: limit,
    spent: { ...timings },
    retryable: true,
  });
}

/** The options in `tls` cannot be used: a bad certificate, key or cipher list. */
export function tlsOptionsError(target: DialRequest, cause: unknown): NetworkError {
  const message = `the option tls cannot be used for ${nameOf(target)}: ${reasonOf(cause)}; check ca, cert, key, pfx, passphrase and ciphers`;
  return new NetworkError(message, { code: "ERR_TRUNKLINE_TLS_OPTIONS", phase: "tls", cause });
}

// OpenSSL's message is a line of internals; its `reason` is the part for people.
function reasonOf(cause: unknown): string {
  if (typeof cause === "object" && cause !== null && "reason" in cause && typeof cause.reason === "string") {
    return cause.reason;
  }
  return messageOf(cause).trim();
}

function namesIn(cause: unknown): string {
  const certificate =
    typeof cause === "object" && cause !== null && "cert" in cause
      ? (cause.cert as Partial<PeerCertificate>)
      : undefined;
  const names = certificate?.subjectaltname?.replaceAll(/\b(?:DNS|IP Address):/g, "");
  if (names !== undefined && names !== "") return names.length > 200 ? `${names.slice(0, 200)}…` : names;
  const common: unknown = certificate?.subject?.CN;
  return typeof common === "string" ? common : "no name at all";
}

function issuerOf(certificate: PeerCertificate | undefined): string {
  const issuer = certificate?.issuer;
  const name: unknown = issuer?.CN ?? issuer?.O;
  return typeof name === "string" ? name : "";
}

/** The names of the certificates that the server sent, its own first. */
function chainOf(certificate: PeerCertificate | undefined): string[] {
  const names: string[] = [];
  const seen = new Set<unknown>();
  let next = certificate as Partial<DetailedPeerCertificate> | undefined;
  // A certificate that signed itself is its own issuer.
  while (next?.subject !== undefined && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256);
    const name: unknown = next.subject.CN ?? next.subject.O;
    names.push(typeof name === "string" ? name : "a certificate without a name");
    next = next.issuerCertificate;
  }
  return names;
}
