import type { CloseReason, DialReason } from "../trace/index.js";
import type { Explanation, ReasonWords } from "./explanation.js";
import { CLOSE_REASONS } from "./names-close.js";
import { DIAL_REASONS } from "./names-dial.js";
import { FINDING_KINDS } from "./names-finding.js";

/** A name, what it is the name of, and its explanation. */
export interface NamedExplanation extends Explanation {
  /** The name of the reason or finding. */
  readonly name: string;
  /** Whether it is a reason to dial, a reason to close, or a finding. */
  readonly of: "dial" | "close" | "finding";
  /** How sure a finding is; absent for reasons. */
  readonly certainty?: string;
}

/** Explains a reason to dial, a reason to close (some names are both) or a finding. Empty when the name is unknown. */
export function explainName(name: string): NamedExplanation[] {
  return allNames().filter((one) => one.name === name);
}

/** Every name there is, in the order of the docs. */
export function allNames(): NamedExplanation[] {
  return [
    ...Object.entries(DIAL_REASONS).map(([name, words]) => named(name, "dial", words)),
    ...Object.entries(CLOSE_REASONS).map(([name, words]) => named(name, "close", words)),
    ...Object.entries(FINDING_KINDS).map(([name, words]) => ({ name, of: "finding" as const, ...words })),
  ];
}

function named(name: string, of: "dial" | "close", words: ReasonWords): NamedExplanation {
  const { meaning, cause, remedy } = words;
  return { name, of, meaning, cause, remedy };
}

/** One sentence, without its end, to stand in a list. */
export function inShort(of: "dial" | "close", name: string): string {
  const words = of === "dial" ? DIAL_REASONS[name as DialReason] : CLOSE_REASONS[name as CloseReason];
  return words?.short ?? name;
}

/** What would have saved a dial of this reason; `lost`: why the connection that it stands in for was closed. */
export function savedBy(reason: DialReason, lost: CloseReason | undefined): string | undefined {
  return (lost === undefined ? undefined : savedIn(CLOSE_REASONS[lost])) ?? savedIn(DIAL_REASONS[reason]);
}

function savedIn(words: ReasonWords): string | undefined {
  return Object.hasOwn(words, "saved") ? words.saved : undefined;
}
