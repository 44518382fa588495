export { fileSystem, openPrivate } from "./file-system.js";
export { frames } from "./frames.js";
export { bare, givenMembers, ownMembers } from "./members.js";
export { nearestName, spellingHint } from "./nearest-name.js";
export { microtask, nextTick, nextTurn, nodeRuntime } from "./node-runtime.js";
export type { LookupFunction, Runtime, RuntimeTimer, SocketOptions } from "./runtime.js";
export { type Timed, TimerHeap } from "./timer-heap.js";
