export interface DecodeLimits {
  readonly maxBytes: number;
  /** Decoded bytes for each coded one, once past 1 MiB. */
  readonly maxRatio: number;
  /** The same once past 32 MiB. */
  readonly maxLargeRatio: number;
  /** Whether a body with a coding that is not known is handed on as it is, as by fetch; else it is refused. */
  readonly passUnknown: boolean;
}
