/** A request body, wherever it comes from. */
export interface BodySource {
  /** Bytes, when they are known before the body is read. */
  readonly length: number | undefined;
  /** What `Content-Type` is when the caller gives none. */
  readonly contentType: string | undefined;
  /** Whether {@link open} may be called again: for a redirect or a retry. */
  readonly replayable: boolean;
  /**
   * The whole body, when it is in memory already: it may go out with the head in one write. A string is to be
   * sent as UTF-8; it is ASCII, and can be written as latin1, when its `length` is that of the source.
   */
  readonly small: string | Uint8Array | undefined;
  /**
   * The body's chunks, never an empty one. Ending the iterator early (`return`) closes what is behind it.
   * @throws TypeError when the body is not replayable and was opened before.
   */
  open(): AsyncIterator<Uint8Array, undefined, undefined>;
  /** Closes a stream that will not be read (further), once; the others have nothing to close. Never rejects. */
  cancel(reason?: unknown): Promise<void>;
}
