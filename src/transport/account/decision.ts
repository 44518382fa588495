import { plural } from "../../errors/index.js";
import { decisionSentence, rounded, savedBy } from "../../explain/index.js";
import type { Member, Pool, PoolLimits, PoolRoute } from "../../pool/index.js";
import { bare } from "../../runtime/index.js";
import { CLOSE_TABLE, type Decision, type DialFate, type RecentClose } from "../../trace/index.js";
import type { Candidate, Exchange, Link } from "../exchange/index.js";

/** Connections looked at for one decision; a record of more would be longer than anyone reads. */
export const MAX_CANDIDATES = 8;
/** A connection that closed longer ago than this (milliseconds) is not a candidate any more. */
const RECENTLY = 60_000;

/** What the route's connections were doing when an exchange found none idle. */
export function candidatesAt(holders: readonly Member<Link>[], now: number): Candidate[] {
  return holders.map((member) => judge(member, now));
}

/** The connections that could have been candidates had they not just closed, the latest first. `wall`: milliseconds since 1970. */
export function closedCandidates(recent: readonly RecentClose[], wall: number): Candidate[] {
  return recent
    .filter((close) => wall - close.at <= RECENTLY)
    .map((close): Candidate => {
      const { group, redial } = CLOSE_TABLE[close.reason];
      const expired = group === "policy" && (redial === "idle-expired" || redial === "aged-out");
      return {
        connection: close.id,
        verdict: expired ? "expired" : "closed",
        facts: { reason: close.reason, by: close.by, closedAgo: rounded(wall - close.at) },
      };
    })
    .reverse();
}

function judge(member: Member<Link>, now: number): Candidate {
  const connection = member.id;
  const busyWith = member.owner?.busyWith;
  const busy =
    busyWith === undefined
      ? {}
      : { exchange: busyWith.id, method: busyWith.method, forMs: rounded(now - busyWith.assignedAt) };
  switch (member.state) {
    case "idle":
      // Its server lets it carry nothing.
      if (member.limit <= 0) return { connection, verdict: "full", facts: sharedBy(member) };
      return {
        connection,
        verdict: "too-long-idle",
        facts: { idleFor: rounded(now - member.idleSince), ...toleratedBy(member) },
      };
    case "dialing":
      return {
        connection,
        verdict: "busy",
        facts: { dialing: true, forMs: rounded(now - member.dialStartedAt) },
      };
    case "draining":
      return { connection, verdict: "draining", facts: { ...busyOr(member, busy), ...endOf(member) } };
    default: {
      if (member.multiplexed) return { connection, ...roomFor(member) };
      // Its response is there and nobody reads it: what keeps it is the caller, not the server.
      const unread = busyWith !== undefined && busyWith.headersAt > 0 && busyWith.body?.taken === false;
      return { connection, verdict: "busy", facts: unread ? { ...busy, bodyUnread: true } : busy };
    }
  }
}

/** One that has room is passed over only by a request that must have a new connection. */
function roomFor(member: Member<Link>): Pick<Candidate, "verdict" | "facts"> {
  const facts = sharedBy(member);
  if (member.refusing) return { verdict: "full", facts: { ...facts, refused: true } };
  if (member.active >= member.limit) return { verdict: "full", facts };
  return { verdict: "busy", facts: { ...facts, newOneWanted: true } };
}

function busyOr(member: Member<Link>, busy: Candidate["facts"]): Candidate["facts"] {
  return member.multiplexed ? sharedBy(member) : busy;
}

/** What a connection that drains will end with. */
function endOf({ closeWhenReleased: end }: Member<Link>): Candidate["facts"] {
  return end === undefined ? {} : { reason: end.reason, by: end.by };
}

/** How many exchanges a connection carries at once, and may: what its server does not limit is left out. */
export function sharedBy({ active, limit }: Member<Link>): { streams: number; limit?: number } {
  return { streams: active, ...(Number.isFinite(limit) ? { limit } : {}) };
}

function toleratedBy(member: Member<Link>): { tolerated?: number } {
  const tolerated = member.route.idleLimit?.tolerated(member.serverIdleLimit);
  return tolerated === undefined || !Number.isFinite(tolerated) ? {} : { tolerated: rounded(tolerated) };
}

/** The limits of the pool in force, for the record: what is not limited is left out. */
export function finiteLimits(pool: PoolLimits): Decision["limits"] {
  const limits: Record<string, number | boolean> = {};
  for (const [name, value] of Object.entries(pool)) {
    if (value !== Number.POSITIVE_INFINITY) limits[name] = value as number | boolean;
  }
  return limits;
}

/** What a decision is made of, beside the exchange. */
interface DecisionParts {
  readonly limits: Decision["limits"];
  /** The limit that made it wait, where one did. */
  readonly limitedBy: string | undefined;
  /** The fate of the dial that its wait caused. */
  readonly fate: DialFate;
}

/** The decision that gave the exchange its connection; connection 0 when it got none. */
export function decisionOf(exchange: Exchange, parts: DecisionParts): Decision {
  const waited = exchange.assignedAt > 0 ? exchange.assignedAt - askedAt(exchange) : 0;
  const dial = exchange.dialed;
  const candidates =
    exchange.candidates ??
    (exchange.connectionId === 0
      ? []
      : [
          {
            connection: exchange.connectionId,
            verdict: "taken" as const,
            facts: {
              idleFor: rounded(exchange.idleFor),
              request: exchange.requestNumber,
              ...(exchange.carried === undefined ? {} : { streams: exchange.beside + 1 }),
            },
          },
        ]);
  const decision: Decision = {
    exchange: exchange.id,
    connection: exchange.connectionId,
    reused: exchange.reused,
    ...(exchange.shared === undefined ? {} : { coalesced: exchange.shared }),
    candidates,
    ...(waited > 0 ? { waited: rounded(waited) } : {}),
    limits: parts.limits,
    ...(parts.limitedBy === undefined ? {} : { limitedBy: parts.limitedBy }),
    ...(dial === undefined
      ? {}
      : { dial: { connection: dial.id, reason: dial.openedFor, fate: parts.fate } }),
    ...couldHave(dial, exchange.stats.recent, candidates),
  };
  return spoken(decision);
}

/** When it asked for its connection. One that went out again had another one before, and did not wait meanwhile. */
function askedAt({ attempt, queuedAt, waitingSince, assignedAt }: Exchange): number {
  if (attempt === 1) return queuedAt;
  return waitingSince > 0 ? waitingSince : assignedAt;
}

/** The same decision, which is a sentence where it is printed and plain data where it is serialised. */
function spoken(decision: Decision): Decision {
  return Object.defineProperty(decision, "toString", AS_SENTENCE);
}

// Of a descriptor with a prototype, a `get` that somebody put on `Object.prototype` would be a part.
const AS_SENTENCE = bare({
  value(this: Decision): string {
    return decisionSentence(this);
  },
  enumerable: false,
});

/** What would have avoided the dial: from why the connection before it was lost, else from the dial's own reason. */
function couldHave(
  dial: Member<Link> | undefined,
  recent: readonly RecentClose[],
  candidates: readonly Candidate[],
): { couldHaveReused?: string } {
  if (dial === undefined) return {};
  const unread = candidates.filter((candidate) => candidate.facts["bodyUnread"] === true);
  if (dial.openedFor === "all-busy" && unread.length > 0) {
    return {
      couldHaveReused: `reading or closing the response body of request ${String(unread[0]?.facts["exchange"])}, which holds connection ${unread[0]?.connection}`,
    };
  }
  const lost = recent.find((close) => close.id === dial.previous);
  const remedy = savedBy(dial.openedFor, lost?.reason);
  return remedy === undefined ? {} : { couldHaveReused: remedy };
}

/** Who holds the connections that the exchange waits for, for the errors about waiting. */
export function describeHolders(pool: Pool<Link, Exchange>, route: PoolRoute<Link>, now: number): string {
  const holders = pool.holders(route);
  let oldest: Exchange | undefined;
  for (const { owner } of holders) {
    const busy = owner?.busyWith;
    if (busy !== undefined && (oldest === undefined || busy.assignedAt < oldest.assignedAt)) oldest = busy;
  }
  const { active, dialing } = pool.counts;
  if (holders.length === 0) return `${elsewhere(pool)} (${active} active and ${dialing} dialing in all)`;
  const held =
    oldest === undefined
      ? ""
      : `, the longest by ${oldest.method} ${oldest.target.path.split("?")[0]} for ${Math.round(now - oldest.assignedAt)} ms`;
  return `${plural(holders.length, "connection")} to ${route.origin} ${holders.length === 1 ? "is" : "are"} held${streamsOn(holders)}${held} (${active} active and ${dialing} dialing in all)`;
}

/** What fills connections that carry several requests at once. */
function streamsOn(holders: readonly Member<Link>[]): string {
  if (!holders.every(({ multiplexed }) => multiplexed)) return "";
  const active = holders.reduce((sum, member) => sum + member.active, 0);
  const limit = holders.reduce((sum, member) => sum + member.limit, 0);
  const most = active < limit ? "" : `, as many as ${holders.length === 1 ? "it" : "they"} may carry at once`;
  return ` by ${plural(active, "request")}${most}`;
}

/** Where `maxConnections` is what the exchange waits for: other origins have them all. */
function elsewhere(pool: Pool<Link, Exchange>): string {
  let most = { origin: "", held: 0 };
  for (const { origin, active, dialing } of pool.snapshot().origins) {
    if (active + dialing > most.held) most = { origin, held: active + dialing };
  }
  return `other origins hold the connections; ${most.origin} holds the most, ${most.held}`;
}
