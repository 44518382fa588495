import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { allNames, explainName, type NamedExplanation, RECORDING_VERSION } from "../../src/explain/index.js";

// docs/reasons.md and docs/findings.md are written from the names themselves: `UPDATE_DOCS=1 npm test` writes them anew.
// Tests run from the project's folder.

const INTRO = {
  reasons: `# Reasons

Every connection that Trunkline dials has a reason, and every connection that closes has a reason, a party and evidence.
The names are stable, so you can use them as metric labels. New ones may be added, so expect names you do not know.
\`trunkline reason <name>\` prints the same text.
`,
  findings: `# Findings

A finding is one problem in a report (\`transport.explain()\`, \`trunkline doctor\`, \`trunkline observe\`), with its evidence,
its cost in connections and milliseconds, the line of code where it starts (if that is known), and a remedy, as code for the
client it was seen in. \`trunkline finding <name>\` prints the same text.
`,
};

function section(one: NamedExplanation): string {
  const sure = one.certainty === undefined ? "" : `- **How sure:** ${one.certainty}\n`;
  return `### \`${one.name}\`\n\n${one.meaning}\n\n- **Usual cause:** ${one.cause}\n- **Remedy:** ${one.remedy}\n${sure}`;
}

function document(which: "reasons" | "findings"): string {
  const of = (kind: NamedExplanation["of"]): string =>
    allNames()
      .filter((one) => one.of === kind)
      .map(section)
      .join("\n");
  return which === "findings"
    ? `${INTRO.findings}\n${of("finding")}`
    : `${INTRO.reasons}\n## Why a connection is dialed\n\n${of("dial")}\n## Why a connection is closed\n\n${of("close")}`;
}

for (const which of ["reasons", "findings"] as const) {
  test(`docs/${which}.md: is what the names say`, () => {
    const path = resolve("docs", `${which}.md`);
    if (process.env["UPDATE_DOCS"] === "1") writeFileSync(path, document(which));
    assert.equal(readFileSync(path, "utf8"), document(which), "run it again with UPDATE_DOCS=1");
  });
}

test("allNames: each has a meaning, a cause and a remedy, in sentences without a word twice in a row", () => {
  for (const one of allNames()) {
    for (const text of [one.meaning, one.cause, one.remedy]) {
      assert.match(text, /^[A-Z`"].*\.$/s, `${one.name}: ${text}`);
      assert.doesNotMatch(text, /\b([A-Za-z]+) \1\b/, `${one.name}: ${text}`);
    }
    assert.equal(one.certainty !== undefined, one.of === "finding");
  }
});

test("explainName: gives both meanings of a name that is a reason to dial and to close, none for no name", () => {
  assert.deepEqual(
    explainName("evicted").map((one) => one.of),
    ["dial", "close"],
  );
  assert.deepEqual(
    explainName("idle-limit-churn").map((one) => one.of),
    ["finding"],
  );
  assert.deepEqual(explainName("no-such-name"), []);
});

test("docs/recording.md: names the version that is written", () => {
  assert.match(
    readFileSync(resolve("docs", "recording.md"), "utf8"),
    new RegExp(`"version":${RECORDING_VERSION}\\b`),
  );
});
