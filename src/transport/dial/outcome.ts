import { codeOf } from "../../errors/index.js";

/** What an error says, or the value itself in words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The outcome of one attempt that ended with `error`: a word where there is one, else the system's code. */
export function outcomeOf(error: unknown): string {
  const code = codeOf(error);
  switch (code) {
    case "ECONNREFUSED":
      return "refused";
    case "ECONNRESET":
    case "EPIPE":
      return "reset";
    case "ETIMEDOUT":
      return "timed-out";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
    case "ENETDOWN":
      return "unreachable";
    default:
      return code === "" ? "failed" : code;
  }
}
