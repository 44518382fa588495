export { Clock, type Expiring } from "./clock.js";
export { DnsWatch } from "./dns-watch.js";
export { Farewell } from "./farewell.js";
export { IdleFloor } from "./idle-floor.js";
export { RetryPauses } from "./retry-pauses.js";
