import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runCli } from "../cli/run-cli.js";
import { programOf } from "./watch-program.js";

const folder = mkdtempSync(join(tmpdir(), "doctor-command-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const node = process.execPath;
const fault = programOf("http-agent-each");

interface Document {
  program: string;
  exitCode: number;
  report: { requests: number; connections: number; findings: { kind: string; site?: string }[] };
}

test("trunkline doctor: reports to standard error, and output and exit code stay the program's", async () => {
  const { code, stdout, stderr } = await runCli([
    "doctor",
    "--",
    node,
    "-e",
    "console.log('mine'); process.exitCode = 7",
  ]);
  assert.deepEqual([code, stdout], [7, "mine\n"]);
  assert.match(stderr, /nothing to explain/);
  const found = await runCli(["doctor", "--", node, fault]);
  assert.deepEqual([found.code, found.stdout], [0, "served 12 requests on 12 connections\n"]);
  assert.match(
    found.stderr,
    /12 requests on 12 connections[\s\S]*client-per-request[\s\S]*http-agent-each\.mjs:6:/,
  );
  assert.match(
    found.stderr,
    /12 × Agent \(node:http\) made at .*http-agent-each\.mjs:6:\d+: 12 requests, 12 connections/,
  );
});

test("trunkline doctor --json: prints one document, and the program's output goes to standard error", async () => {
  const { code, stdout, stderr } = await runCli([
    "doctor",
    "--json",
    "--",
    node,
    "-e",
    "console.log('mine')",
  ]);
  const { program, exitCode, report } = JSON.parse(stdout) as Document;
  assert.deepEqual([code, exitCode, program], [0, 0, node]);
  assert.deepEqual([report.requests, report.connections, report.findings], [0, 0, []]);
  assert.equal(stderr, "mine\n");
});

test("trunkline doctor --fail-if: ends with 3 when one holds, with the program's code otherwise", async () => {
  for (const [condition, expected] of [
    ["reuse<95%", 3],
    ["connections>12", 0],
    ["failed>0", 0],
    ["finding:client-per-request", 3],
    ["finding:body-unread", 0],
  ] as const) {
    const { code, stderr } = await runCli(["doctor", "--fail-if", condition, "--", node, fault]);
    assert.equal(code, expected, condition);
    if (expected === 3) assert.ok(stderr.includes(`--fail-if ${condition} holds`));
  }
  const refused = await runCli(["doctor", "--fail-if", "failed>0", "--", node, programOf("fetch-refused")]);
  assert.equal(refused.code, 3);
});

test("trunkline doctor --report: writes one page that loads nothing and shows all as text", async () => {
  const file = join(folder, "report.html");
  const marked = join(folder, "<b>mark</b>.mjs".replace("/", "∕"));
  writeFileSync(marked, `import ${JSON.stringify(fault)};`);
  const { code } = await runCli(["doctor", "--report", file, "--", node, marked, "--token=secret"]);
  assert.equal(code, 0);
  const page = readFileSync(file, "utf8");
  assert.match(page, /^<!doctype html>/);
  assert.doesNotMatch(page, /<script[^>]*src|<link|<img|@import|url\(|https?:\/\/(?!127\.0\.0\.1)/);
  // Its one script, an attribute, copies a remedy; the page's policy lets no other run, and nothing be loaded.
  assert.match(
    page,
    /Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-hashes' 'sha256-[^' ]+'">/,
  );
  assert.doesNotMatch(page, /<script/); // what a program says cannot be hidden behind one of ours
  assert.match(page, /&lt;b&gt;mark/);
  assert.doesNotMatch(page, /<b>mark|secret/);
  assert.match(page, /client-per-request[\s\S]*http-agent-each\.mjs:6:/);
  const unwritable = await runCli([
    "doctor",
    "--report",
    join(folder, "absent", "x.html"),
    "--",
    node,
    "-e",
    "0",
  ]);
  assert.equal(unwritable.code, 1);
  assert.match(unwritable.stderr, /cannot write the report to/);
});

test("trunkline doctor: says in one sentence what is wrong with the command", async () => {
  for (const [args, expected, sentence] of [
    [["doctor"], 2, /needs a program to run/],
    [["doctor", "--"], 2, /needs a program to run/],
    [["doctor", "--fail-if", "luck<1", "--", node, "-e", "0"], 2, /--fail-if/],
    [["doctor", "--", "no-such-command-here"], 1, /no-such-command-here/],
    [["doctor", "--", "sh", "-c", "exit 4"], 4, /no Node\.js program was seen/],
    [["doctor", "--fail-if", "failed>0", "--", "sh", "-c", "exit 0"], 1, /no Node\.js program was seen/],
  ] as const) {
    const { code, stderr } = await runCli(args);
    assert.equal(code, expected, args.join(" "));
    assert.match(stderr, sentence);
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
  }
});

test("trunkline doctor: passes the signal that ended the program on as shells do", {
  skip: process.platform === "win32",
}, async () => {
  const { code } = await runCli(["doctor", "--", node, "-e", "process.kill(process.pid, 'SIGTERM')"]);
  assert.equal(code, 143);
});
