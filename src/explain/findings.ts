import { type ClientFacts, type Facts, ownerKey } from "./facts.js";
import { bodyAbandoned, bodyUnread, http10Peer, keepAliveOff, serverClosesEach } from "./find-closing.js";
import {
  dialFailures,
  EXHAUSTED,
  overDialing,
  queueing,
  slowDns,
  tlsNotResumed,
  unboundedBurst,
} from "./find-dials.js";
import {
  clientTimeouts,
  headOverLimit,
  listenersLeft,
  networkForgetsIdle,
  poolDestroyed,
  processStoodStill,
  protocolErrors,
  serverHangsUp,
  uploadUnfinished,
} from "./find-failures.js";
import { coalescing, http2WouldDo, serverResets, severalConnections, streamLimit } from "./find-http2.js";
import {
  idleLimitChurn,
  idleTimeoutRace,
  idleTimeoutShort,
  serverIdleShort,
  serverRestarts,
  staleRetries,
} from "./find-idle.js";
import { clientPerRequest, duplicateModule, routeSplit, workerPerJob } from "./find-process.js";
import { OriginView } from "./origin-view.js";
import type { Finding, FindingKind } from "./report.js";

/** Concerns the whole process. */
type ProcessKind = Extract<
  FindingKind,
  "client-per-request" | "worker-per-job" | "duplicate-module" | "route-split" | "coalescing"
>;

/** What looks for each kind: one function a kind. */
const OF_ORIGIN: Readonly<
  Record<Exclude<FindingKind, ProcessKind>, (one: OriginView) => Finding | undefined>
> = {
  "keep-alive-off": keepAliveOff,
  "body-unread": bodyUnread,
  "body-abandoned": bodyAbandoned,
  "idle-limit-churn": idleLimitChurn,
  "idle-timeout-race": idleTimeoutRace,
  "idle-timeout-short": idleTimeoutShort,
  "server-idle-short": serverIdleShort,
  "server-closes-each": serverClosesEach,
  "http-1.0-peer": http10Peer,
  "unbounded-burst": unboundedBurst,
  queueing: queueing,
  "slow-dns": slowDns,
  "tls-not-resumed": tlsNotResumed,
  "stale-retries": staleRetries,
  "server-restarts": serverRestarts,
  "over-dialing": overDialing,
  "dial-failures": dialFailures,
  "server-hangs-up": serverHangsUp,
  "network-forgets-idle": networkForgetsIdle,
  "process-stood-still": processStoodStill,
  "client-timeouts": clientTimeouts,
  "head-over-limit": headOverLimit,
  "protocol-errors": protocolErrors,
  "pool-destroyed": poolDestroyed,
  "upload-unfinished": uploadUnfinished,
  "listeners-left": listenersLeft,
  "stream-limit": streamLimit,
  "server-resets": serverResets,
  "several-connections": severalConnections,
  "http2-would-do": http2WouldDo,
};

const OF_PROCESS: Readonly<Record<ProcessKind, (all: Facts) => Finding[]>> = {
  "client-per-request": clientPerRequest,
  "worker-per-job": workerPerJob,
  "duplicate-module": duplicateModule,
  "route-split": routeSplit,
  coalescing: coalescing,
};

const RANK: Readonly<Record<Finding["severity"], number>> = { high: 0, medium: 1, low: 2 };

/** What an owner of connections for each request brings about by itself: no findings of their own beside it. */
const OF_OWNER_EACH: ReadonlySet<FindingKind> = new Set([
  "keep-alive-off",
  "tls-not-resumed",
  "over-dialing",
  "unbounded-burst",
  "idle-timeout-short",
  "pool-destroyed",
  "several-connections",
  "http2-would-do",
]);
/** What lost connections bring about by themselves, whatever lost them. */
const OF_LOST_CONNECTIONS: ReadonlySet<FindingKind> = new Set(["tls-not-resumed"]);
const LOSES_CONNECTIONS: ReadonlySet<FindingKind> = new Set(["keep-alive-off", "pool-destroyed"]);
/** What a body that nobody reads brings about: the client dials beside the connections it holds. */
const OF_UNREAD_BODIES: ReadonlySet<FindingKind> = new Set(["over-dialing", "queueing", "stream-limit"]);

/** The problems that the facts show, the worst first. A pure function: the same facts, the same findings. */
export function findings(all: Facts): Finding[] {
  const found = Object.values(OF_PROCESS).flatMap((look) => look(all));
  const each = ownersEach(all.clients, found);
  const originLooks = Object.values(OF_ORIGIN);
  for (const facts of all.origins) {
    const one = new OriginView(facts, all.clients);
    const here = originLooks.flatMap((look) => look(one) ?? []);
    found.push(...here.filter((finding) => !isConsequence(finding, here, one, each)));
  }
  return found.sort(
    (a, b) =>
      RANK[a.severity] - RANK[b.severity] ||
      b.cost.connections - a.cost.connections ||
      (key(a) < key(b) ? -1 : 1),
  );
}

/** The owners that are found to be made for each request. */
function ownersEach(clients: readonly ClientFacts[], found: readonly Finding[]): Set<string> {
  const sites = new Set(
    found.filter((one) => one.kind === "client-per-request").map((one) => one.site ?? ""),
  );
  return new Set(clients.filter((one) => one.created > 1 && sites.has(one.site ?? "")).map(ownerKey));
}

/** One cause, one finding: what another finding brings about is not said beside it. */
function isConsequence(
  { kind }: Finding,
  here: readonly Finding[],
  one: OriginView,
  each: ReadonlySet<string>,
): boolean {
  const has = (...kinds: FindingKind[]): boolean => here.some((other) => kinds.includes(other.kind));
  if (OF_OWNER_EACH.has(kind) && shareOf(one, each) >= 0.5) return true;
  if (OF_LOST_CONNECTIONS.has(kind) && here.some((other) => LOSES_CONNECTIONS.has(other.kind))) return true;
  if (OF_UNREAD_BODIES.has(kind) && has("body-unread")) return true;
  if (kind === "over-dialing" && has("unbounded-burst", "client-timeouts", "body-abandoned")) return true;
  if (kind === "http2-would-do")
    return has("keep-alive-off", "body-unread", "body-abandoned", "server-closes-each");
  if (kind === "dial-failures")
    return (has("unbounded-burst") || shareOf(one, each) >= 0.5) && onlyExhausted(one);
  // Of a server that hangs up, some come after a short while of idleness.
  if (kind === "idle-timeout-race" && has("server-hangs-up"))
    return one.count("hangUps") >= one.count("staleFailures");
  if (kind === "stale-retries") return has("server-hangs-up") || has("network-forgets-idle");
  if (kind === "server-closes-each") return has("upload-unfinished") && one.closed("server-said-close") === 0;
  return false;
}

function onlyExhausted({ facts }: OriginView): boolean {
  const names = Object.keys(facts.errors);
  return names.length > 0 && names.every((name) => EXHAUSTED.test(name));
}

/** The share of an origin's connections whose owner is one of these. */
function shareOf({ facts }: OriginView, owners: ReadonlySet<string>): number {
  let theirs = 0;
  let all = 0;
  for (const [name, count] of Object.entries(facts.owners ?? {})) {
    all += count;
    if (owners.has(name)) theirs += count;
  }
  return all === 0 ? 0 : theirs / all;
}

function key(finding: Finding): string {
  return `${finding.kind}\n${finding.origin ?? ""}\n${finding.title}`;
}
