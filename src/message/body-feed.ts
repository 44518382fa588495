/** Where a body's bytes come from: a connection, a stream. */
export interface BodyFeed {
  /** More bytes may be pushed. */
  resume(): void;
  /** The consumer wants no more. Resolves when the feed has let go. */
  cancel(reason: unknown): Promise<void>;
}

/** A stream over a body, which is told when no more bytes will come, whether or not somebody reads. */
export interface BodyWatcher {
  settled(): void;
}

/** A consumer that gives the memory which a body is read into, and uses it again. */
export interface BodySink {
  /** Where the next read should go; `undefined` for anywhere. It is asked after each read. */
  target(): Buffer | undefined;
  /** Takes bytes, which lie in what `target` gave last, or in memory that will be overwritten. */
  write(buffer: Buffer, start: number, end: number): void;
  readonly wantsMore: boolean;
  end(): void;
  fail(error: unknown): void;
}
