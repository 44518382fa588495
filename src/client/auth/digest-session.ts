import type { Hash } from "node:crypto";
import { parseChallenges } from "./challenges.js";

interface Crypto {
  createHash(name: string): Hash;
  randomBytes(size: number): Buffer;
}

// Loaded when a server asks: nobody else needs it.
const crypto = (): Crypto => process.getBuiltinModule("node:crypto");

const HASHES: Readonly<Record<string, "md5" | "sha256">> = { md5: "md5", "sha-256": "sha256" };

/** What one challenge allows: its nonce, and how often it was used. */
export class DigestSession {
  readonly hash: "md5" | "sha256";
  /** The nonce before was only too old. */
  readonly stale: boolean;
  readonly #parameters: ReadonlyMap<string, string>;
  readonly #username: string;
  readonly #password: string;
  readonly #session: boolean;
  /** With `-sess` the key is bound to the first one, so it stays; else there is a new one for each request. */
  #cnonce: string | undefined;
  #nonce: string;
  #count = 0;

  private constructor(
    hash: "md5" | "sha256",
    session: boolean,
    parameters: ReadonlyMap<string, string>,
    username: string,
    password: string,
  ) {
    this.hash = hash;
    this.#session = session;
    this.#parameters = parameters;
    this.#nonce = parameters.get("nonce") as string;
    this.stale = parameters.get("stale")?.toLowerCase() === "true";
    this.#username = username;
    this.#password = password;
  }

  /** `undefined` for a challenge this client cannot answer: another algorithm, `auth-int` alone, no nonce. */
  static of(
    parameters: ReadonlyMap<string, string>,
    username: string,
    password: string,
  ): DigestSession | undefined {
    const algorithm = (parameters.get("algorithm") ?? "MD5").toLowerCase();
    const session = algorithm.endsWith("-sess");
    const hash = HASHES[session ? algorithm.slice(0, -"-sess".length) : algorithm];
    const qop = parameters.get("qop");
    if (hash === undefined || !parameters.has("nonce")) return undefined;
    if (qop !== undefined && !qop.split(",").some((one) => one.trim().toLowerCase() === "auth"))
      return undefined;
    return new DigestSession(hash, session, parameters, username, password);
  }

  /** The value of `Authorization` for one more request (RFC 7616 §3.4). */
  authorization(method: string, uri: string): string {
    const { hash } = this;
    const parameters = this.#parameters;
    const realm = parameters.get("realm") ?? "";
    const nonce = this.#nonce;
    const withQop = parameters.has("qop");
    const cnonce = (this.#session ? this.#cnonce : undefined) ?? crypto().randomBytes(16).toString("hex");
    this.#cnonce = cnonce;
    const count = (++this.#count).toString(16).padStart(8, "0");
    let key = digest(hash, `${asBytes(this.#username)}:${realm}:${asBytes(this.#password)}`);
    if (this.#session) key = digest(hash, `${key}:${nonce}:${cnonce}`);
    const what = digest(hash, `${method}:${uri}`);
    const response = digest(
      hash,
      withQop ? `${key}:${nonce}:${count}:${cnonce}:auth:${what}` : `${key}:${nonce}:${what}`,
    );
    const fields = [
      this.#user(realm),
      `realm=${quoted(realm)}`,
      `nonce=${quoted(nonce)}`,
      `uri=${quoted(uri)}`,
      `response="${response}"`,
    ];
    const algorithm = parameters.get("algorithm");
    if (algorithm !== undefined) fields.push(`algorithm=${algorithm}`);
    if (withQop) fields.push("qop=auth", `nc=${count}`, `cnonce="${cnonce}"`);
    else if (this.#session) fields.push(`cnonce="${cnonce}"`);
    const opaque = parameters.get("opaque");
    if (opaque !== undefined) fields.push(`opaque=${quoted(opaque)}`);
    if (parameters.get("userhash")?.toLowerCase() === "true") fields.push("userhash=true");
    return `Digest ${fields.join(", ")}`;
  }

  /** Takes the nonce for the next request, where the server names one (`Authentication-Info`). */
  follow(info: string | null): void {
    if (info === null) return;
    const next = parseChallenges(`Digest ${info}`)[0]?.parameters.get("nextnonce");
    if (next === undefined || next === this.#nonce) return;
    this.#nonce = next;
    this.#count = 0;
    this.#cnonce = undefined;
  }

  #user(realm: string): string {
    if (this.#parameters.get("userhash")?.toLowerCase() === "true") {
      return `username="${digest(this.hash, `${asBytes(this.#username)}:${realm}`)}"`;
    }
    // Beyond ASCII the plain form has no agreed encoding (RFC 7616 §3.4).
    return /^[\x20-\x7e]*$/.test(this.#username)
      ? `username=${quoted(this.#username)}`
      : `username*=UTF-8''${encodeURIComponent(this.#username)}`;
  }
}

function digest(hash: string, text: string): string {
  return crypto().createHash(hash).update(text, "latin1").digest("hex");
}

/** A character for each byte of its UTF-8, as field values have it. */
function asBytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
