export { attach } from "./attach.js";
export { type Gathered, OLDEST_NODE } from "./gather.js";
export { ownersText } from "./owners-text.js";
export { reportPage } from "./report-page.js";
export { readFolder, systemOf, WatchFolder } from "./watch-folder.js";
