import { BODY_UNTIL_CLOSE, BodyDecoder, ResponseHeadParser } from "../http1/index.js";

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

/** Follows the responses in a stream of bytes, given the requests they answer. No I/O. */
export class ResponseFollower {
  /** The bytes are no longer understood. */
  opaque = false;
  readonly #events: ResponseEvents;
  readonly #parser = new ResponseHeadParser(MAX_HEAD);
  readonly #body = new BodyDecoder();
  readonly #methods: string[] = [];
  #state: "between" | "head" | "body" = "between";
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
    if (this.#state === "body" && this.#body.kind === BODY_UNTIL_CLOSE) this.#ended();
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
      default: {
        const end = this.#body.decode(chunk, at, chunk.length, (_buffer, from, to) =>
          this.#events.responseBytes(to - from),
        );
        if (this.#body.done) this.#ended();
        return end;
      }
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
    this.#body.begin(parser.bodyKind, parser.contentLength);
    if (this.#body.done) this.#ended();
    else this.#state = "body";
    return end;
  }

  #ended(): void {
    this.#state = "between";
    this.#events.responseEnded();
  }
}
