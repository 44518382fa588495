import { plural, seconds } from "../errors/index.js";
import type { OriginView } from "./origin-view.js";
import type { Finding } from "./report.js";
import { SERVER_IDLE } from "./server-side.js";

/** One of its kind may be chance. */
const REPEATED = 2;
/** Ages this close to a limit are at the limit: a server's clock starts earlier than a client's. */
const NEAR = 1.25;

export function idleLimitChurn(one: OriginView): Finding | undefined {
  const capped = one.redialed("max-idle", "max-idle-per-origin");
  const evicted = one.redialed("evicted");
  const count = capped + evicted;
  if (count < REPEATED) return undefined;
  const { most, least } = one.facts;
  const reached = least.idleCapReached;
  const capPerOrigin = reached ?? most.maxIdleConnectionsPerOrigin;
  const cap = capPerOrigin ?? most.maxIdleConnections;
  const open = most.openAtOnce;
  // No cap was reached where fewer were ever open than it keeps.
  if (evicted === 0 && reached === undefined && cap !== undefined && open !== undefined && open <= cap)
    return undefined;
  const atOnce = Math.max(most.demandAtOnce ?? open ?? 0, (capPerOrigin ?? 0) + 1);
  return one.finding("idle-limit-churn", count, count, {
    title: `${plural(count, "connection")} closed by a cap and dialed again soon after`,
    evidence: [
      ...(capped > 0
        ? [
            `${plural(capped, "connection")} closed because too many were idle${cap === undefined ? "" : ` (${cap} are kept)`}`,
          ]
        : []),
      ...(evicted > 0
        ? [`${plural(evicted, "connection")} closed to make room within the limit on all connections`]
        : []),
      ...(most.demandAtOnce === undefined ? [] : [`up to ${plural(most.demandAtOnce, "request")} at once`]),
    ],
    remedy:
      capped > 0
        ? one.advice.idleCap(atOnce)
        : `Raise or remove the limit on all connections; ${one.advice.connectionCap(atOnce)} limits one origin instead`,
  });
}

/** The server's limit is known and the client keeps connections for longer. */
export function idleTimeoutRace(one: OriginView): Finding | undefined {
  const limit = one.serverIdleLimit;
  const inForce = one.facts.most.idleTimeout;
  if (limit === undefined || (inForce !== undefined && inForce > 0 && inForce <= limit)) return undefined;
  // What is announced is not a cause where connections end long before it.
  if (one.learnedIdleLimit === undefined && restarts(one)) return undefined;
  const failures = one.count("staleFailures");
  const stale = one.count("staleRetries") + failures;
  const ended = one.redialed("server-closed-idle", "server-idle-timeout");
  if (stale + ended < REPEATED) return undefined;
  const advised = Math.max(1, Math.floor(limit * 0.8));
  // Who watches from outside does not see for how long one was idle that was used again.
  const never =
    one.facts.idleEnds !== undefined &&
    (one.facts.most.reusedAfter === undefined || one.facts.most.reusedAfter < limit / 2);
  const server = `a longer keep-alive in the server (${SERVER_IDLE})`;
  const client = `${one.advice.idleTimeout(advised)}, below the server's limit`;
  const again = one.advice.sendAgain();
  return one.finding("idle-timeout-race", stale + ended, ended + failures, {
    severity: failures > 0 ? "high" : stale > 0 || one.severity(ended) === "high" ? "medium" : "low",
    title: `The server closes idle connections after about ${seconds(limit)}; the client keeps them ${inForce === undefined || inForce === 0 ? "longer" : `for ${seconds(inForce)}`}`,
    evidence: [
      ...(ended > 0
        ? [`${plural(ended, "idle connection")} ended by the server and dialed again soon after`]
        : []),
      ...(stale > 0
        ? [
            `${plural(stale, "request")} met a connection that the server had closed: ${failures} failed, ${stale - failures} were retried`,
          ]
        : []),
      ...afterPause(one),
    ],
    remedy:
      failures === 0 && never
        ? `Requests come later than that, so none can reuse a connection: ${server}`
        : `${client}${again === undefined ? "" : `, and ${again}`}; or ${server}`,
    doubt:
      one.learnedIdleLimit === undefined
        ? "The limit is what the server announces; something on the network path may close connections sooner."
        : "The limit was learned from when idle connections closed.",
  });
}

/** The server announces a limit that the client obeys, and requests come later than that. */
export function serverIdleShort(one: OriginView): Finding | undefined {
  const { announcedIdleLimit } = one.facts.least;
  if (announcedIdleLimit === undefined) return undefined;
  const inForce = one.facts.most.idleTimeout;
  const atOnce = one.count("announcedTooShort");
  const obeyed =
    inForce !== undefined && inForce > 0 && announcedIdleLimit > inForce * NEAR
      ? 0
      : Math.max(0, one.redialed("idle-timeout") - atOnce);
  const count = atOnce + obeyed;
  if (count < REPEATED) return undefined;
  return one.finding("server-idle-short", count, count, {
    severity: one.severity(count) === "low" ? "low" : "medium",
    title:
      atOnce > 0
        ? `The server announces an idle limit of ${seconds(announcedIdleLimit)}, which is too short for the client to keep connections: ${plural(count, "connection")} for one request each`
        : `The server announces an idle limit of ${seconds(announcedIdleLimit)}, and requests come later than that: ${plural(count, "connection")} dropped and dialed again`,
    evidence: [
      `Responses said Keep-Alive: timeout=${Math.round(announcedIdleLimit / 1000)}`,
      ...(atOnce > 0
        ? [
            `${plural(atOnce, "connection")} not kept: to be safe, Node subtracts a second from what is announced`,
          ]
        : []),
      ...(obeyed > 0 ? [`${plural(obeyed, "connection")} closed by the client just before the limit`] : []),
    ],
    remedy: `Set a keep-alive in the server that is longer than the pause between requests: ${SERVER_IDLE}. No client setting changes this`,
  });
}

export function idleTimeoutShort(one: OriginView): Finding | undefined {
  const count = one.redialed("idle-timeout") - one.count("announcedTooShort");
  if (count < REPEATED) return undefined;
  const { idleTimeout: inForce } = one.facts.most;
  const limit = one.serverIdleLimit;
  // Where the server's own limit is what shortened it, the client's setting is not to blame.
  if (limit !== undefined && (inForce === undefined || limit <= inForce * NEAR)) return undefined;
  const usual = one.severity(count);
  return one.finding("idle-timeout-short", count, count, {
    severity: limit === undefined && usual === "high" ? "medium" : usual,
    title: `${plural(count, "idle connection")} dropped by the client and dialed again within a minute`,
    evidence: [
      `${plural(one.closed("idle-timeout"), "connection")} closed after ${inForce === undefined ? "the client's idle timeout" : seconds(inForce)} idle, ${count} of them dialed again soon`,
    ],
    remedy:
      limit === undefined
        ? `A longer ${one.advice.idleTimeoutName()}${inForce === undefined ? "" : ` than ${inForce}`}, if the server keeps idle connections for longer: \`trunkline probe ${one.facts.origin}\` measures how long`
        : one.advice.idleTimeout(Math.floor(limit * 0.8), one.facts.least.announcedIdleLimit !== undefined),
    doubt:
      limit === undefined
        ? "How long the server keeps idle connections is not known; beyond its limit, requests fail."
        : "The server's limit may have been learned, not announced.",
  });
}

/** Requests met dead connections, and no limit of the server explains it. */
export function staleRetries(one: OriginView): Finding | undefined {
  const retried = one.count("staleRetries");
  const failed = one.count("staleFailures");
  const count = retried + failed;
  if (count < REPEATED || idleTimeoutRace(one) !== undefined || restarts(one)) return undefined;
  const limit = one.serverIdleLimit;
  const again = one.advice.sendAgain();
  return one.finding("stale-retries", count, count, {
    severity: failed > 0 ? "high" : one.severity(count),
    title: `${plural(count, "request")} met a dead idle connection: ${failed} failed, ${retried} were retried`,
    evidence: [
      ...(retried > 0 ? [`${plural(retried, "request")} retried on another connection`] : []),
      ...(failed > 0
        ? [`${plural(failed, "request")} failed because they could not be sent twice safely`]
        : []),
      ...(limit === undefined ? [] : [`the server closes idle connections after about ${seconds(limit)}`]),
      ...afterPause(one),
    ],
    remedy: [
      limit === undefined ? shorterThan(one) : one.advice.idleTimeout(Math.max(1, Math.floor(limit * 0.8))),
      ...(again === undefined ? [] : [again]),
      `or a longer keep-alive in the server (${SERVER_IDLE})`,
    ].join("; "),
    doubt: "A server that restarts, or a middlebox that drops idle connections, looks the same.",
  });
}

function shorterThan(one: OriginView): string {
  const { failedAfter } = one.facts.least;
  return failedAfter === undefined
    ? `A shorter ${one.advice.idleTimeoutName()}: \`trunkline probe ${one.facts.origin}\` measures the server's limit`
    : one.advice.idleTimeout(Math.max(1, Math.floor(failedAfter * 0.8)));
}

function afterPause(one: OriginView): string[] {
  const after = one.count("failedAfterPause");
  const all = Object.values(one.facts.failures ?? {}).reduce((sum, count) => sum + count, 0);
  return after === 0 ? [] : [`${after} of ${plural(all, "failed request")} were the first after a pause`];
}

/** Whether idle connections end at ages that no limit explains: below one after which another was used. */
function restarts(one: OriginView): boolean {
  return one.learnedIdleLimit === undefined && one.idleEndsBelow(one.facts.most.reusedAfter ?? 0) >= REPEATED;
}

export function serverRestarts(one: OriginView): Finding | undefined {
  const failed = one.count("staleFailures");
  const ended = one.redialed("server-closed-idle", "reset");
  const count = one.count("staleRetries") + failed + ended;
  if (count < REPEATED + 1 || !restarts(one) || idleTimeoutRace(one) !== undefined) return undefined;
  return one.finding("server-restarts", count, count, {
    severity: failed >= REPEATED ? "medium" : "low",
    title: `The server ended ${plural(ended + failed, "idle connection")} at irregular ages, like a server that is restarted or replaced`,
    evidence: [
      `others were reused after ${seconds(one.facts.most.reusedAfter ?? 0)} idle, so this is not an idle limit`,
      ...(one.facts.least.announcedIdleLimit === undefined
        ? []
        : [`the server announces ${seconds(one.facts.least.announcedIdleLimit)}`]),
      ...(failed > 0 ? [`${plural(failed, "request")} failed because they met one`] : []),
    ],
    remedy:
      "No client timeout helps. Retry requests that may be sent twice, and let the server finish its requests before it exits (`server.close()` in Node, a drain time in the balancer)",
    doubt: "A balancer that moves connections looks the same.",
  });
}
