import type { ClientFacts } from "../explain/index.js";
import type { CloseReason } from "../trace/index.js";
import type { Life } from "./life.js";
import { type ObservedClient, UNNAMED } from "./user-agent.js";

/** So many connections that were left idle while others were dialed are not there by accident. */
const MANY = 5;
/** A library whose connections carry more requests than this on average does share them. */
const FEW_REQUESTS = 1.5;
/** The share of the connections ended at once that may have fewer kept ones beside them, as events are seen late. */
const SELDOM = 0.15;
/** The same as a share of those that have just as many beside them as the client keeps. */
const RARELY = 0.3;
/** How often there are just as many, as a share of the most frequent number. */
const PEAK = 0.5;
/** From so many requests at once, an observer does not see all of them at the same moment. */
const CROWD = 20;
/** An end is heard of no later than this, in milliseconds, and so many in time for each one that is late. */
const LATE = 1_000;
const HABIT = 5;
/** Idle ages within this factor of each other show one timeout. */
const SAME_AGE = 1.25;

/** What one client library turns out to have done with its connections. */
export interface Inference {
  readonly client: ObservedClient;
  readonly lives: readonly Life[];
  /** Why each ended connection ended. */
  readonly reasons: ReadonlyMap<Life, CloseReason>;
  /** Connections whose client seems to be made for them alone. */
  readonly owners?: Pick<ClientFacts, "created" | "requests">;
  /** How many idle connections the client seems to keep. */
  readonly idleCap?: number;
  /** After how many milliseconds the client seems to end idle connections. */
  readonly idleTimeout?: number;
}

/** What is known of all connections to the origin. */
interface Scene {
  /** When the last request of all began or ended: what ends after it ended with the program. */
  readonly lastActivity: number;
  readonly demandAtOnce: number;
}

/** What the lives of one library's connections say about it. */
export function infer(client: ObservedClient, lives: readonly Life[], scene: Scene): Inference {
  const reused = lives.some((life) => life.requests > 1);
  const ended = lives.filter((life) => life.ending !== undefined);
  const isLast = (life: Life): boolean => (life.ending?.at ?? 0) >= scene.lastActivity;
  const atOnce = ended.filter((life) => life.ending?.verdict === "after-response");
  const idleCap = reused ? capOf(atOnce, scene.demandAtOnce, client.usualIdleCap) : undefined;
  const reasons = new Map<Life, CloseReason>();
  // The last connection of a program that ends each at once ends like the others.
  const before = atOnce.filter((life) => !isLast(life)).length;
  const alike = !reused && before > 0 && before >= atOnce.length - before;
  const dropped: Life[] = [];
  const late = new Set(ended.filter(isLate));
  const isHabit = atOnce.length >= late.size * HABIT;
  for (const life of ended) {
    // What a busy observer hears of a little late belongs to the many it heard of in time.
    const verdict = isHabit && late.has(life) ? "after-response" : life.ending?.verdict;
    if (verdict === undefined) continue;
    if (client.name === "java" && (verdict === "after-response" || verdict === "body-unread")) {
      // HttpURLConnection keeps what was read to its end and drains what was not: it is `disconnect()` that ends one.
      reasons.set(life, "transport-closed");
    } else if (verdict === "after-idling") {
      reasons.set(life, isLast(life) ? "transport-closed" : "idle-timeout");
    } else if (verdict !== "after-response") {
      reasons.set(life, verdict);
    } else if (isLast(life) && !alike) {
      reasons.set(life, "transport-closed");
    } else if (idleCap !== undefined) {
      reasons.set(life, "max-idle-per-origin");
    } else if (client.name === "go") {
      // Go's transport keeps a connection whose body was read to its end, so the body was not.
      reasons.set(life, "body-unread");
    } else {
      reasons.set(life, "idle-closed-by-caller");
      dropped.push(life);
    }
  }
  const owners = ownersOf(lives, dropped, isLast);
  const idleTimeout = sameAge(ended.filter((life) => reasons.get(life) === "idle-timeout"));
  return {
    client,
    lives,
    reasons,
    ...(owners === undefined ? {} : { owners }),
    ...(idleCap === undefined ? {} : { idleCap }),
    ...(idleTimeout === undefined ? {} : { idleTimeout }),
  };
}

function isLate({ ending }: Life): boolean {
  return ending?.verdict === "after-idling" && (ending.idleFor ?? LATE) < LATE;
}

/**
 * The number of idle connections that a client keeps, if it ends the others at once. Beside one that it ends there are
 * then, but for the first wave, hardly ever fewer than that, and often just as many; a body left unread has its
 * connection ended whatever is beside it.
 */
function capOf(atOnce: readonly Life[], demandAtOnce: number, usual: number | undefined): number | undefined {
  const times: number[] = [];
  for (const { kept } of atOnce) times[kept] = (times[kept] ?? 0) + 1;
  const [alone = 0, ...beside] = times;
  const firstWave = demandAtOnce * (demandAtOnce >= CROWD ? 5 : 1.2);
  const total = atOnce.length - alone;
  if (alone > firstWave || total < 2) return undefined;
  // In a crowd the order of events is blurred too much for a sharp floor; most stay near the cap all the same.
  if (demandAtOnce >= CROWD && usual !== undefined && half(beside, total) <= 2 * usual + 2) return usual;
  const peak = Math.max(...beside.map((count) => count ?? 0));
  let fewer = 0;
  for (const [index, often = 0] of beside.entries()) {
    const cap = index + 1;
    const isFloor = fewer <= often * RARELY && often >= peak * (cap === 1 ? 1 : PEAK);
    // A library's default needs no more evidence than that it fits.
    if (isFloor && (cap === usual || fewer + often > total * SELDOM)) return cap;
    fewer += often;
    if (fewer > total * SELDOM && cap >= (usual ?? 0)) return undefined;
  }
  return undefined;
}

/** The number of kept connections that half of the ended ones had at most beside them. */
function half(beside: readonly (number | undefined)[], total: number): number {
  let sum = 0;
  for (const [index, count = 0] of beside.entries()) {
    sum += count;
    if (sum >= total / 2) return index + 1;
  }
  return beside.length;
}

/** Connections that each had an owner of their own: dropped after use, or left idle while others were dialed. */
function ownersOf(
  lives: readonly Life[],
  dropped: readonly Life[],
  isLast: (life: Life) => boolean,
): Inference["owners"] {
  const known = new Set(dropped);
  const left = lives.filter(
    (life) =>
      (life.requests === 1 || life.requests === 2) &&
      (life.ending === undefined ||
        life.ending.verdict === "after-idling" ||
        (life.ending.verdict === "after-response" && isLast(life))) &&
      !known.has(life),
  );
  const bypassed = left.filter((life) => life.bypassed);
  const requests = lives.reduce((sum, life) => sum + life.requests, 0);
  const isHabit =
    bypassed.length >= MANY && bypassed.length >= lives.length / 2 && requests <= lives.length * FEW_REQUESTS;
  const owned = [...dropped, ...(isHabit ? left : [])];
  if (owned.length < 2) return undefined;
  return { created: owned.length, requests: owned.reduce((sum, life) => sum + life.requests, 0) };
}

function sameAge(lives: readonly Life[]): number | undefined {
  const ages = lives.map((life) => life.ending?.idleFor ?? 0).sort((a, b) => a - b);
  const [first, last] = [ages[0], ages.at(-1)];
  if (first === undefined || last === undefined || ages.length < 2 || last > first * SAME_AGE)
    return undefined;
  return Math.round(last);
}

/** The lives of each client library. A connection without a request is counted to the one that made most. */
export function byClient(lives: readonly Life[]): [ObservedClient, Life[]][] {
  const groups = new Map<string, [ObservedClient, Life[]]>();
  const silent: Life[] = [];
  for (const life of lives) {
    if (life.client === undefined) {
      silent.push(life);
      continue;
    }
    const group = groups.get(life.client.name);
    if (group === undefined) groups.set(life.client.name, [life.client, [life]]);
    else group[1].push(life);
  }
  const ranked = [...groups.values()].sort((a, b) => b[1].length - a[1].length);
  if (ranked[0] !== undefined) ranked[0][1].push(...silent);
  else if (silent.length > 0) ranked.push([UNNAMED, silent]);
  return ranked;
}
