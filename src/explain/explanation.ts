/** What a name means, in sentences; the one source of the docs, the reports and the command line. */
export interface Explanation {
  readonly meaning: string;
  /** The usual cause. */
  readonly cause: string;
  readonly remedy: string;
}

/** All the words on a reason. */
export interface ReasonWords extends Explanation {
  /** Why, in a clause that can stand after "closed:" or "opened because". */
  readonly short: string;
  /** What would have saved the dial that it led to, where one thing would. */
  readonly saved?: string;
}
