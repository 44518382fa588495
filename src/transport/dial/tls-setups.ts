import { quotedURL } from "../../errors/index.js";
import { ownMembers } from "../../runtime/index.js";
import type { TlsOptions } from "./tls-options.js";
import { TlsSetup } from "./tls-setup.js";

/** The TLS options of a transport: for all origins, and what some have of their own on top. */
export interface TlsChoice {
  readonly tls?: TlsOptions | undefined;
  readonly tlsByOrigin?: Readonly<Record<string, TlsOptions>> | undefined;
}

/** Which TLS options, sessions and secure context each origin is reached with. */
export class TlsSetups {
  #general: TlsSetup;
  #own: Map<string, TlsSetup>;
  #hasOptions: boolean;
  /** Counts the replacements, so that connections from before and after have different routes. */
  #generation = 1;

  readonly #keepCertificates: boolean;

  /** @throws TypeError for an origin that is none. */
  constructor(given: TlsChoice, keepCertificates = false) {
    const choice = ownMembers(given);
    this.#keepCertificates = keepCertificates;
    this.#general = new TlsSetup(choice.tls, keepCertificates);
    this.#own = ownSetups(choice, keepCertificates);
    this.#hasOptions = choice.tls !== undefined;
  }

  of(origin: string): TlsSetup {
    return this.#own.get(origin) ?? this.#general;
  }

  /** The name of an origin's options in its connections' route; undefined for Node's defaults. */
  identityOf(origin: string): string | undefined {
    const name = this.#own.has(origin) ? "own" : this.#hasOptions ? "custom" : undefined;
    if (this.#generation === 1) return name;
    return `${name ?? "default"}-${this.#generation}`;
  }

  /** Dials from here on use these; sessions of the old ones are forgotten. @throws TypeError for an origin that is none. */
  replace(given: TlsChoice): void {
    const choice = ownMembers(given);
    const own = ownSetups(choice, this.#keepCertificates);
    this.#general = new TlsSetup(choice.tls, this.#keepCertificates);
    this.#own = own;
    this.#hasOptions = choice.tls !== undefined;
    this.#generation += 1;
  }

  clearSessions(): void {
    this.#general.sessions.clear();
    for (const { sessions } of this.#own.values()) sessions.clear();
  }
}

function ownSetups({ tls, tlsByOrigin = {} }: TlsChoice, keepCertificates: boolean): Map<string, TlsSetup> {
  const own = new Map<string, TlsSetup>();
  for (const [name, options] of Object.entries(tlsByOrigin)) {
    // A member that is undefined says nothing: it must not take away what `tls` says.
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    own.set(originOf(name), new TlsSetup({ ...tls, ...Object.fromEntries(given) }, keepCertificates));
  }
  return own;
}

function originOf(name: string): string {
  let url: URL | undefined;
  try {
    url = new URL(name);
  } catch {
    // Said below.
  }
  if (url?.protocol !== "https:" || url.pathname !== "/" || url.search !== "") {
    throw new TypeError(
      `Cannot use ${quotedURL(name)} in tlsByOrigin: it is not an https origin; write it as https://host or https://host:port`,
    );
  }
  return url.origin;
}

/** What an https proxy is reached with where it has no options of its own: the general ones, but for what is the target's. */
export function tlsForProxy(
  given: TlsChoice & { readonly proxyTls?: TlsOptions | undefined },
): TlsOptions | undefined {
  const choice = ownMembers(given);
  if (choice.proxyTls !== undefined || choice.tls === undefined) return choice.proxyTls;
  const { servername: _, checkServerIdentity: __, ALPNProtocols: ___, ...rest } = ownMembers(choice.tls);
  return rest;
}
