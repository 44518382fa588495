/** What a validated header list says about the exchange. */
interface RequestHeaderFacts {
  /** The list asks for the connection to end with this exchange. */
  readonly close: boolean;
  /** The declared Content-Length, -1 when there is none. */
  readonly contentLength: number;
  /** `Expect: 100-continue` is in the list. */
  readonly expectContinue: boolean;
  /** `Connection: upgrade` and an Upgrade field are in the list. */
  readonly upgrade: boolean;
}

/**
 * Checks a request method. Any token is one (RFC 9110 §9.1); its case is significant and kept.
 *
 * @throws TypeError
 */
export function validateMethod(method: string): void {
  if (!isToken(method))
    throw new TypeError(`The method ${quote(method)} is not a valid HTTP token, such as GET`);
}

/**
 * Checks a header list (name, value, name, value, …) before anything is dialed: names are tokens, values hold no
 * CR, LF, NUL or other control byte and no character beyond latin1, and nothing contradicts the framing, which is
 * this client's to decide (RFC 9112 §6). `bodyLength` is the body's length in bytes, 0 without one, -1
 * while it is not known.
 *
 * @throws TypeError that names the offending header.
 */
export function validateRequestHeaders(headers: readonly string[], bodyLength: number): RequestHeaderFacts {
  const facts = new Facts(bodyLength);
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1];
    if (!headerNames.accept(name))
      throw new TypeError(`The header name ${quote(name)} is not a valid HTTP token`);
    if (typeof value !== "string") throw new TypeError(`Header ${name} has no value`);
    if (!isFieldValue(value)) {
      throw new TypeError(
        `The value of the header ${name} contains a control character (such as CR, LF or NUL) or a character outside Latin-1`,
      );
    }
    if (MATTERING.has(lengthAndInitial(name))) facts.add(name, value);
  }
  facts.judge();
  return facts;
}

// On strings the engine's regular expressions are twice as fast as a loop over character codes.
const NOT_IN_TOKEN = /[^!#$%&'*+.^_`|~0-9A-Za-z-]/;
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** Whether the text is a token (RFC 9110 §5.6.2), as methods and field names are. */
export function isToken(text: string): boolean {
  return text !== "" && !NOT_IN_TOKEN.test(text);
}

/** Whether every character is one that a field value may hold (RFC 9110 §5.5); each becomes one byte. */
export function isFieldValue(text: string): boolean {
  return !NOT_IN_VALUE.test(text);
}

const REMEMBERED_NAMES = 512;
const REMEMBERED_LENGTH = 64;

/**
 * Checks names, and remembers the first 512 of at most 64 characters: a program sends the same few over and over, and
 * looking one up costs a third of checking it.
 */
export class KnownNames {
  readonly #names = new Set<string>();

  get size(): number {
    return this.#names.size;
  }

  /** Whether it is a token. */
  accept(name: string): boolean {
    if (this.#names.has(name)) return true;
    if (!isToken(name)) return false;
    if (this.#names.size < REMEMBERED_NAMES && name.length <= REMEMBERED_LENGTH) this.#names.add(name);
    return true;
  }
}

const headerNames = new KnownNames();

/** Length and initial of the names that {@link Facts} knows: others are not even lowered. */
const MATTERING = new Set(
  [
    "te",
    "host",
    "expect",
    "upgrade",
    "connection",
    "keep-alive",
    "content-length",
    "proxy-connection",
    "transfer-encoding",
  ].map(lengthAndInitial),
);

/** One number for both, the same for a letter in either case. */
function lengthAndInitial(name: string): number {
  return (name.length << 8) | name.charCodeAt(0) | 0x20;
}

class Facts implements RequestHeaderFacts {
  close = false;
  contentLength = -1;
  #host = false;
  expectContinue = false;
  upgrade = false;
  readonly #bodyLength: number;
  #upgradeTo = false;
  #te = false;
  #connectionTe = false;

  constructor(bodyLength: number) {
    this.#bodyLength = bodyLength;
  }

  add(name: string, value: string): void {
    switch (name.toLowerCase()) {
      case "host":
        this.#addHost(name, value);
        break;
      case "content-length":
        this.#addLength(name, value);
        break;
      case "transfer-encoding":
        throw new TypeError(`Header ${name} cannot be set by hand: the body decides its own framing`);
      case "connection":
        for (const token of value.split(",")) this.#addConnection(name, token.trim().toLowerCase());
        break;
      case "upgrade":
        this.#upgradeTo = true;
        break;
      case "te":
        if (value.trim().toLowerCase() !== "trailers") {
          throw new TypeError(`Header ${name} may only be "trailers": no other transfer coding is supported`);
        }
        this.#te = true;
        break;
      case "expect":
        if (value.trim().toLowerCase() !== "100-continue") {
          throw new TypeError(`Header ${name} may only be "100-continue": no other value is defined`);
        }
        this.expectContinue = true;
        break;
      case "keep-alive":
      case "proxy-connection":
        throw new TypeError(`Header ${name} cannot be set by hand: the transport's options control reuse`);
    }
  }

  /** What only the whole list can tell. */
  judge(): void {
    if (this.upgrade && !this.#upgradeTo) {
      throw new TypeError('Header Connection says "upgrade", but no Upgrade header names the protocol.');
    }
    if (this.#upgradeTo && !this.upgrade) {
      throw new TypeError('Header Upgrade also needs "Connection: upgrade".');
    }
    if (this.#connectionTe && !this.#te) {
      throw new TypeError('Header Connection says "te", but there is no TE header.');
    }
  }

  #addHost(name: string, value: string): void {
    if (this.#host) throw new TypeError(`Header ${name} appears twice; a request may have only one`);
    // Whitespace, a path or user information in it would let two parsers see two hosts.
    // What is not ASCII is a line end to some (0x85), and no host to anybody.
    if (/[^\x21-\x7e]|[/\\?#@,]/.test(value))
      throw new TypeError(`Header ${name} has the value ${quote(value)}, which is not a valid host`);
    this.#host = true;
  }

  #addLength(name: string, value: string): void {
    if (this.contentLength >= 0)
      throw new TypeError(`Header ${name} appears twice; a request may have only one`);
    const length = /^[0-9]+$/.test(value) ? Number(value) : Number.NaN;
    if (!Number.isSafeInteger(length)) {
      throw new TypeError(`Header ${name} has the value ${quote(value)}, which is not a length in bytes`);
    }
    if (this.#bodyLength >= 0 && length !== this.#bodyLength) {
      throw new TypeError(`Header ${name} says ${length} bytes, but the body has ${this.#bodyLength}`);
    }
    this.contentLength = length;
  }

  #addConnection(name: string, token: string): void {
    if (token === "close") this.close = true;
    else if (token === "upgrade") this.upgrade = true;
    else if (token === "te") this.#connectionTe = true;
    else if (token !== "keep-alive" && token !== "") {
      throw new TypeError(
        `Header ${name} contains ${quote(token)}; only close, keep-alive, and upgrade or te with their headers are supported`,
      );
    }
  }
}

const QUOTED_LENGTH = 40;

function quote(text: string): string {
  return JSON.stringify(text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}…` : text);
}
