export { type Gathered, OLDEST_NODE } from "./gather.js";
export { type PageSubject, reportPage } from "./report-page.js";
export { WatchFolder } from "./watch-folder.js";
