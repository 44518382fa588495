import type { Decision, DialFate } from "../trace/index.js";
import { inShort } from "./names.js";

/** A decision in a sentence. */
export function decisionSentence(decision: Decision): string {
  const limited =
    decision.limitedBy === undefined
      ? ""
      : ` because ${decision.limitedBy} (${String(decision.limits[decision.limitedBy])}) was reached`;
  const waited =
    decision.waited === undefined ? "" : ` after ${decision.waited.toFixed(1)} ms of waiting${limited}`;
  const { dial } = decision;
  if (decision.connection === 0) {
    const failed = dial === undefined ? "" : `; its dial, connection ${dial.connection}, ${FATES[dial.fate]}`;
    return `Request ${decision.exchange} got no connection${failed}.`;
  }
  const shared =
    decision.coalesced === undefined
      ? ""
      : ` to ${decision.coalesced}, which its origin shares (http2.coalesce)`;
  const on = `Request ${decision.exchange} went out on connection ${decision.connection}${shared}`;
  const facts = decision.candidates.find((candidate) => candidate.verdict === "taken")?.facts ?? {};
  const could =
    decision.couldHaveReused === undefined
      ? ""
      : ` What would have avoided the dial: ${decision.couldHaveReused}.`;
  if (dial?.fate === "served-it") {
    return `${on}, dialed for it because ${inShort("dial", dial.reason)} (${dial.reason})${waited}.${could}`;
  }
  const other =
    dial === undefined
      ? ""
      : ` Connection ${dial.connection}, dialed for it (${dial.reason}), ${FATES[dial.fate]}.`;
  const idle = facts["idleFor"];
  const streams = facts["streams"];
  const others = typeof streams === "number" && streams > 1 ? streams - 1 : 0;
  const how =
    others > 0
      ? `, which carried ${others} ${others === 1 ? "other request" : "others"} at the time`
      : !decision.reused
        ? ", which had been dialed for another request"
        : typeof idle === "number" && idle > 0
          ? `, which had been idle for ${idle.toFixed(1)} ms`
          : ", which another request had just finished with";
  return `${on}${how}${waited}.${other}${dial === undefined ? "" : could}`;
}

const FATES: Readonly<Record<DialFate, string>> = {
  "served-it": "served it",
  "served-another": "served another request",
  "went-idle": "was kept idle for the next request",
  failed: "failed",
  cancelled: "was abandoned",
  pending: "is still being made",
};
