export { findSurplus, IdleSet, learnFromEnd, learnFromSuccess, toleratedIdleAge } from "./idle-set.js";
