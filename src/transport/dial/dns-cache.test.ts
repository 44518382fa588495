import assert from "node:assert/strict";
import { test } from "node:test";
import { type LookupFunction, nodeRuntime } from "../../runtime/index.js";
import type { DnsEntry } from "./dns-cache.js";
import type { DnsOptions } from "./dns-contract.js";
import { type DnsHost, DnsNames, dnsSettings } from "./dns-names.js";
import type { DnsQueries } from "./dns-source.js";
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
  assert.throws(check({ ttl: 5 }), /dns\.ttl as there is no such setting/);
  assert.throws(check({ maxTtl: -1 }), RangeError);
  assert.throws(check({ minTtl: "1" }), RangeError);
  assert.throws(check({ servers: ["one.one.one.one"] }), /no IP address/);
  assert.throws(check({ servers: ["192.0.2.1"] }, true), /together with lookup/);
  assert.deepEqual(
    dnsSettings({ servers: ["192.0.2.1", "192.0.2.1:53", "[::1]:53", "::1"] }, false)?.retire,
    true,
  );
  assert.equal(dnsSettings(undefined, false), undefined);
});
