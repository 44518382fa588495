// The pool alone, without sockets: a million acquire/release over 100 to 100,000 origins, whose connections are all
// kept. What the pool does for one must not depend on how many there are.
//
//     node bench/pool-simulation.mjs [--json]
//
// Asserted for a crawl: 50 workers, each of which makes 50 requests to an origin before it goes on to the next, so that
// a step that grows with the number of origins would show; and for the same crawl with all workers at one origin, whose
// one connection carries all their requests at once. Beside it, every request to another origin at random: there
// the processor waits for main memory each time, as it does when the same origins are looked up in a bare Map of
// strings (the last column).
import { existsSync } from "node:fs";

const ORIGINS = [100, 1000, 10_000, 100_000];
const OPERATIONS = 1_000_000;
/** The target: processor time for the most origins over that for the fewest. */
const FLAT = 2;
const ROUNDS = 3;
const WORKERS = 50;
const REQUESTS_PER_VISIT = 50;

const folder = process.env.TRUNKLINE_COMPILED ?? new URL("../.build", import.meta.url).href;
const compiled = new URL(`${folder}/src/pool/index.js`, import.meta.url);
if (!existsSync(compiled)) {
  console.error("The pool is not compiled: run npm run build once, then this again.");
  process.exit(1);
}
const { Pool, Waiter, checkInvariants } = await import(compiled.href);

const NONE = Number.POSITIVE_INFINITY;
const LIMITS = {
  maxConnections: NONE,
  maxConnectionsPerOrigin: NONE,
  maxIdleConnections: NONE,
  maxIdleConnectionsPerOrigin: NONE,
  maxDialingPerOrigin: 64,
  maxWaiting: NONE,
  queueTimeout: NONE,
  idleTimeout: 55_000,
  maxConnectionAge: NONE,
  maxRequestsPerConnection: NONE,
  keepAlive: true,
};

/** A pool whose dials succeed as soon as they are asked for. */
function makePool() {
  let ids = 0;
  const dials = [];
  const effects = {
    dial: (member) => dials.push(member),
    assign: () => {},
    reject: () => {},
    close: () => {},
    wake: () => {},
    check: () => undefined,
  };
  return { pool: new Pool(LIMITS, effects, { random: () => 0.5, nextId: () => ++ids }), dials };
}

/** Which origin each operation goes to. */
const PATTERNS = {
  shared(operation, origins) {
    return Math.floor(operation / (WORKERS * REQUESTS_PER_VISIT)) % origins;
  },
  crawl(operation, origins) {
    const round = Math.floor(operation / (WORKERS * REQUESTS_PER_VISIT));
    return (round * WORKERS + (operation % WORKERS)) % origins;
  },
  random(operation, origins) {
    // A multiplicative hash: the same in every run, and no generator's state to pay for.
    return (Math.imul(operation + 1, 2_654_435_761) >>> 0) % origins;
  },
};

const keysOf = (origins) =>
  Array.from({ length: origins }, (_, index) => `https://origin-${index}.example:443`);

/** Nanoseconds of processor time that each of the operations took. */
function measure(operate) {
  // What the set-up left behind is not for the operations to clean up.
  globalThis.gc?.();
  const before = process.cpuUsage();
  for (let operation = 0; operation < OPERATIONS; operation += 1) operate(operation);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / OPERATIONS;
}

function simulate(pattern, origins) {
  const { pool, dials } = makePool();
  const waiters = Array.from({ length: WORKERS }, () => new Waiter());
  const choices = Uint32Array.from({ length: OPERATIONS }, (_, index) => PATTERNS[pattern](index, origins));
  let now = 0;
  // As the transport does, which finds the route of a request by its own means.
  const shared = pattern === "shared";
  const routes = keysOf(origins).map((key) => pool.route(key, key, shared));
  const limit = shared ? NONE : undefined;
  const request = (route, waiter) => {
    now += 0.01;
    if (waiter.member !== undefined) pool.released(waiter.member, waiter, now);
    pool.acquire(waiter, route, now);
    while (dials.length > 0) pool.dialed(dials.pop(), now, limit);
  };
  // Each connection is dialed, and used once more, before the clock starts.
  for (let index = 0; index < 2 * origins; index += 1)
    request(routes[index % origins], waiters[index % WORKERS]);
  const nanoseconds = measure((operation) =>
    request(routes[choices[operation]], waiters[operation % WORKERS]),
  );
  checkInvariants(pool);
  return { nanoseconds, connections: pool.counts.open };
}

/** The same choices at random, from a Map of strings to small objects. */
function lookUp(origins) {
  const keys = keysOf(origins);
  const map = new Map(keys.map((key) => [key, { value: 1 }]));
  const choices = Uint32Array.from({ length: OPERATIONS }, (_, index) => PATTERNS.random(index, origins));
  let sum = 0;
  const nanoseconds = measure((operation) => {
    sum += map.get(keys[choices[operation]]).value;
  });
  return { nanoseconds: sum === OPERATIONS ? nanoseconds : Number.NaN };
}

const best = (run) => Math.min(...Array.from({ length: ROUNDS }, () => run().nanoseconds));

simulate("crawl", 1000);
simulate("shared", 1000);
simulate("random", 1000);
lookUp(1000);
const rows = ORIGINS.map((origins) => ({
  origins,
  crawl: best(() => simulate("crawl", origins)),
  shared: best(() => simulate("shared", origins)),
  random: best(() => simulate("random", origins)),
  map: best(() => lookUp(origins)),
}));
const growth = (column) => rows.at(-1)[column] / rows[0][column];
const passed = growth("crawl") <= FLAT && growth("shared") <= FLAT;

if (process.argv.includes("--json")) {
  const ratios = {
    crawl: growth("crawl"),
    shared: growth("shared"),
    random: growth("random"),
    map: growth("map"),
  };
  console.log(
    JSON.stringify({ operations: OPERATIONS, rows, growth: ratios, target: FLAT, passed }, null, 2),
  );
} else {
  const line = (cells) => console.log(cells.map((cell) => String(cell).padStart(12)).join(""));
  const figures = (row) =>
    [row.crawl, row.shared, row.random, row.map].map((value) => `${value.toFixed(0)} ns`);
  line(["origins", "crawl", "shared", "random", "bare Map"]);
  for (const row of rows) line([row.origins.toLocaleString("en"), ...figures(row)]);
  line(["growth", ...["crawl", "shared", "random", "map"].map((column) => `${growth(column).toFixed(1)} x`)]);
  console.log(`crawl and shared: at most ${FLAT} x: ${passed ? "pass" : "MISSED"}`);
}
process.exitCode = passed ? 0 : 1;
