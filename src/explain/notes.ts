import { plural, seconds } from "../errors/index.js";
import type { Facts, OriginFacts } from "./facts.js";
import { inShort } from "./names.js";
import type { Finding, FindingKind, OriginReport } from "./report.js";
import { percent, ranked } from "./words.js";

/** Fewer requests than this to an origin say nothing about reuse. */
const ENOUGH = 10;
const LITTLE_REUSE = 0.5;
/** Notes shown; a crawler has thousands of origins. */
const MAX = 20;

/** Findings that say why requests failed. */
const OF_FAILURES: ReadonlySet<FindingKind> = new Set([
  "dial-failures",
  "stale-retries",
  "idle-timeout-race",
  "server-hangs-up",
  "server-restarts",
  "network-forgets-idle",
  "process-stood-still",
  "client-timeouts",
  "head-over-limit",
  "protocol-errors",
  "upload-unfinished",
  "unbounded-burst",
  "server-resets",
]);

/** What was lost where no finding says why: a sentence each. */
export function notesOf(
  all: Facts,
  origins: readonly OriginReport[],
  findings: readonly Finding[],
): string[] {
  const notes: string[] = [];
  // What is found of the whole program is about each of its origins.
  const about = (origin: string): Finding[] =>
    findings.filter((one) => one.origin === undefined || one.origin === origin);
  for (const one of origins) {
    if (one.requests <= ENOUGH || one.reuse >= LITTLE_REUSE || about(one.origin).some(losesConnections))
      continue;
    const closed = ranked(one.closed).slice(0, 3);
    const how =
      closed.length === 0
        ? "none of them was seen to close"
        : `closed because ${closed.map(([reason, count]) => `${inShort("close", reason)} (${reason}, ${count} ×)`).join("; ")}`;
    const aborted = one.closed.aborted ?? 0;
    if (aborted >= one.connections / 2) {
      notes.push(
        `${one.origin}: ${plural(one.connections, "connection")} for ${plural(one.requests, "request")}, because the program cancelled ${plural(aborted, "request")}: HTTP/1.1 can only cancel by closing the connection.`,
      );
      continue;
    }
    // Over HTTP/2 a connection carries many at once.
    const atOnce = one.protocols?.h2 === undefined ? mostDemand(all, one.origin) : 0;
    if (atOnce > 0 && atOnce >= one.connections / 2) {
      notes.push(
        `${one.origin}: ${plural(one.connections, "connection")} for ${plural(one.requests, "request")}, because up to ${atOnce} requests came at once, each on its own connection; too few followed to reuse them.`,
      );
      continue;
    }
    notes.push(
      `${one.origin}: ${plural(one.connections, "connection")} for ${plural(one.requests, "request")}, ${percent(one.reuse)} reuse; ${how}. The cause is not known.`,
    );
  }
  for (const facts of all.origins) {
    const note = failureNote(facts);
    if (note !== undefined && !about(facts.origin).some(({ kind }) => OF_FAILURES.has(kind)))
      notes.push(note);
    const { waiting = 0, dialing = 0 } = facts.counts;
    if (waiting > 0 && about(facts.origin).length === 0)
      notes.push(
        `${facts.origin}: ${plural(waiting, "request")} had no answer yet${dialing === 0 ? "" : `, and ${plural(dialing, "connection")} to it ${dialing === 1 ? "was" : "were"} still being made`}.`,
      );
    const redirects = facts.counts.redirectBodies ?? 0;
    if (redirects >= 3)
      notes.push(
        `${facts.origin}: ${plural(redirects, "connection")} closed by the package that follows redirects, which drops their bodies: there is nothing for you to read. If you know the final address, request it directly.`,
      );
  }
  const passedOn = all.origins.reduce((sum, { counts }) => sum + (counts.passedOn ?? 0), 0);
  if (passedOn > 0)
    notes.push(
      `${plural(passedOn, "connection")} made by an interceptor (msw or similar) for ${passedOn === 1 ? "a request that it" : "requests that it"} let through: without it your own agent would be used.`,
    );
  const mocked = all.origins.reduce((sum, { counts }) => sum + (counts.mocked ?? 0), 0);
  if (mocked > 0)
    notes.push(
      `${plural(mocked, "request")} answered inside the program (by msw, nock or similar): no connection was made for ${mocked === 1 ? "it" : "them"}.`,
    );
  for (const { stoodStillMs = 0, busyMs = 0 } of all.processes ?? []) {
    if (stoodStillMs > 0)
      notes.push(
        `The process was paused for ${seconds(stoodStillMs)} in total (stopped, or the machine slept).`,
      );
    if (busyMs > 0)
      notes.push(`The program's own code blocked the event loop for ${seconds(busyMs)} in total.`);
  }
  return notes.slice(0, MAX);
}

function mostDemand({ origins }: Facts, origin: string): number {
  return Math.max(0, ...origins.map((one) => (one.origin === origin ? (one.most.demandAtOnce ?? 0) : 0)));
}

function losesConnections({ cost }: Finding): boolean {
  return cost.connections > 0;
}

function failureNote(facts: OriginFacts): string | undefined {
  const { origin, client, counts, failures = {}, least, closed } = facts;
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0) || (counts.failed ?? 0);
  if (failed === 0) return undefined;
  const after = counts.failedAfterPause ?? 0;
  const codes = ranked(failures).slice(0, 4);
  const named =
    codes.length === 0 ? "" : `: ${codes.map(([code, count]) => `${code} × ${count}`).join(", ")}`;
  // Those that the program cancelled are not among them, and each error says what happened.
  if (client === "trunkline")
    return `${origin}: ${plural(failed, "request")} failed${named}. The message of each error says why.`;
  const aborted = (closed.aborted ?? 0) + (closed["body-abandoned"] ?? 0);
  if (aborted >= failed)
    return `${origin}: ${plural(failed, "request")} failed${named}, because the program itself cancelled ${failed === 1 ? "it" : "them"}.`;
  const pause =
    after === 0
      ? "none of them was the first after a pause"
      : `${after} of them ${after === 1 ? "was" : "were"} the first after a pause${least.failedAfter === undefined ? "" : ` of ${seconds(least.failedAfter)} or longer`}`;
  return `${origin}: ${plural(failed, "request")} failed${named}; ${pause}. The cause is not known.`;
}
