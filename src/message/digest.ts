import { type Challenge, parseChallenges } from "./auth-challenge.js";

// `node:crypto` costs milliseconds to load, and few programs need Digest.
const loadCrypto = (): typeof import("node:crypto") => process.getBuiltinModule("node:crypto");

// The strongest first, as RFC 7616 section 3.7 has a client choose.
const ALGORITHMS: readonly (readonly [name: string, hash: string])[] = [
  ["SHA-512-256", "sha512-256"],
  ["SHA-256", "sha256"],
  ["MD5", "md5"],
];

interface DigestCredentials {
  readonly username: string;
  readonly password: string;
}

/** A digest challenge that can be answered. */
interface Session {
  readonly realm: string;
  readonly nonce: string;
  /** What goes back as it came, byte for byte: names and quoted values. */
  readonly echoed: readonly string[];
  /** As the server wrote it; undefined where it left it out, which means MD5. */
  readonly algorithm: string | undefined;
  readonly hash: string;
  /** `-sess`: the nonces are part of the secret. */
  readonly session: boolean;
  readonly qop: boolean;
  readonly hashesUsername: boolean;
  /** One for the session, so that a `-sess` secret stays what it was. */
  readonly cnonce: string;
}

/**
 * Digest access authentication (RFC 7616, and RFC 2617 where the server has no `qop`) to one protection space: it
 * takes a challenge, answers it, and goes on answering ahead of the next one with the same nonce. MD5, SHA-256 and
 * SHA-512-256, each also `-sess`; `qop=auth`. Credentials are hashed as UTF-8, whether or not the server asks for it with
 * `charset`: nearly every server of today has nothing else.
 */
export class DigestAuth {
  readonly #credentials: DigestCredentials;
  readonly #random: () => string;
  #session: Session | undefined;
  #count = 0;

  /** `random` gives client nonces; the default is 16 random bytes in hexadecimal. */
  constructor(credentials: DigestCredentials, random?: () => string) {
    this.#credentials = credentials;
    this.#random = random ?? (() => loadCrypto().randomBytes(16).toString("hex"));
  }

  /**
   * Takes the best of the challenges. False when none can be answered, or when the answer would be no other than the
   * one just refused: the credentials are wrong then. `answered`: whether the refused request had an answer of ours.
   */
  challenged(challenges: readonly Challenge[], answered: boolean): boolean {
    const best = bestOf(challenges);
    if (best === undefined) return false;
    const { parameters } = best;
    // A server says `stale` where only the nonce is too old; some forget to, so a nonce that was good before is too.
    const stale = parameters.get("stale")?.toLowerCase() === "true" || this.#count > 1;
    if (answered && !stale && this.#session?.realm === parameters.get("realm")) return false;
    const algorithm = parameters.get("algorithm");
    this.#count = 0;
    this.#session = {
      realm: parameters.get("realm") ?? "",
      nonce: parameters.get("nonce") ?? "",
      echoed: ["realm", "nonce", "opaque"].flatMap((name) => {
        const text = best.quoted.get(name);
        return text === undefined ? [] : [`${name}="${text}"`];
      }),
      algorithm,
      hash: best.hash,
      session: /-sess$/i.test(algorithm ?? ""),
      qop: parameters.has("qop"),
      hashesUsername: parameters.get("userhash")?.toLowerCase() === "true",
      cnonce: this.#random(),
    };
    return true;
  }

  /** Takes the nonce for the next request, where an `Authentication-Info` field names one (RFC 7616 §3.5). */
  informed(info: string): void {
    const nonce = parseChallenges([`Digest ${info}`])[0]?.parameters.get("nextnonce");
    if (nonce === undefined || this.#session === undefined || nonce === this.#session.nonce) return;
    const echoed = this.#session.echoed.map((text) =>
      text.startsWith("nonce=") ? `nonce=${quote(nonce)}` : text,
    );
    this.#session = { ...this.#session, nonce, echoed, cnonce: this.#random() };
    this.#count = 0;
  }

  /** The value of the `Authorization` field for a request; undefined before any challenge. */
  answer(method: string, uri: string): string | undefined {
    const session = this.#session;
    if (session === undefined) return undefined;
    const { realm, nonce, cnonce, hash, qop } = session;
    const username = bytesOf(this.#credentials.username);
    const password = bytesOf(this.#credentials.password);
    const digest = (text: string): string =>
      loadCrypto().createHash(hash).update(text, "latin1").digest("hex");
    this.#count += 1;
    const count = this.#count.toString(16).padStart(8, "0");
    const base = digest(`${username}:${realm}:${password}`);
    const secret = session.session ? digest(`${base}:${nonce}:${cnonce}`) : base;
    const what = digest(`${method}:${uri}`);
    const response = digest(
      qop ? `${secret}:${nonce}:${count}:${cnonce}:auth:${what}` : `${secret}:${nonce}:${what}`,
    );
    const name = session.hashesUsername ? digest(`${username}:${realm}`) : username;
    const parts = [`username=${quote(name)}`, ...session.echoed, `uri=${quote(uri)}`];
    if (session.algorithm !== undefined) parts.push(`algorithm=${session.algorithm}`);
    if (qop) parts.push("qop=auth", `nc=${count}`, `cnonce=${quote(cnonce)}`);
    else if (session.session) parts.push(`cnonce=${quote(cnonce)}`);
    parts.push(`response=${quote(response)}`);
    if (session.hashesUsername) parts.push("userhash=true");
    return `Digest ${parts.join(", ")}`;
  }
}

function bestOf(challenges: readonly Challenge[]): (Challenge & { readonly hash: string }) | undefined {
  let best: (Challenge & { readonly hash: string }) | undefined;
  let bestRank = Number.POSITIVE_INFINITY;
  for (const challenge of challenges) {
    const { scheme, parameters } = challenge;
    if (scheme !== "digest" || !parameters.has("nonce")) continue;
    const qop = parameters.get("qop");
    // `auth-int` alone would mean hashing the body before it is sent.
    if (
      qop !== undefined &&
      !qop
        .toLowerCase()
        .split(/[\s,]+/)
        .includes("auth")
    )
      continue;
    const algorithm = (parameters.get("algorithm") ?? "MD5").toUpperCase().replace(/-SESS$/, "");
    const rank = ALGORITHMS.findIndex(([name]) => name === algorithm);
    if (rank < 0 || rank >= bestRank) continue;
    bestRank = rank;
    best = { ...challenge, hash: (ALGORITHMS[rank] as readonly [string, string])[1] };
  }
  return best;
}

/** Text as its bytes in UTF-8, each a character, as fields are. */
function bytesOf(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
