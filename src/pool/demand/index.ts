export { planDial } from "./dial-reason.js";
export { DialTurns } from "./dial-turns.js";
export { Waiting } from "./waiting.js";
