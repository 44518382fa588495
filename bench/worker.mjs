// One client, one workload, one process: `node worker.mjs '{"client":…}'` prints its figures as one line of JSON.
import { performance } from "node:perf_hooks";
import { getHeapSpaceStatistics } from "node:v8";
import { largeBytes } from "./lib/documents.mjs";
import { Meter, percentiles } from "./lib/meter.mjs";

const task = JSON.parse(process.argv[2]);
const [module, way] = task.client.split(":");
const { create } = await import(`./clients/${module}.mjs`);
const { origin, concurrency, kind } = task;
// At a fixed rate every client has the same limit, else one that is late answers with more and more connections.
const client = await create({ origin, concurrency, way, capped: kind === "openLoop" });

const isSmall = (text) => text.length === 46;
const verify = {
  text: isSmall,
  post: isSmall,
  json: (value) => value.id === 42,
  page: (value) => value.total === 24,
};

/** `concurrency` callers, each with its next request as soon as the last one is done. */
async function closedLoop({ operation, concurrency, warmup, duration }) {
  const meter = new Meter(verify[operation]);
  const figures = meter.run(warmup, duration);
  const call = client[operation];
  const caller = async () => {
    let going = true;
    while (going) {
      const begun = meter.begin();
      going = meter.end(begun, await call());
    }
  };
  await (client.loop?.(operation, concurrency, meter) ??
    Promise.all(Array.from({ length: concurrency }, caller)));
  return figures;
}

/**
 * Requests at a fixed rate whatever the answers do, in seeded Poisson order. Latency counts from when a request was
 * due, so a client that stalls the loop pays for the requests it kept from starting.
 */
async function openLoop({ operation, rate, warmup, duration }) {
  const random = seededRandom(20_000);
  const call = client[operation];
  const latencies = [];
  const started = performance.now();
  const end = started + warmup + duration;
  let due = started;
  let pending = 0;
  const send = async (dueAt) => {
    pending += 1;
    await call();
    pending -= 1;
    if (dueAt >= started + warmup) latencies.push(performance.now() - dueAt);
  };
  for (let now = started; now < end || pending > 0; now = performance.now()) {
    for (; due < end && due <= now; due += (-Math.log(1 - random()) * 1000) / rate) send(due);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const seconds = duration / 1000;
  return { requests: latencies.length, seconds, rps: latencies.length / seconds, ...percentiles(latencies) };
}

/** Whole transfers of 64 MiB, one after the other. */
async function transfers({ operation, times }) {
  const check = (result) => {
    const whole = operation === "upload" ? isSmall(result) : result === largeBytes;
    if (!whole) throw new Error("the transfer was cut short");
  };
  check(await client[operation]());
  const started = performance.now();
  const cpu = process.cpuUsage();
  for (let time = 0; time < times; time += 1) check(await client[operation]());
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - started) / 1000;
  const gigabytes = (times * largeBytes) / 1e9;
  return {
    requests: times,
    seconds,
    gigabytesPerSecond: gigabytes / seconds,
    cpuMillisPerGigabyte: (user + system) / 1000 / gigabytes,
  };
}

/** Calls that need no server: the cost of one, of many in a row. */
async function calls({ operation, warmup, duration }) {
  const call = client[operation];
  const many = (until) => {
    let count = 0;
    for (; performance.now() < until; count += 100) for (let i = 0; i < 100; i += 1) call();
    return count;
  };
  many(performance.now() + warmup / 2);
  const cpu = process.cpuUsage();
  const count = many(performance.now() + duration / 2);
  const { user, system } = process.cpuUsage(cpu);
  return { requests: count, cpuMicrosPerRequest: (user + system) / count };
}

/** Resident memory that `concurrency` idle connections add to a client that has made its first request. */
async function idleMemory({ concurrency }) {
  await client.text?.();
  const before = await settledMemory();
  const kept = await client.hold(concurrency);
  const after = await settledMemory();
  const each = (name) => (after[name] - before[name]) / 1024 / concurrency;
  const parts = Object.fromEntries(Object.keys(after).map((name) => [name, each(name)]));
  return { requests: kept.length, rssKilobytesEach: parts.resident, parts };
}

/** Bytes, by where they are. V8 keeps pages of its own beyond its heap, which only the whole shows. */
async function settledMemory() {
  for (let turn = 0; turn < 6; turn += 1) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 100)); // freed pages go back to the system in the background
  }
  const resident = process.memoryUsage.rss();
  const { heapUsed, heapTotal } = process.memoryUsage();
  const young = getHeapSpaceStatistics().find((space) => space.space_name === "new_space");
  return { resident, live: heapUsed, heap: heapTotal, young: young.physical_space_size };
}

function seededRandom(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const kinds = { closedLoop, openLoop, transfers, calls, idleMemory };
const figures = await kinds[kind](task);
process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit());
