export { type Gathered, OLDEST_NODE } from "./gather.js";
export { ownersText } from "./owners-text.js";
export { type PageSubject, reportPage } from "./report-page.js";
export { WatchFolder } from "./watch-folder.js";
