export interface DecodeLimits {
  readonly maxBytes: number;
  readonly maxRatio: number;
  /** Whether a body with a coding that is not known is handed on as it is, as by fetch; else it is refused. */
  readonly passUnknown: boolean;
}
