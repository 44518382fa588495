import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { DialTimes } from "./origin-log.js";

/** A server to pass connections on to. */
export interface Target {
  /** As people write it, without a path. */
  readonly origin: string;
  readonly secure: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** What a client that goes there directly writes into Host. */
  readonly authority: string;
}

/** Reads an origin, or says in a sentence what is wrong with it. */
export function parseTarget(text: string): Target | string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text))
    return `"${text}" is not an origin: did you mean http://${text}?`;
  if (!URL.canParse(text)) return `"${text}" is not an origin; write it as http://host:port`;
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return `only http and https servers can be observed, not ${url.protocol.slice(0, -1)}`;
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "" || url.username !== "")
    return `the target must be an origin, without a path or credentials: ${url.origin}`;
  const secure = url.protocol === "https:";
  return {
    origin: url.origin,
    secure,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    authority: url.host,
  };
}

/** A connection to a target on its way. The socket may be written to at once. */
export interface Dial {
  readonly socket: Socket;
  /** Ends it as a reset where the system lets us. */
  reset(): void;
  /** What the parts took; rejects with the error of a dial that failed. */
  readonly done: Promise<DialTimes>;
}

/** Dials the target. With `https` TLS is made here, so that what passes through stays readable. */
export function dial(target: Target): Dial {
  const started = performance.now();
  const { host, port, secure } = target;
  const raw = connectTcp({ host, port, allowHalfOpen: true, noDelay: true });
  const times: { dns?: number; connect?: number; tls?: number } = {};
  let looked = started;
  if (isIP(host) === 0) {
    raw.once("lookup", () => {
      looked = performance.now();
      times.dns = looked - started;
    });
  }
  let connected = started;
  raw.once("connect", () => {
    connected = performance.now();
    times.connect = connected - looked;
  });
  const socket = secure
    ? connectTls({
        socket: raw,
        ALPNProtocols: ["http/1.1"],
        ...(isIP(host) === 0 ? { servername: host } : {}),
      })
    : raw;
  const done = new Promise<DialTimes>((resolve, reject) => {
    raw.once("error", reject);
    if (socket !== raw) socket.once("error", reject);
    raw.once("close", () =>
      reject(new Error(`the connection to ${target.origin} was closed while it was being made`)),
    );
    socket.once(secure ? "secureConnect" : "connect", () => {
      if (secure) times.tls = performance.now() - connected;
      resolve(times);
    });
  });
  return {
    socket,
    done,
    reset: () => {
      // Node cannot reset a socket that TLS has taken over.
      if (secure) socket.destroy();
      else raw.resetAndDestroy();
    },
  };
}

/** What TLS fails by: the certificate, the protocols that were offered, or a server that does not speak it. */
type TlsFault = "certificate" | "protocol" | "not-tls";

/** What is wrong with TLS, by the code of its error; undefined for an error of another kind. */
export function tlsFault(code: string): TlsFault | undefined {
  if (/CERT|SIGNED|ALTNAME|VERIFY/.test(code)) return "certificate";
  if (code === "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL") return "protocol";
  return /^(?:EPROTO|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/.test(code)
    ? "not-tls"
    : undefined;
}

/** What went wrong with a dial, in a word that is counted and a sentence that is shown. */
export function dialError(error: unknown, target: Target): { code: string; sentence: string } {
  const { code = "", message } = error as NodeJS.ErrnoException;
  const where = `${target.host}:${target.port}`;
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: `nothing is listening at ${where}; start the server first`,
    ENOTFOUND: `the name ${target.host} does not exist`,
    EAI_AGAIN: `the name ${target.host} could not be looked up`,
    ETIMEDOUT: `${where} does not answer`,
    EHOSTUNREACH: `${where} cannot be reached`,
    ENETUNREACH: `${where} cannot be reached`,
  };
  const faults: Readonly<Record<TlsFault, string>> = {
    certificate: `the certificate of ${target.origin} is not trusted (${code}); add its authority with NODE_EXTRA_CA_CERTS=<file>`,
    protocol: `${where} does not speak HTTP/1.1, the only protocol that can be observed`,
    "not-tls": `${where} does not speak TLS; did you mean http://${target.authority}?`,
  };
  const fault = tlsFault(code);
  if (fault !== undefined) return { code, sentence: faults[fault] };
  // With several addresses Node's error is a list; its first member says it.
  const inner = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException) : undefined;
  const name = code === "" ? (inner?.code ?? "unknown") : code;
  return { code: name, sentence: known[name] ?? `${target.origin} could not be reached: ${message || name}` };
}
