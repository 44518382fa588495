import assert from "node:assert/strict";
import { test } from "node:test";
import type { FindingKind, Report } from "../explain/index.js";
import { factsOf, observedReport } from "./facts.js";
import type { ObservedConnection } from "./observed-connection.js";
import { OriginLog } from "./origin-log.js";

/** Connections to one server, by a clock that moves only when it is told to. */
class World {
  readonly log = new OriginLog("http://a");
  readonly agent: string;
  now = 0;

  constructor(agent: string) {
    this.agent = agent;
  }

  open(): ObservedConnection {
    this.now += 1;
    return this.log.accept(this.log.dialed(this.now), { connect: 1 });
  }

  ask(connection: ObservedConnection, path = "/"): void {
    this.now += 1;
    const head = `GET ${path} HTTP/1.1\r\nHost: a\r\nUser-Agent: ${this.agent}\r\n\r\n`;
    connection.fromClient(Buffer.from(head), this.now);
  }

  answer(connection: ObservedConnection): void {
    this.now += 1;
    connection.fromServer(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), this.now);
  }

  exchange(connection: ObservedConnection): void {
    this.ask(connection);
    this.answer(connection);
  }

  end(connection: ObservedConnection, side: "client" | "server", after = 1): void {
    this.now += after;
    connection.ended(side, false, this.now);
    this.log.closed(connection);
  }

  report(): Report {
    return observedReport(factsOf([this.log], "test"));
  }
}

function kinds(report: Report): FindingKind[] {
  return report.findings.map(({ kind }) => kind);
}

const GO = "Go-http-client/1.1";

test("infer: one connection that is used again is not a finding", () => {
  const world = new World(GO);
  const connection = world.open();
  for (let i = 0; i < 20; i++) world.exchange(connection);
  world.end(connection, "client");
  const report = world.report();
  assert.deepEqual([report.requests, report.connections, kinds(report)], [20, 1, []]);
  assert.deepEqual(report.origins[0]?.closed, { "transport-closed": 1 });
});

test("infer: connections ended by the client after each answer are unread bodies in Go, and a client each elsewhere", () => {
  for (const [agent, kind, reason] of [
    [GO, "body-unread", "body-unread"],
    ["python-requests/2", "client-per-request", "idle-closed-by-caller"],
  ] as const) {
    const world = new World(agent);
    for (let i = 0; i < 12; i++) {
      const connection = world.open();
      world.exchange(connection);
      world.end(connection, "client");
    }
    const report = world.report();
    assert.deepEqual(kinds(report), [kind]);
    assert.deepEqual(report.origins[0]?.closed, { [reason]: 12 });
    assert.deepEqual(report.origins[0]?.openedFor, { "first-use": 1, "previous-not-kept": 11 });
  }
});

test("infer: Java's connections ended after each answer are ended by disconnect(), and the remedy says so", () => {
  const world = new World("Java/17.0.2");
  for (let i = 0; i < 12; i++) {
    const connection = world.open();
    world.exchange(connection);
    world.end(connection, "client");
  }
  const report = world.report();
  assert.deepEqual(kinds(report), ["pool-destroyed"]);
  assert.match(report.findings[0]?.remedy ?? "", /disconnect\(\)/);
});

test("infer: new connections that the server ends without an answer are its hanging up, and are said to fail", () => {
  const world = new World(GO);
  for (let i = 0; i < 6; i++) {
    const connection = world.open();
    world.ask(connection);
    world.end(connection, "server");
  }
  const report = world.report();
  assert.deepEqual(kinds(report), ["server-hangs-up"]);
  assert.deepEqual(report.failed, { unanswered: 6 });
});

test("infer: a request that comes just after the server has ended its connection is one that failed", () => {
  const world = new World(GO);
  for (let i = 0; i < 4; i++) {
    const connection = world.open();
    world.exchange(connection);
    world.end(connection, "server", 5000);
    world.ask(connection, `/${i}`);
  }
  const report = world.report();
  assert.deepEqual(kinds(report), ["idle-timeout-race"]);
  assert.equal(report.findings[0]?.severity, "high");
  assert.deepEqual(report.failed, { unanswered: 4 });
});

test("infer: connections left idle while others are dialed have an owner each", () => {
  const world = new World(GO);
  for (let i = 0; i < 12; i++) world.exchange(world.open());
  const report = world.report();
  assert.deepEqual(kinds(report), ["client-per-request"]);
  assert.deepEqual(report.origins[0]?.openedFor, { "first-use": 12 });
  assert.equal(report.findings[0]?.count, 12);
});

test("infer: two kept and the others ended at once, again and again, is a cap of two", () => {
  const world = new World(GO);
  const kept = [world.open(), world.open()] as const;
  for (let round = 0; round < 12; round++) {
    const extra = world.open();
    for (const connection of [...kept, extra]) world.ask(connection);
    for (const connection of [...kept, extra]) world.answer(connection);
    world.end(extra, "client");
  }
  const report = world.report();
  assert.deepEqual(kinds(report), ["idle-limit-churn"]);
  assert.match(
    report.findings[0]?.evidence[0] ?? "",
    /12 connections closed because too many were idle \(2 are kept\)|11 connections/,
  );
});

test("infer: ended by the client at the same idle age, and dialed again: its idle timeout is short", () => {
  const world = new World("okhttp/4");
  for (let i = 0; i < 5; i++) {
    const connection = world.open();
    world.exchange(connection);
    world.exchange(connection);
    world.end(connection, "client", 2_000);
  }
  world.exchange(world.open());
  const report = world.report();
  assert.deepEqual(kinds(report), ["idle-timeout-short"]);
  assert.equal(report.facts.origins[0]?.most.idleTimeout, 2_000);
  assert.deepEqual(report.origins[0]?.openedFor, { "first-use": 1, "idle-expired": 5 });
});

test("infer: idle connections ended by the server, met by requests: the server's limit is learned, the requests counted", () => {
  const world = new World("okhttp/4");
  for (let i = 0; i < 4; i++) {
    const connection = world.open();
    world.exchange(connection);
    world.exchange(connection);
    world.end(connection, "server", 5_000);
  }
  const unlucky = world.open();
  world.exchange(unlucky);
  world.ask(unlucky, "/met-it");
  world.end(unlucky, "server");
  const again = world.open();
  world.ask(again, "/met-it");
  world.answer(again);
  const lost = world.open();
  world.exchange(lost);
  world.ask(lost, "/never-again");
  world.end(lost, "server");
  const report = world.report();
  const [facts] = report.facts.origins;
  assert.equal(report.origins[0]?.learnedIdleLimit, 5_000);
  assert.deepEqual([facts?.counts.staleRetries, facts?.counts.staleFailures], [1, 1]);
  assert.deepEqual(kinds(report).sort(), ["idle-timeout-race"]);
});

test("infer: libraries are told apart by their User-Agent, and the sum is the whole", () => {
  const world = new World(GO);
  const other = new World("curl/8");
  const shared = world.open();
  for (let i = 0; i < 10; i++) world.exchange(shared);
  for (let i = 0; i < 6; i++) {
    const connection = world.open();
    const head = `GET / HTTP/1.1\r\nUser-Agent: ${other.agent}\r\n\r\n`;
    connection.fromClient(Buffer.from(head), ++world.now);
    world.answer(connection);
    world.end(connection, "client");
  }
  const report = world.report();
  assert.deepEqual([report.requests, report.connections, kinds(report)], [16, 7, ["client-per-request"]]);
  assert.match(report.findings[0]?.title ?? "", /\(curl\)$/);
});
