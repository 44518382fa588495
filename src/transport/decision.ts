import type { Member } from "../pool/index.js";
import type { Decision, Verdict } from "../trace/index.js";
import type { Connection } from "./connection/index.js";
import type { Exchange } from "./exchange.js";
import type { Settings } from "./options.js";

/** Connections looked at for one decision; a record of more would be longer than anyone reads. */
const MAX_CANDIDATES = 16;

/** A connection that was considered when an exchange asked for one. */
export interface Candidate {
  readonly connection: number;
  readonly verdict: Verdict;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What the route's connections were doing when an exchange found none idle. */
export function candidatesAt(holders: readonly Member<Connection>[], except: Member<Connection> | undefined, now: number): Candidate[] {
  const candidates: Candidate[] = [];
  for (const member of holders) {
    if (member === except || candidates.length >= MAX_CANDIDATES) continue;
    candidates.push(judge(member, now));
  }
  return candidates;
}

function judge(member: Member<Connection>, now: number): Candidate {
  const connection = member.id;
  const busyWith = member.owner?.busyWith;
  switch (member.state) {
    case "idle":
      return { connection, verdict: "too-long-idle", facts: { idleFor: Math.round(now - member.idleSince) } };
    case "dialing":
      return { connection, verdict: "busy", facts: { dialing: true, forMs: Math.round(now - member.dialStartedAt) } };
    case "draining":
      return { connection, verdict: "draining", facts: { exchange: busyWith?.id } };
    default:
      return {
        connection,
        verdict: "busy",
        facts: {
          ...(busyWith === undefined
            ? {}
            : { exchange: busyWith.id, forMs: Math.round(now - busyWith.assignedAt), method: busyWith.method }),
        },
      };
  }
}

/** Limits of the pool in force, for the record. */
export function limitsOf(settings: Settings): Decision["limits"] {
  const limits: Record<string, number | boolean> = {};
  for (const [name, value] of Object.entries(settings.pool)) {
    if (value !== Number.POSITIVE_INFINITY) limits[name] = value as number | boolean;
  }
  return limits;
}

/** The decision that gave the exchange its connection. */
export function decisionOf(exchange: Exchange, settings: Settings): Decision {
  const member = exchange.member as Member<Connection> | undefined;
  const waited = exchange.assignedAt > 0 ? exchange.assignedAt - exchange.queuedAt : 0;
  const dial = exchange.dialed;
  const decision: Decision = {
    exchange: exchange.id,
    connection: exchange.connectionId,
    reused: exchange.reused,
    candidates:
      exchange.candidates ??
      (exchange.connectionId === 0
        ? []
        : [
            {
              connection: exchange.connectionId,
              verdict: "taken",
              facts: { idleFor: exchange.idleFor, request: exchange.requestNumber },
            },
          ]),
    ...(waited > 0 ? { waited } : {}),
    limits: limitsOf(settings),
    ...(dial === undefined
      ? {}
      : { dial: { connection: dial.id, reason: dial.openedFor, fate: fateOf(dial, exchange, member) } }),
    ...couldHave(dial, exchange),
  };
  // A sentence where it is printed, plain data where it is serialised.
  Object.defineProperty(decision, "toString", { value: () => sentence(decision), enumerable: false });
  return decision;
}

function fateOf(
  dial: Member<Connection>,
  exchange: Exchange,
  member: Member<Connection> | undefined,
): NonNullable<Decision["dial"]>["fate"] {
  if (member === dial) return "served-it";
  if (dial.owner?.dialed === undefined) return dial.state === "closed" ? (dial.owner?.dialError === undefined ? "cancelled" : "failed") : "went-idle";
  return dial.requests > 0 && exchange.connectionId !== dial.id ? "served-another" : "went-idle";
}

function couldHave(dial: Member<Connection> | undefined, exchange: Exchange): { couldHaveReused?: string } {
  if (dial === undefined || exchange.reused) return {};
  const remedy = REMEDIES[dial.openedFor];
  return remedy === undefined ? {} : { couldHaveReused: remedy };
}

const REMEDIES: Readonly<Partial<Record<Member<Connection>["openedFor"], string>>> = {
  "all-busy": "fewer requests at once, or maxConnectionsPerOrigin to queue instead of dialing",
  "previous-not-kept": "see why the previous connection was closed: transport.connections()",
  "idle-expired": "a longer idleTimeout, where the server keeps idle connections longer than that",
  evicted: "a larger maxIdleConnections or maxIdleConnectionsPerOrigin",
  "aged-out": "a larger maxConnectionAge or maxRequestsPerConnection",
  "too-long-idle": "idempotent: true on the request, where sending it twice does no harm",
  "keep-alive-off": "keepAlive: true",
};

function sentence(decision: Decision): string {
  const on = `Request ${decision.exchange} went out on connection ${decision.connection}`;
  const waited = decision.waited === undefined ? "" : ` after ${decision.waited.toFixed(1)} ms`;
  if (decision.reused) {
    const idle = decision.candidates.find((candidate) => candidate.connection === decision.connection)?.facts["idleFor"];
    const idleText = typeof idle === "number" ? `, which had been idle for ${idle.toFixed(1)} ms` : ", which another request had just finished with";
    return `${on}${idleText}${waited === "" ? "" : `, ${waited.trim()}`}.`;
  }
  const reason = decision.dial === undefined ? "" : `, dialed for it (${decision.dial.reason})`;
  const could = decision.couldHaveReused === undefined ? "" : ` What would have saved the dial: ${decision.couldHaveReused}.`;
  return `${on}${reason}${waited}.${could}`;
}
