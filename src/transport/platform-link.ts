import { inheritFromPlatform, linkHeadersToPlatform, Request, Response } from "../message/index.js";
import type { Runtime } from "../runtime/index.js";

let linked = false;

/**
 * Makes our classes `instanceof` the platform's while the first response is under way, when the 20 ms it takes
 * to load those are spent waiting anyway.
 */
export function linkPlatform(runtime: Runtime): void {
  if (linked) return;
  linked = true;
  runtime.setImmediate(() => {
    inheritFromPlatform("Response", Response);
    inheritFromPlatform("Request", Request);
    linkHeadersToPlatform();
  });
}
