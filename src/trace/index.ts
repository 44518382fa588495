export type { CloseCause, ClosedBy, CloseReason, DialReason } from "./reasons.js";
