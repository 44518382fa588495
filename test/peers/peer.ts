/** What a peer listens on and serves; its configuration is written from this. */
export interface Site {
  /** A folder of the peer's own, for its configuration and its log. */
  readonly folder: string;
  /** Static files: `small.txt`, `text.txt`, `big.bin`, `window.txt`, `secret/file.txt`. */
  readonly root: string;
  /** Plain HTTP; idle connections are kept for a minute. */
  readonly port: number;
  /** The same, but idle connections are closed after a second. */
  readonly shortPort: number;
  /** TLS, with a client certificate demanded. */
  readonly tlsPort: number;
  /** A `node:http` server that `/backend/` is passed on to. */
  readonly backendPort: number;
  /** PEM files: `server.pem` (certificate and key), `server.crt`, `server.key`, `ca.crt` (of clients). */
  readonly certificates: string;
}

/** One request as the peer logged it: the client's port tells connections apart. */
export interface Logged {
  readonly port: number;
  readonly path: string;
}

/** What this peer does; a test runs where its ability is named. Absent: the peer cannot, and the comment beside says so. */
export type Ability =
  | "static"
  | "gzip"
  | "basic"
  | "digest"
  | "trailers"
  | "early-hints"
  | "keep-alive-hint"
  | "continue"
  | "not-modified";

/** A server from the distribution's packages. */
export interface Peer {
  readonly name: string;
  readonly abilities: readonly Ability[];
  /** The ports it listens on; default all three. */
  readonly ports?: readonly ("port" | "shortPort" | "tlsPort")[];
  /** The configuration: file names and contents, in the site's folder. */
  files(site: Site): Readonly<Record<string, string>>;
  /** Runs it in the foreground. */
  command(site: Site): readonly string[];
  /** How it is told to reload gracefully: a signal to its process, or a command. */
  readonly reload: NodeJS.Signals | ((site: Site) => readonly string[]);
  /** The log, parsed. */
  parseLine(line: string): Logged | undefined;
}

/** Lines of the form `PORT PATH`, which most logs can be told to have. */
export function portAndPath(line: string): Logged | undefined {
  const match = /(?:^|\s)port=(\d+) path=(\S+)/.exec(line);
  return match === null ? undefined : { port: Number(match[1]), path: match[2] ?? "" };
}

/** `user` and `pass`, the credentials of every peer. */
export const CREDENTIALS = { username: "user", password: "pass" } as const;
