import type { Case } from "./case.js";
import { connectionCap, idleCap, idleTimeout } from "./remedies.js";
import type { Finding } from "./report.js";
import { plural, seconds } from "./words.js";

/** One of its kind may be chance. */
const REPEATED = 2;
/** Ages this close to a limit are at the limit: a server's clock starts earlier than a client's. */
const NEAR = 1.25;

export function idleLimitChurn(one: Case): Finding | undefined {
  const capped = one.redialed("max-idle", "max-idle-per-origin");
  const evicted = one.redialed("evicted");
  const count = capped + evicted;
  if (count < REPEATED) return undefined;
  const { most, client } = one.facts;
  const atOnce = Math.max(
    most.demandAtOnce ?? most.openAtOnce ?? 0,
    (most.maxIdleConnectionsPerOrigin ?? 0) + 1,
  );
  const cap = most.maxIdleConnectionsPerOrigin ?? most.maxIdleConnections;
  return one.finding("idle-limit-churn", count, count, {
    title: `${plural(count, "connection")} closed by a cap and dialed again soon after`,
    evidence: [
      ...(capped > 0
        ? [
            `${plural(capped, "connection")} closed as too many were idle${cap === undefined ? "" : ` (${cap} are kept)`}`,
          ]
        : []),
      ...(evicted > 0
        ? [`${plural(evicted, "connection")} closed to make room within the limit on all connections`]
        : []),
      ...(most.demandAtOnce === undefined ? [] : [`up to ${plural(most.demandAtOnce, "request")} at once`]),
    ],
    remedy:
      capped > 0
        ? idleCap(client, atOnce)
        : `Raise or remove the limit on all connections; ${connectionCap(client, atOnce)} limits one origin instead`,
  });
}

export function idleTimeoutRace(one: Case): Finding | undefined {
  const limit = one.serverIdleLimit;
  const inForce = one.facts.most.idleTimeout;
  if (limit === undefined || (inForce !== undefined && inForce <= limit)) return undefined;
  const stale = one.count("staleRetries") + one.count("staleFailures");
  const ended = one.redialed("server-closed-idle", "server-idle-timeout");
  if (stale + ended < REPEATED) return undefined;
  const failures = one.count("staleFailures");
  const advised = Math.max(1, Math.floor(limit * 0.8));
  return one.finding("idle-timeout-race", stale + ended, ended, {
    severity: failures > 0 ? "high" : stale > 0 ? "medium" : "low",
    title: `The server ends idle connections after about ${seconds(limit)}, the client keeps them ${inForce === undefined ? "longer" : `for ${seconds(inForce)}`}`,
    evidence: [
      ...(ended > 0
        ? [`${plural(ended, "idle connection")} ended by the server and dialed again soon after`]
        : []),
      ...(stale > 0
        ? [
            `${plural(stale, "request")} met a connection the server had ended: ${failures} failed, ${stale - failures} were sent again`,
          ]
        : []),
    ],
    remedy: `${idleTimeout(one.facts.client, advised)}, or a longer keep-alive timeout in the server`,
    doubt:
      "The limit is learned from when idle connections ended; a server that restarted several times looks alike.",
  });
}

export function idleTimeoutShort(one: Case): Finding | undefined {
  const count = one.redialed("idle-timeout");
  if (count < REPEATED) return undefined;
  const { idleTimeout: inForce } = one.facts.most;
  const limit = one.serverIdleLimit;
  // Where the server's own limit is what shortened it, the client's setting is not to blame.
  if (inForce !== undefined && limit !== undefined && limit <= inForce * NEAR) return undefined;
  const advised = limit === undefined ? Math.max(55_000, (inForce ?? 0) * 4) : Math.floor(limit * 0.8);
  return one.finding("idle-timeout-short", count, count, {
    title: `${plural(count, "idle connection")} dropped by the client and dialed again within a minute`,
    evidence: [
      `${plural(one.closed("idle-timeout"), "connection")} closed after ${inForce === undefined ? "the client's idle timeout" : seconds(inForce)} idle, ${count} of them dialed again soon`,
    ],
    remedy: idleTimeout(one.facts.client, advised),
    doubt:
      limit === undefined
        ? "How long the server keeps idle connections is not known; `trunkline probe` finds out."
        : "The server's limit is learned, not announced.",
  });
}

export function staleRetries(one: Case): Finding | undefined {
  const retried = one.count("staleRetries");
  const failed = one.count("staleFailures");
  const count = retried + failed;
  if (count < REPEATED) return undefined;
  const limit = one.serverIdleLimit;
  return one.finding("stale-retries", count, count, {
    severity: failed > 0 ? "high" : one.severity(count),
    title: `${plural(count, "request")} met a dead idle connection: ${failed} failed, ${retried} were sent again`,
    evidence: [
      `${plural(retried, "request")} sent again on another connection`,
      ...(failed > 0 ? [`${plural(failed, "request")} failed as they could not be sent twice safely`] : []),
      ...(limit === undefined ? [] : [`the server ends idle connections after about ${seconds(limit)}`]),
    ],
    remedy: `${idleTimeout(one.facts.client, limit === undefined ? 4000 : Math.max(1, Math.floor(limit * 0.8)))}, and \`idempotent: true\` on requests that may be sent twice`,
    doubt: "A server that restarts, or a middlebox that forgets connections, looks alike.",
  });
}
