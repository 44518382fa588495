import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Facts, NO_FACTS, noOriginFacts } from "../explain/index.js";
import { FactsFile, type FactsLine } from "./facts-file.js";
import { Gatherer } from "./gather.js";
import { withPreload } from "./watch-folder.js";

const folder = mkdtempSync(join(tmpdir(), "doctor-gather-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function facts(counts: Record<string, number>): Facts {
  return { ...NO_FACTS, origins: [{ ...noOriginFacts("http://a.test", "fetch"), counts }] };
}

function file(name: string, lines: readonly FactsLine[], rest = ""): void {
  writeFileSync(join(folder, name), lines.map((line) => `${JSON.stringify(line)}\n`).join("") + rest);
}

test("Gatherer: adds up what came and takes the last of what passes, of every process", () => {
  const start = { start: { version: 1, process: "1", node: "24.0.0" } } as const;
  file("1-0-1.jsonl", [
    start,
    { add: facts({ requests: 2 }) },
    { now: facts({ unused: 9 }) },
    { add: facts({ requests: 3 }) },
    { now: facts({ unused: 1 }) },
  ]);
  // Killed while it wrote.
  file("2-0-1.jsonl", [start, { add: facts({ requests: 10 }) }], '{"add":{"origins":[{"ori');
  file("3-0-1.jsonl", [{ start: { version: 1, process: "3", node: "18.20.1" } }]);
  writeFileSync(join(folder, "notes.txt"), "not facts");
  file("1-0-1-1.full", [{ add: facts({ requests: 100 }) }, { now: facts({ unused: 50 }) }]);
  const gatherer = new Gatherer(folder);
  gatherer.takeFull();
  assert.equal(existsSync(join(folder, "1-0-1-1.full")), false);
  const { facts: sum, watched, tooOld } = gatherer.gathered();
  assert.deepEqual(sum.origins[0]?.counts, { requests: 115, unused: 1 });
  assert.deepEqual([watched, tooOld], [2, ["18.20.1"]]);
});

test("FactsFile: begins another file when one is full, and nothing is lost", () => {
  const own = mkdtempSync(join(folder, "full-"));
  const source = { news: () => facts({ requests: 1 }), present: () => facts({ unused: 2 }) };
  let now = 0;
  const file = new FactsFile(own, "7-0-1", "22.0.0", () => (now += 1000));
  file.from(source);
  for (let count = 0; count < 6000; count++) file.flush(false);
  const gatherer = new Gatherer(own);
  assert.ok(readdirSync(own).some((name) => name.endsWith(".full")));
  gatherer.takeFull();
  file.flush(true);
  const { facts: sum, watched } = gatherer.gathered();
  assert.deepEqual([sum.origins[0]?.counts, watched], [{ requests: 6001, unused: 2 }, 1]);
});

test("FactsFile: writes what happened to the process alone, such as a thread it made", () => {
  const own = mkdtempSync(join(folder, "threads-"));
  const made = { process: "8-0-1", startedAt: 1, seenAt: 2, requests: 0, connections: 0, mostOpen: 0 };
  const file = new FactsFile(own, "8-0-1", "22.0.0", () => 0);
  file.from({
    news: () => ({ ...NO_FACTS, processes: [{ ...made, threadsMade: 1 }] }),
    present: () => NO_FACTS,
  });
  file.flush(false);
  assert.equal(new Gatherer(own).gathered().facts.processes?.[0]?.threadsMade, 1);
});

test("withPreload: comes before the program's own options, and quotes its path", () => {
  assert.equal(withPreload(undefined, "/a b/register.cjs"), '--require "/a b/register.cjs"');
  assert.equal(
    withPreload("--max-old-space-size=100", '/a"\\b'),
    '--require "/a\\"\\\\b" --max-old-space-size=100',
  );
});
