import { grouped, plural } from "../render/index.js";
import { type GoResult, goConnections, goNames } from "./go.js";
import { REQUESTS, type ScenarioResult } from "./scenario.js";

/** The most at once that was measured: where the differences show. */
const MOST = 100;

/** The founding question's answer in three sentences, each with the numbers just measured. */
export function answer(results: readonly ScenarioResult[], go: GoResult): string {
  const here = (name: string): ScenarioResult | undefined =>
    results.find(
      (result) => result.client === "trunkline" && result.name === name && result.concurrency === MOST,
    );
  const count = (name: string): string => grouped(here(name)?.connections ?? 0);
  const inGo = (name: string): string => grouped(goConnections(go, name, MOST) ?? 0);
  const when = go.measured ? "measured beside it just now" : "stored figures";
  const cancelled = here("large bodies cancelled");
  return [
    `No, a client per task does not close connections: ${grouped(REQUESTS)} POSTs, ${MOST} at once, took ` +
      `${plural(here("new client each")?.connections ?? 0, "connection")} with a new Client each and ` +
      `${count("one shared client")} with one shared Client, because both use the same Transport.`,
    `Nor does sharing a client help by itself: Go (${go.version}, ${when}) opened ${inGo(goNames.clientEach)} with a client each and ` +
      `${inGo(goNames.shared)} with one shared client, because it keeps only two idle connections per host (with ` +
      `MaxIdleConnsPerHost=100 it opened ${inGo(goNames.idleCap100)}), and the same cap of two made ` +
      `${count("shared, idle cap 2")} here.`,
    `What costs a connection for each request is a transport per request (${count("new transport each")} here, ` +
      `${inGo(goNames.transportEach)} in Go) and bodies left unread (${inGo(goNames.unread)} in Go when closed unread; here ` +
      `${grouped(cancelled?.connections ?? 0)} for ${grouped(cancelled?.requests ?? 0)} cancelled ones of 1 MiB, while small ones ` +
      `cost nothing), so keep one transport, read or close every body, and let the idle cap cover your concurrency.`,
  ].join(" ");
}
