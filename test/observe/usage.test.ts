import assert from "node:assert/strict";
import { test } from "node:test";
import type { Report } from "../../src/index.js";
import { closedPort, runCli, startCli } from "../cli/run-cli.js";
import { CountingServer } from "./counting-server.js";

const ONE_SENTENCE = /^trunkline: [^\n]+\n$/;

for (const [args, message] of [
  [["--target", "localhost:8080"], /did you mean http:\/\/localhost:8080\?/],
  [["--target", "ftp://localhost"], /only http and https/],
  [["--target", "http://localhost/path"], /must be an origin/],
  [["--target", "http://u:p@localhost"], /without a path or credentials/],
  [["--listen", "nonsense"], /--listen needs host:port/],
  [["--listen", "127.0.0.1:70000"], /--listen needs host:port/],
  [
    ["--target", "http://localhost", "extra"],
    /follows --: did you mean trunkline observe --target http:\/\/localhost -- extra\?/,
  ],
  [["--fail-if", "reuse<95"], /did you mean reuse<95%\?/],
  [["--fail-if", "finding:body-unred"], /did you mean body-unread\?/],
  [["--fail-if", "latency>3"], /does not understand/],
] as const) {
  test(`trunkline observe ${args.join(" ")}: is refused with code 2 and one sentence`, async () => {
    const { code, stdout, stderr } = await runCli(["observe", ...args]);
    assert.match(stderr, message);
    assert.match(stderr, ONE_SENTENCE);
    assert.deepEqual([code, stdout], [2, ""]);
  });
}

test("trunkline observe: a target that is down, a port in use and a program that does not exist end it with 1", async () => {
  await using server = await CountingServer.start();
  const port = await closedPort();
  const down = await runCli(["observe", "--target", `http://127.0.0.1:${port}`]);
  assert.match(down.stderr, /nothing is listening at 127\.0\.0\.1:\d+; start the server first/);
  const inUse = await runCli(["observe", "--target", server.origin, "--listen", new URL(server.origin).port]);
  assert.match(inUse.stderr, /is in use by another program/);
  const missing = await runCli(["observe", "--target", server.origin, "--", "no-such-program-here"]);
  assert.match(missing.stderr, /cannot find the program "no-such-program-here"/);
  const notTls = await runCli(["observe", "--target", server.origin.replace("http:", "https:")]);
  assert.match(notTls.stderr, /does not speak TLS/);
  for (const { code, stdout, stderr } of [down, inUse, missing, notTls]) {
    assert.match(stderr, ONE_SENTENCE);
    assert.deepEqual([code, stdout], [1, ""]);
  }
});

const node = (code: string): string[] => ["--", process.execPath, "-e", code];

test("trunkline observe: passes the program's output, and its exit code, on", async () => {
  await using server = await CountingServer.start();
  const script = `fetch(process.env.TRUNKLINE_TARGET).then((r) => r.text()).then((t) => { console.log(t); process.exitCode = 7 })`;
  const { code, stdout, stderr } = await runCli(["observe", "--target", server.origin, ...node(script)]);
  assert.equal(code, 7);
  assert.equal(stdout, '{"ok":true,"data":"forty-six bytes of an answer"}\n');
  assert.match(stderr, /1 request on 1 connection/);
  const json = await runCli(["observe", "--json", "--target", server.origin, ...node(script)]);
  const document = JSON.parse(json.stdout) as { program: string; exitCode: number; report: Report };
  assert.deepEqual([json.code, document.exitCode, document.report.requests], [7, 7, 1]);
  assert.deepEqual(Object.keys(document), ["program", "exitCode", "report"]);
  assert.match(json.stderr, /forty-six bytes/);
});

test("trunkline observe: a signal that ends the program gives 128 and its number", async () => {
  await using server = await CountingServer.start();
  const killed = await runCli([
    "observe",
    "--target",
    server.origin,
    ...node("process.kill(process.pid, 'SIGKILL')"),
  ]);
  assert.equal(killed.code, 137);
});

test("trunkline observe --fail-if: ends with 3 when it holds, and with the program's code when it does not", async () => {
  await using server = await CountingServer.start();
  const script = `const http = require("node:http"); const agent = new http.Agent({ keepAlive: false });
    (async () => { for (let i = 0; i < 5; i++) await new Promise((resolve) =>
      http.get(process.env.TRUNKLINE_TARGET, { agent }, (r) => r.resume().on("end", resolve))) })()`;
  const base = ["observe", "--target", server.origin];
  for (const [expression, expected] of [
    ["reuse<95%", 3],
    ["connections>4", 3],
    ["finding:keep-alive-off", 3],
    ["connections>5", 0],
    ["finding:body-unread", 0],
    ["failed>0", 0],
  ] as const) {
    const { code, stderr } = await runCli([...base, "--fail-if", expression, ...node(script)]);
    assert.equal(code, expected, `${expression}: ${stderr}`);
    if (expected === 3) assert.match(stderr, /--fail-if .* holds\n$/);
  }
});

test("trunkline observe: without a program it observes until Ctrl-C, and prints the report then", async () => {
  await using server = await CountingServer.start();
  const port = await closedPort();
  const run = startCli(["observe", "--target", server.origin, "--listen", `127.0.0.1:${port}`]);
  // It listens a moment after its start.
  let text = "";
  while (text === "")
    text = await fetch(`http://127.0.0.1:${port}/`).then(
      (r) => r.text(),
      () => "",
    );
  run.kill("SIGINT");
  const { code, stdout, stderr } = await run.result;
  assert.equal(code, 0, stderr);
  assert.match(stderr, new RegExp(`observing at http://127\\.0\\.0\\.1:${port}`));
  assert.match(stdout, /1 request on 1 connection/);
});
