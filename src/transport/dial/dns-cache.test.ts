import assert from "node:assert/strict";
import { test } from "node:test";
import { type LookupFunction, nodeRuntime } from "../../runtime/index.js";
import type { DnsEntry } from "./dns-cache.js";
import type { DnsOptions } from "./dns-contract.js";
import { type DnsHost, DnsNames, dnsSettings } from "./dns-names.js";
import { askDns, type DnsQueries } from "./dns-source.js";
import { Resolver } from "./resolver.js";

type Records = readonly { address: string; ttl: number }[];
const failure = (code: string): Error => Object.assign(new Error(code), { code });

/** A resolver with a cache on a clock of its own, over scripted answers. */
function setUp(options: DnsOptions = {}, hasLookup = false) {
  const clock = { now: 0 };
  const asked: string[] = [];
  const answers = { a: [] as Records | Error, aaaa: failure("ENODATA") as Records | Error };
  const system = { answer: [] as { address: string; family: number; ttl?: number }[] | Error };
  const deadlines = new Map<string, { entry: DnsEntry; at: number }>();
  const gone: string[] = [];
  const inUse = new Set<string>();
  const host: DnsHost = {
    setDeadline: (entry, at) => deadlines.set((entry as DnsEntry).host, { entry: entry as DnsEntry, at }),
    forget: (entry) => deadlines.delete((entry as DnsEntry).host),
    inUse: (name) => inUse.has(name),
    gone: (name, addresses) => gone.push(`${name} ${addresses.join(",")}`),
  };
  const query =
    (kind: "a" | "aaaa"): DnsQueries["resolve4"] =>
    (name, _options, done) => {
      asked.push(`${kind} ${name}`);
      const answer = answers[kind];
      if (answer instanceof Error) done(answer, undefined);
      else done(null, answer);
    };
  const lookup = ((name, _options, callback) => {
    asked.push(`system ${name}`);
    if (system.answer instanceof Error) callback(system.answer, []);
    else callback(null, system.answer);
  }) as LookupFunction;
  const settings = dnsSettings(options, hasLookup);
  assert.ok(settings !== undefined);
  const queries = { resolve4: query("a"), resolve6: query("aaaa") };
  const names = new DnsNames(settings, host, hasLookup, hasLookup ? undefined : queries);
  const resolver = new Resolver({ ...nodeRuntime, now: () => clock.now }, lookup, 0, 1000, names);
  const ask = (name: string): unknown => {
    let heard: unknown = "nothing";
    resolver.resolve(name, (error, addresses) => {
      heard = error ?? addresses.map(({ address }) => address);
    });
    return heard;
  };
  /** Lets what is due at this time expire. */
  const passTo = (now: number): void => {
    clock.now = now;
    for (const { entry, at } of [...deadlines.values()]) if (at <= now) entry.expired();
  };
  return { clock, asked, answers, system, deadlines, gone, inUse, names, ask, passTo };
}

test("dns cache: keeps an answer for its time to live, the least of both families', IPv6 first", () => {
  const { clock, asked, answers, ask } = setUp();
  answers.a = [
    { address: "192.0.2.1", ttl: 60 },
    { address: "192.0.2.2", ttl: 30 },
  ];
  answers.aaaa = [{ address: "2001:db8::1", ttl: 40 }];
  assert.deepEqual(ask("a.test"), ["2001:db8::1", "192.0.2.1", "192.0.2.2"]);
  clock.now = 29_999;
  assert.deepEqual(ask("a.test"), ["2001:db8::1", "192.0.2.1", "192.0.2.2"]);
  assert.deepEqual(asked, ["aaaa a.test", "a a.test"]);
  clock.now = 30_000;
  ask("a.test");
  assert.equal(asked.length, 4);
});

test("dns cache: minTtl and maxTtl bound the time to live", () => {
  for (const [ttl, kept] of [
    [0, 1000],
    [1, 1000],
    [7, 7000],
    [100_000, 300_000],
  ] as const) {
    const { clock, asked, answers, ask } = setUp();
    answers.a = [{ address: "192.0.2.1", ttl }];
    ask("a.test");
    clock.now = kept - 1;
    ask("a.test");
    assert.equal(asked.length, 2, `${ttl}`);
    clock.now = kept;
    ask("a.test");
    assert.equal(asked.length, 4, `${ttl}`);
  }
});

test("dns cache: half an answer is used and kept shortly", () => {
  const { clock, asked, answers, ask } = setUp();
  answers.a = [{ address: "192.0.2.1", ttl: 60 }];
  answers.aaaa = failure("ETIMEOUT");
  assert.deepEqual(ask("a.test"), ["192.0.2.1"]);
  clock.now = 1000;
  ask("a.test");
  assert.equal(asked.length, 4);
});

test("dns cache: what DNS does not know, and names of this machine's network, the system is asked for", () => {
  const { clock, asked, answers, system, ask } = setUp();
  answers.a = failure("ENOTFOUND");
  answers.aaaa = failure("ENOTFOUND");
  system.answer = [{ address: "10.0.0.1", family: 4 }];
  assert.deepEqual(ask("in-hosts.test"), ["10.0.0.1"]);
  for (const name of ["localhost", "printer.local", "web.localhost", "intranet"]) ask(name);
  assert.deepEqual(asked.slice(2), [
    "system in-hosts.test",
    "system localhost",
    "system printer.local",
    "system web.localhost",
    "system intranet",
  ]);
  clock.now = 9999;
  ask("intranet");
  assert.equal(asked.length, 7);
  clock.now = 10_000;
  ask("intranet");
  assert.equal(asked.length, 8);
});

test("dns cache: a name that does not exist is remembered for negativeTtl, another failure not at all", () => {
  const { clock, asked, answers, system, ask } = setUp();
  answers.a = failure("ENOTFOUND");
  system.answer = failure("ENOTFOUND");
  assert.match(String(ask("a.test")), /ENOTFOUND/);
  clock.now = 4999;
  assert.match(String(ask("a.test")), /ENOTFOUND/);
  assert.equal(asked.length, 3);
  clock.now = 5000;
  ask("a.test");
  assert.equal(asked.length, 6);
  system.answer = failure("EAI_AGAIN");
  ask("b.test");
  ask("b.test");
  assert.equal(asked.length, 12);
});

test("dns cache: the names used last are kept, and no deadline of a dropped one is left", () => {
  const { asked, answers, deadlines, names, ask } = setUp({ maxNames: 2 });
  answers.a = [{ address: "192.0.2.1", ttl: 60 }];
  for (const name of ["a.test", "b.test", "a.test", "c.test"]) ask(name);
  assert.deepEqual([...deadlines.keys()], ["a.test", "c.test"]);
  assert.equal(asked.length, 6);
  ask("a.test");
  assert.equal(asked.length, 6);
  names.clear();
  assert.equal(deadlines.size, 0);
});

test("dns cache: a lookup option's answers are kept, for their own ttl where they have one", () => {
  const { clock, asked, system, ask } = setUp({}, true);
  system.answer = [{ address: "192.0.2.1", family: 4, ttl: 3 }];
  ask("a.test");
  clock.now = 2999;
  assert.deepEqual(ask("a.test"), ["192.0.2.1"]);
  assert.deepEqual(asked, ["system a.test"]);
  clock.now = 3000;
  ask("a.test");
  assert.equal(asked.length, 2);
});

test("dns cache: a name in use is resolved again as it expires, and an address absent twice in a row is gone", () => {
  const { asked, answers, gone, inUse, ask, passTo } = setUp();
  const only = (...addresses: string[]): void => {
    answers.a = addresses.map((address) => ({ address, ttl: 10 }));
  };
  only("192.0.2.1", "192.0.2.2");
  ask("a.test");
  passTo(10_000);
  assert.equal(asked.length, 2, "nobody uses it");
  ask("a.test");
  inUse.add("a.test");
  only("192.0.2.2");
  passTo(20_000);
  assert.deepEqual([asked.length, gone], [6, []]);
  only("192.0.2.1", "192.0.2.3"); // .1 is back, .2 absent once
  passTo(30_000);
  assert.deepEqual(gone, []);
  only("192.0.2.3");
  passTo(40_000);
  assert.deepEqual(gone, ["a.test 192.0.2.2"]);
  answers.a = failure("ESERVFAIL"); // an outage ends no connection, and is asked about again
  passTo(50_000);
  assert.deepEqual(gone, ["a.test 192.0.2.2"]);
  only("192.0.2.3");
  passTo(60_000);
  assert.deepEqual(gone, ["a.test 192.0.2.2", "a.test 192.0.2.1"]);
});

test("dnsSettings: refuses what it does not know or cannot use", () => {
  const check =
    (options: object, hasLookup = false) =>
    () =>
      dnsSettings(options, hasLookup);
  assert.throws(check({ ttl: 5 }), /dns\.ttl: there is no such setting/);
  assert.throws(check({ maxTtl: -1 }), RangeError);
  assert.throws(check({ minTtl: "1" }), RangeError);
  assert.throws(check({ servers: ["one.one.one.one"] }), /not an IP address/);
  assert.throws(check({ servers: ["192.0.2.1"] }, true), /together with lookup/);
  assert.deepEqual(
    dnsSettings({ servers: ["192.0.2.1", "192.0.2.1:53", "[::1]:53", "::1"] }, false)?.retire,
    true,
  );
  assert.equal(dnsSettings(undefined, false), undefined);
});

/** Both families' queries, answered by hand, and a clock for their waits. */
function byHand(family: 0 | 4 | 6 = 0) {
  type Answer = (error: unknown, records?: readonly { address: string; ttl: number }[]) => void;
  const answer: { a?: Answer; aaaa?: Answer } = {};
  const waits: { callback: () => void; milliseconds: number; stopped: boolean }[] = [];
  const heard: unknown[] = [];
  let cancelled = 0;
  let system: { error: unknown; addresses: { address: string; family: number }[] } = {
    error: failure("ENOTFOUND"),
    addresses: [],
  };
  askDns(
    {
      resolve4: (_host, _options, done) => {
        answer.a = (error, records) => done(error, records);
      },
      resolve6: (_host, _options, done) => {
        answer.aaaa = (error, records) => done(error, records);
      },
      cancel: () => {
        cancelled += 1;
      },
    },
    (_host, done) => done(system.error, system.addresses),
    (callback, milliseconds) => {
      const wait = { callback, milliseconds, stopped: false };
      waits.push(wait);
      return () => {
        wait.stopped = true;
      };
    },
    "a.test",
    family,
    (error, { addresses, ttl, lacks }) =>
      heard.push(error ?? { addresses: addresses.map(({ address }) => address), ttl, lacks }),
  );
  return {
    answer,
    waits,
    heard,
    cancelled: () => cancelled,
    systemSays: (given: typeof system) => {
      system = given;
    },
  };
}

const V4 = [{ address: "192.0.2.1", ttl: 60 }];
const V6 = [{ address: "2001:db8::1", ttl: 40 }];

test("dns: IPv4 addresses wait 50 ms for the others, and what is late is given up", () => {
  const { answer, waits, heard, cancelled } = byHand();
  answer.a?.(null, V4);
  assert.deepEqual([heard, waits.map(({ milliseconds }) => milliseconds)], [[], [50]]);
  waits[0]?.callback();
  assert.deepEqual(heard, [{ addresses: ["192.0.2.1"], ttl: 60, lacks: 6 }]);
  assert.equal(cancelled(), 1);
  answer.aaaa?.(failure("ECANCELLED"));
  answer.aaaa?.(null, V6);
  assert.equal(heard.length, 1);
});

test("dns: IPv6 addresses that come within 50 ms are part of the answer", () => {
  const { answer, waits, heard, cancelled } = byHand();
  answer.a?.(null, V4);
  answer.aaaa?.(null, V6);
  assert.deepEqual(heard, [{ addresses: ["2001:db8::1", "192.0.2.1"], ttl: 40, lacks: undefined }]);
  assert.deepEqual([waits[0]?.stopped, cancelled()], [true, 0]);
  waits[0]?.callback();
  assert.equal(heard.length, 1);
});

test("dns: IPv6 addresses wait a second for the others; no addresses at all wait for nothing", () => {
  const late = byHand();
  late.answer.aaaa?.(null, V6);
  assert.deepEqual(
    late.waits.map(({ milliseconds }) => milliseconds),
    [1000],
  );
  late.waits[0]?.callback();
  assert.deepEqual(late.heard, [{ addresses: ["2001:db8::1"], ttl: 40, lacks: 4 }]);
  for (const error of [failure("ENODATA"), failure("ESERVFAIL"), failure("ETIMEOUT")]) {
    const { answer, waits, heard } = byHand();
    answer.aaaa?.(error);
    assert.equal(waits.length, 0);
    answer.a?.(null, V4);
    assert.equal(heard.length, 1);
  }
});

test("dns: a server that failed for now is reported as it is, where the system knows no such name", () => {
  for (const broken of ["ESERVFAIL", "EREFUSED", "ETIMEOUT", "ECONNREFUSED", "EFORMERR"]) {
    const { answer, heard } = byHand();
    answer.aaaa?.(failure("ENOTFOUND"));
    answer.a?.(failure(broken));
    assert.equal((heard[0] as { code: string }).code, broken);
    const only = byHand(4);
    only.answer.a?.(failure(broken));
    assert.equal((only.heard[0] as { code: string }).code, broken);
    const known = byHand();
    known.systemSays({ error: undefined, addresses: [{ address: "192.0.2.9", family: 4 }] });
    known.answer.aaaa?.(failure(broken));
    known.answer.a?.(failure(broken));
    assert.deepEqual((known.heard[0] as { addresses: string[] }).addresses, ["192.0.2.9"]);
  }
  const { answer, heard } = byHand();
  answer.aaaa?.(failure("ENODATA"));
  answer.a?.(failure("ENOTFOUND"));
  assert.equal((heard[0] as { code: string }).code, "ENOTFOUND");
});

test("dns cache: SERVFAIL and REFUSED are not remembered as no such name", () => {
  const { asked, answers, system, ask } = setUp();
  for (const broken of ["ESERVFAIL", "EREFUSED"]) {
    system.answer = failure("ENOTFOUND");
    answers.a = answers.aaaa = failure(broken);
    assert.equal((ask(`${broken}.test`) as { code: string }).code, broken);
    asked.length = 0;
    answers.a = [{ address: "192.0.2.1", ttl: 0 }];
    answers.aaaa = [];
    assert.deepEqual(ask(`${broken}.test`), ["192.0.2.1"]);
    assert.equal(asked.length, 2);
  }
});

test("dns cache: addresses of a family whose answer failed are not gone", () => {
  const { answers, gone, ask, passTo } = setUp();
  answers.a = V4;
  answers.aaaa = V6;
  ask("a.test");
  answers.aaaa = failure("ESERVFAIL");
  for (const at of [60_000, 120_000, 180_000]) {
    passTo(at);
    ask("a.test");
  }
  assert.deepEqual(gone, []);
});
