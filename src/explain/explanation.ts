/** What a name means, in sentences; the docs, reports and command line all use them. */
export interface Explanation {
  /** What it means. */
  readonly meaning: string;
  /** The usual cause. */
  readonly cause: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** All the words on a reason. */
export interface ReasonWords extends Explanation {
  /** Why, in a clause that can stand after "closed:" or "opened because". */
  readonly short: string;
  /** What would have saved the dial that it led to, where one thing would. */
  readonly saved?: string;
}
