import {
  BODY_CHUNKED,
  BODY_LENGTH,
  BODY_NONE,
  BODY_UNTIL_CLOSE,
  ChunkedDecoder,
  ResponseHeadParser,
} from "../http1/index.js";

/** What a response's head says, as far as connections are concerned. */
export interface ResponseFacts {
  readonly status: number;
  readonly minorVersion: number;
  readonly saidClose: boolean;
  /** The connection may carry another exchange after this response. */
  readonly keepAlive: boolean;
  /** The body ends with the connection. */
  readonly untilClose: boolean;
  /** Milliseconds, of `Keep-Alive: timeout`. */
  readonly announcedIdleLimit: number | undefined;
  /** No request was waiting for it. */
  readonly unasked: boolean;
}

export interface ResponseEvents {
  /** A final response's head has come. */
  responseStarted(facts: ResponseFacts): void;
  responseBytes(count: number): void;
  responseEnded(): void;
  /** 101: from here on the connection speaks something else. */
  upgraded(): void;
}

const MAX_HEAD = 1_048_576;

/** Follows the responses in a stream of bytes, told of the requests they answer. No I/O. */
export class ResponseFollower {
  /** The bytes are no longer understood. */
  opaque = false;
  readonly #events: ResponseEvents;
  readonly #parser = new ResponseHeadParser(MAX_HEAD);
  readonly #chunked = new ChunkedDecoder();
  readonly #methods: string[] = [];
  #state: "between" | "head" | "length" | "chunked" | "until-close" = "between";
  #remaining = 0;
  #unasked = false;

  constructor(events: ResponseEvents) {
    this.#events = events;
  }

  /** A request of this method was sent. */
  expect(method: string): void {
    this.#methods.push(method);
  }

  /** Requests whose final response has not begun. */
  get awaited(): number {
    return this.#methods.length;
  }

  /** Whether a response has begun and not ended. */
  get inside(): boolean {
    return this.#state !== "between";
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.opaque) {
      try {
        at = this.#step(chunk, at);
      } catch {
        // The client will judge it; whoever looks on only stops to understand.
        this.opaque = true;
      }
    }
  }

  /** The stream is over: so is a body that ends with it. */
  end(): void {
    if (this.#state !== "until-close") return;
    this.#state = "between";
    this.#events.responseEnded();
  }

  #step(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case "between":
        this.#unasked = this.#methods.length === 0;
        this.#parser.begin(this.#methods[0] ?? "GET");
        this.#state = "head";
        return at;
      case "head":
        return this.#head(chunk, at);
      case "length": {
        const taken = Math.min(this.#remaining, chunk.length - at);
        this.#remaining -= taken;
        this.#events.responseBytes(taken);
        if (this.#remaining === 0) this.#ended();
        return at + taken;
      }
      case "chunked": {
        const end = this.#chunked.decode(chunk, at, chunk.length, (_buffer, from, to) =>
          this.#events.responseBytes(to - from),
        );
        if (this.#chunked.done) this.#ended();
        return end;
      }
      default:
        this.#events.responseBytes(chunk.length - at);
        return chunk.length;
    }
  }

  #head(chunk: Buffer, at: number): number {
    const parser = this.#parser;
    const end = parser.parse(chunk, at, chunk.length);
    if (end < 0) return chunk.length;
    if (parser.informational) return end;
    this.#methods.shift();
    if (parser.status === 101) {
      this.opaque = true;
      this.#events.upgraded();
      return end;
    }
    const untilClose = parser.bodyKind === BODY_UNTIL_CLOSE;
    this.#events.responseStarted({
      status: parser.status,
      minorVersion: parser.minorVersion,
      saidClose: parser.saidClose,
      keepAlive: parser.keepAlive && !untilClose,
      untilClose,
      announcedIdleLimit: parser.keepAliveTimeout > 0 ? parser.keepAliveTimeout * 1000 : undefined,
      unasked: this.#unasked,
    });
    if (parser.bodyKind === BODY_NONE || (parser.bodyKind === BODY_LENGTH && parser.contentLength === 0)) {
      this.#ended();
    } else if (parser.bodyKind === BODY_LENGTH) {
      this.#remaining = parser.contentLength;
      this.#state = "length";
    } else if (parser.bodyKind === BODY_CHUNKED) {
      this.#chunked.reset();
      this.#state = "chunked";
    } else {
      this.#state = "until-close";
    }
    return end;
  }

  #ended(): void {
    this.#state = "between";
    this.#events.responseEnded();
  }
}
