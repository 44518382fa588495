import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type CountName,
  type Facts,
  type MostName,
  NO_FACTS,
  noOriginFacts,
  type OriginFacts,
  ownerKey,
} from "./facts.js";
import { findings } from "./findings.js";
import type { FindingKind } from "./report.js";

type Given = Partial<Omit<OriginFacts, "origin">>;

function of(...origins: Given[]): Facts {
  return {
    ...NO_FACTS,
    origins: origins.map((given, index) => ({
      ...noOriginFacts(`http://server${index}.test`, "trunkline"),
      ...given,
    })),
  };
}

function kinds(all: Facts): FindingKind[] {
  return findings(all).map((finding) => finding.kind);
}

const counts = (given: Partial<Record<CountName, number>>): Pick<OriginFacts, "counts"> => ({
  counts: given,
});
const most = (given: Partial<Record<MostName, number>>): Pick<OriginFacts, "most"> => ({ most: given });

test("findings: none for no facts and for healthy traffic", () => {
  assert.deepEqual(kinds(NO_FACTS), []);
  const healthy: Given = {
    ...counts({
      requests: 1000,
      connections: 100,
      tlsHandshakes: 100,
      tlsResumed: 3,
      tlsMs: 500,
      connectMs: 100,
      dnsLookups: 1,
      dnsMs: 30,
    }),
    ...most({ openAtOnce: 100, dialingAtOnce: 100, demandAtOnce: 100, idleTimeout: 55_000 }),
    openedFor: { "first-use": 1, "all-busy": 99 },
    closed: {
      "idle-timeout": 80,
      "server-said-close": 10,
      "transport-closed": 10,
      aborted: 1,
      "request-said-close": 1,
    },
  };
  assert.deepEqual(kinds(of(healthy)), []);
});

test("findings: a server that restarts, and ends all idle connections once, is not a race", () => {
  const restarted: Given = {
    ...counts({ requests: 500, connections: 20 }),
    ...most({ idleTimeout: 55_000 }),
    least: { learnedIdleLimit: 300 },
    closed: { "server-closed-idle": 10 },
    redialed: { "server-closed-idle": 1 },
  };
  assert.deepEqual(kinds(of(restarted)), []);
});

test("findings: idle-timeout-race is high where requests failed, and needs a limit below the client's", () => {
  const race: Given = {
    ...counts({ requests: 50, connections: 20, staleFailures: 2 }),
    ...most({ idleTimeout: 55_000 }),
    least: { learnedIdleLimit: 5_000 },
  };
  const found = findings(of(race)).find((finding) => finding.kind === "idle-timeout-race");
  assert.equal(found?.severity, "high");
  assert.match(found.remedy, /idleTimeout: 4000/);
  assert.ok(!kinds(of({ ...race, ...most({ idleTimeout: 4_000 }) })).includes("idle-timeout-race"));
  assert.ok(!kinds(of({ ...race, least: {} })).includes("idle-timeout-race"));
});

test("findings: idle-timeout-short is not blamed on the client where the server's limit is what binds", () => {
  const short: Given = {
    ...counts({ requests: 50, connections: 20 }),
    ...most({ idleTimeout: 4_000 }),
    closed: { "idle-timeout": 10 },
    redialed: { "idle-timeout": 10 },
  };
  assert.deepEqual(kinds(of(short)), ["idle-timeout-short"]);
  assert.deepEqual(kinds(of({ ...short, least: { announcedIdleLimit: 5_000 } })), ["server-idle-short"]);
});

test("findings: a server that closes now and then is none that closes each response", () => {
  const closing = (closed: number): Given => ({
    ...counts({ requests: 1000, connections: closed }),
    closed: { "server-said-close": closed },
  });
  assert.deepEqual(kinds(of(closing(10))), []);
  assert.deepEqual(kinds(of(closing(900))), ["server-closes-each"]);
});

test("findings: a client for each request is judged in each process, and added up over all", () => {
  const made = (process: string, created: number, requests: number): Facts["clients"][number] => ({
    process,
    client: "undici",
    type: "Agent",
    site: "/app/a.js:3:9",
    created,
    requests,
  });
  const with_ = (...clients: Facts["clients"][number][]): Facts => ({ ...NO_FACTS, clients });
  assert.deepEqual(kinds(with_(made("1", 1, 1), made("2", 1, 1), made("3", 4, 4))), []);
  assert.deepEqual(kinds(with_(made("1", 20, 4000))), []);
  assert.deepEqual(kinds(with_(made("1", 20, 0))), []);
  const [found, ...others] = findings(with_(made("1", 20, 20), made("2", 30, 30)));
  assert.deepEqual(others, []);
  assert.equal(found?.count, 50);
  assert.equal(found?.site, "/app/a.js:3:9");
  assert.match(found?.remedy ?? "", /new Agent\(\)/);
});

test("findings: the remedy is in the words of the client that it was seen in", () => {
  const churn = (client: string): string => {
    const facts: OriginFacts = {
      ...noOriginFacts("http://a.test", client),
      counts: { requests: 100, connections: 50 },
      redialed: { "max-idle-per-origin": 40 },
      most: { demandAtOnce: 30, maxIdleConnectionsPerOrigin: 2 },
    };
    return findings({ ...NO_FACTS, origins: [facts] })[0]?.remedy ?? "";
  };
  assert.match(churn("trunkline"), /new Transport\(\{ maxIdleConnectionsPerOrigin: 30 \}\)/);
  assert.match(churn("node:http"), /maxFreeSockets: 30/);
  assert.match(churn("undici"), /connections: 30/);
  assert.match(churn("fetch"), /connections: 30/);
  assert.match(churn("go 1.19"), /MaxIdleConnsPerHost: 30/);
  assert.match(churn("python-requests"), /30 idle connections/);
});

test("findings: where an option is to be changed, the code is where its owner was made", () => {
  const owner = { client: "node:http", type: "Agent", site: "/app/agents.mjs:3:15" };
  const facts: Facts = {
    ...of({
      client: "node:http",
      ...counts({ requests: 100, connections: 50 }),
      redialed: { "max-idle-per-origin": 40 },
      ...most({ maxIdleConnectionsPerOrigin: 2, openAtOnce: 20 }),
      owners: { [ownerKey(owner)]: 50 },
    }),
    clients: [{ ...owner, process: "1-0", created: 1, requests: 100, connections: 50 }],
  };
  const [churn] = findings(facts);
  assert.deepEqual([churn?.kind, churn?.site], ["idle-limit-churn", owner.site]);
  // Who owned them is not known, or nothing of the owner's is to be changed.
  assert.equal(findings({ ...facts, clients: [] })[0]?.site, undefined);
  const [closes] = findings({
    ...facts,
    origins: facts.origins.map((one) => ({ ...one, redialed: {}, closed: { "server-said-close": 50 } })),
  });
  assert.deepEqual([closes?.kind, closes?.site], ["server-closes-each", undefined]);
});

test("findings: the worst come first, and the same facts give the same findings", () => {
  const all = of(
    { ...counts({ requests: 100, connections: 3 }), closed: { "http-1.0": 3 } },
    { ...counts({ requests: 100, connections: 90, connectMs: 900 }), closed: { "server-said-close": 90 } },
  );
  const found = findings(all);
  assert.deepEqual(
    found.map((finding) => finding.kind),
    ["server-closes-each", "http-1.0-peer"],
  );
  assert.deepEqual(found[0]?.cost, { connections: 90, milliseconds: 900 });
  assert.deepEqual(findings(all), found);
});

test("findings: a burst with full TLS handshakes is not a failure to resume", () => {
  const burst: Given = {
    ...counts({ requests: 500, connections: 50, tlsHandshakes: 50, tlsResumed: 0, tlsMs: 200 }),
    ...most({ dialingAtOnce: 50 }),
  };
  assert.deepEqual(kinds(of(burst)), []);
  assert.deepEqual(kinds(of({ ...burst, ...most({ dialingAtOnce: 2 }) })), ["tls-not-resumed"]);
});

test("findings: an entry that stands for many origins has findings like any other", () => {
  const facts = {
    ...noOriginFacts("(other origins)", "trunkline"),
    counts: { requests: 9, connections: 9, dnsLookups: 9, dnsMs: 9000 },
  };
  assert.deepEqual(kinds({ ...NO_FACTS, origins: [facts] }), ["slow-dns"]);
});

test("findings: dials that a time limit cuts off are its, unless most of what it cuts off are dials", () => {
  const limits = (dialing: number): Facts =>
    of({
      ...counts({ requests: 8, connections: 8, timeLimits: 8, timeLimitMs: 400, timeLimitsDialing: dialing }),
      closed: { timeout: 8 },
    });
  assert.deepEqual(kinds(limits(3)), ["client-timeouts"]);
  assert.match(findings(limits(3))[0]?.title ?? "", /^8 of 11 requests/);
  assert.deepEqual(kinds(limits(7)), ["dial-failures"]);
  assert.match(findings(limits(7))[0]?.remedy ?? "", /^There is no answer/);
});

test("findings: the remedy for a failed dial fits Trunkline's own codes", () => {
  const remedy = (code: string): string | undefined =>
    findings(of({ ...counts({ requests: 1, dialFailures: 1, failed: 1 }), errors: { [code]: 1 } })).find(
      ({ kind }) => kind === "dial-failures",
    )?.remedy;
  assert.match(remedy("ERR_TRUNKLINE_TLS_NAME") ?? "", /for another name/);
  assert.match(remedy("ERR_TRUNKLINE_TLS_EXPIRED") ?? "", /not valid now/);
  assert.match(remedy("ERR_TRUNKLINE_TLS_UNTRUSTED") ?? "", /not trusted/);
  assert.match(remedy("ERR_TRUNKLINE_TLS_HANDSHAKE") ?? "", /this port speaks TLS/);
  assert.match(remedy("ERR_TRUNKLINE_TLS_OPTIONS") ?? "", /`tls` options/);
  assert.match(remedy("ERR_TRUNKLINE_CONNECTION_REFUSED") ?? "", /Nothing is listening/);
  assert.match(remedy("ERR_TRUNKLINE_DNS") ?? "", /cannot be resolved/);
  assert.match(remedy("ERR_TRUNKLINE_UNREACHABLE") ?? "", /no route/);
  assert.doesNotMatch(remedy("ERR_TRUNKLINE_CONNECT_TIMEOUT") ?? "net.", /net\./);
  assert.match(remedy("ERR_TRUNKLINE_ADDRESS_NOT_ALLOWED") ?? "", /allowAddress/);
  assert.match(remedy("ERR_TRUNKLINE_PROXY_AUTH") ?? "", /the proxy answered/);
});

test("findings: server-resets counts streams where each request was refused several times", () => {
  const [finding] = findings(
    of(counts({ requests: 2, connections: 3, streamsRefused: 6, http2Connections: 3 })),
  );
  assert.equal(finding?.kind, "server-resets");
  assert.equal(finding.title, "The server reset 6 streams: 2 requests went out again and again");
  assert.match(finding.remedy, /lower `http2.maxStreams`/);
});

test("findings: server-resets advises no lower limit where the server allows nothing", () => {
  const [finding] = findings(
    of({ ...counts({ requests: 2, streamsRefused: 6 }), least: { streamLimit: 0 } }),
  );
  assert.equal(finding?.kind, "server-resets");
  assert.match(finding.remedy, /allows no requests at all/);
});
