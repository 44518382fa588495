import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { buildReport, mergeReports } from "./build.js";
import type { ClientFacts, Facts, OriginFacts } from "./facts.js";
import { mergeFacts } from "./merge.js";

const figure = fc.integer({ min: 1, max: 200 });
const time = fc.double({ min: 0.0001, max: 5000, noNaN: true });
const some = <K extends string>(...names: K[]): fc.Arbitrary<Partial<Record<K, number>>> =>
  fc.dictionary(fc.constantFrom(...names), figure, { maxKeys: names.length }) as fc.Arbitrary<
    Partial<Record<K, number>>
  >;

const timed = <K extends string>(...names: K[]): fc.Arbitrary<Partial<Record<K, number>>> =>
  fc.dictionary(fc.constantFrom(...names), time) as fc.Arbitrary<Partial<Record<K, number>>>;

const originFacts: fc.Arbitrary<OriginFacts> = fc.record({
  origin: fc.constantFrom(
    "http://127.0.0.1:80",
    "http://localhost:80",
    "https://example.test",
    "http://a.test:8080",
  ),
  client: fc.constantFrom("trunkline", "undici", "node:http"),
  counts: fc
    .tuple(
      timed("connectMs", "tlsMs", "queuedMs"),
      some("requests", "connections", "dialFailures", "queued", "staleRetries", "unused", "tlsHandshakes"),
    )
    .map(([times, numbers]) => ({ ...times, ...numbers })),
  most: some("openAtOnce", "demandAtOnce", "idleTimeout", "dialingAtOnce"),
  least: some("learnedIdleLimit", "announcedIdleLimit"),
  openedFor: some("first-use", "all-busy", "evicted", "preconnect"),
  closed: some("max-idle", "server-said-close", "http-1.0", "body-unread", "idle-timeout"),
  redialed: some("max-idle", "idle-timeout", "server-closed-idle"),
  errors: some("ECONNREFUSED", "ERR_TRUNKLINE_TIMEOUT"),
  sites: fc.record({ "body-unread": some("/a.js:1:1", "/b.js:2:2") }),
});

const evidenceOfProcess = (process: string): fc.Arbitrary<Facts> =>
  fc.record({
    origins: fc.array(originFacts, { maxLength: 6 }),
    clients: fc.array(
      fc.record({
        process: fc.constant(process),
        client: fc.constantFrom("trunkline", "undici"),
        type: fc.constant("Agent"),
        site: fc.constantFrom("/a.js:1:1", "/b.js:2:2"),
        created: figure,
        requests: figure,
      }) as fc.Arbitrary<ClientFacts>,
      { maxLength: 3 },
    ),
    modules: fc.array(
      fc.record({
        process: fc.constant(process),
        name: fc.constant("undici"),
        path: fc.constantFrom("/x", "/y"),
      }),
      { maxLength: 2 },
    ),
    dropped: fc.nat(10),
  });

const parts = fc.tuple(...["1@1", "1@2", "2@1", "3@1"].map(evidenceOfProcess));

test("mergeReports: the reports of parts, in any order and grouping, merge to the report of the whole", () => {
  fc.assert(
    fc.property(parts, fc.nat(3), (all, split) => {
      const whole = buildReport(mergeFacts(all));
      const reports = all.map(buildReport);
      assert.deepEqual(mergeReports(reports), whole);
      assert.deepEqual(mergeReports([...reports].reverse()), whole);
      const grouped = [mergeReports(reports.slice(0, split)), mergeReports(reports.slice(split))];
      assert.deepEqual(mergeReports(grouped), whole);
    }),
    { numRuns: 300 },
  );
});

test("mergeReports: survives JSON, as reports of other processes come", () => {
  fc.assert(
    fc.property(parts, (all) => {
      const reports = all.map(buildReport);
      const sent = reports.map((report) => JSON.parse(JSON.stringify(report)) as typeof report);
      assert.equal(JSON.stringify(mergeReports(sent)), JSON.stringify(mergeReports(reports)));
      assert.equal(String(mergeReports(sent)), String(mergeReports(reports)));
    }),
    { numRuns: 100 },
  );
});

test("mergeReports: two reports of one process do not count its clients twice", () => {
  const clients = [
    { process: "1@1", client: "trunkline", type: "Transport", site: "/a.js:1:1", created: 8, requests: 8 },
  ];
  const one = buildReport({ origins: [], clients, modules: [], dropped: 0 });
  const both = mergeReports([one, one]);
  assert.deepEqual(
    both.findings.map((finding) => finding.count),
    [8],
  );
});

test("mergeReports: of nothing is a report of nothing, with reuse 1", () => {
  const report = mergeReports([]);
  assert.equal(report.requests, 0);
  assert.equal(report.reuse, 1);
  assert.match(String(report), /nothing to explain/);
});
