// The pool alone, without sockets: a million acquire/release over 100 to 100,000 origins. The time of one must not
// depend on how many origins, connections and waiters there are: at most 2 times from the fewest to the most.
//
//     node bench/pool-simulation.mjs [--json]
import { existsSync } from "node:fs";
import { performance } from "node:perf_hooks";

const ORIGINS = [100, 1000, 10_000, 100_000];
const OPERATIONS = 1_000_000;
/** The target: time for the most origins over time for the fewest. */
const FLAT = 2;
const ROUNDS = 5;

const compiled = new URL(`${process.env.TRUNKLINE_COMPILED ?? "../.build"}/src/pool/index.js`, import.meta.url);
if (!existsSync(compiled)) {
  console.error("The pool is not compiled yet: run npm run build once, then this again.");
  process.exit(1);
}
const { Pool, Waiter, checkInvariants } = await import(compiled.href);

const NONE = Number.POSITIVE_INFINITY;
const DEFAULTS = {
  maxConnections: NONE,
  maxConnectionsPerOrigin: NONE,
  maxIdleConnections: 1024,
  maxIdleConnectionsPerOrigin: 1024,
  maxDialingPerOrigin: 64,
  maxWaiting: NONE,
  queueTimeout: NONE,
  idleTimeout: 55_000,
  maxConnectionAge: NONE,
  maxRequestsPerConnection: NONE,
  keepAlive: true,
};

/** Numbers in [0, 2^32) from a seed, so that every run does the same. */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
}

/** A pool whose dials succeed as soon as they are asked for. */
function makePool(limits) {
  let ids = 0;
  const dials = [];
  const effects = {
    dial: (member) => dials.push(member),
    assign: () => {},
    reject: () => {},
    close: () => {},
    wake: () => {},
    check: () => true,
  };
  const pool = new Pool({ ...DEFAULTS, ...limits }, effects, { random: () => 0.5, nextId: () => ++ids });
  return { pool, dials };
}

/** Nanoseconds of one acquire with its release, origins taken at random. */
function run(origins, limits, inFlight) {
  const { pool, dials } = makePool(limits);
  const keys = Array.from({ length: origins }, (_, index) => `https://origin-${index}.example:443`);
  const waiters = Array.from({ length: inFlight }, () => new Waiter());
  const next = seeded(42);
  let now = 0;
  const once = (key, waiter) => {
    now += 0.01;
    if (waiter.member !== undefined) pool.released(waiter.member, now);
    pool.acquire(waiter, pool.route(key, key), now);
    while (dials.length > 0) pool.dialed(dials.pop(), now);
  };
  for (let index = 0; index < origins; index += 1) once(keys[index], waiters[index % inFlight]);
  // The collector's work on what the set-up left behind is no part of the operations.
  globalThis.gc?.();
  const started = performance.now();
  for (let index = 0; index < OPERATIONS; index += 1) once(keys[next() % origins], waiters[index % inFlight]);
  const nanoseconds = ((performance.now() - started) * 1e6) / OPERATIONS;
  checkInvariants(pool);
  return { nanoseconds, opened: pool.counts.opened };
}

const SCENARIOS = [
  { name: "every origin keeps its connection", limits: () => ({ maxIdleConnections: NONE, maxIdleConnectionsPerOrigin: NONE }), inFlight: 50 },
  { name: "default idle cap of 1024", limits: () => ({}), inFlight: 50 },
  { name: "maxConnections of 64, 200 in flight", limits: () => ({ maxConnections: 64 }), inFlight: 200 },
];

const results = [];
for (const { name, limits, inFlight } of SCENARIOS) {
  const rows = [];
  for (const origins of ORIGINS) {
    const rounds = Array.from({ length: ROUNDS }, () => run(origins, limits(origins), inFlight));
    rounds.sort((one, other) => one.nanoseconds - other.nanoseconds);
    rows.push({ origins, ...rounds[0] });
    console.log(name, origins, rounds.map(r=>r.nanoseconds.toFixed(0)).join(" "), rounds[0].opened);
  }
  results.push({ name, rows });
}
