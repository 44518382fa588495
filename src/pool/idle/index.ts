export { findSurplus } from "./idle-caps.js";
export { IdleSet } from "./idle-set.js";
export { learnFromEnd, learnFromSuccess, toleratedIdleAge } from "./learning.js";
