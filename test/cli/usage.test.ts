import assert from "node:assert/strict";
import { test } from "node:test";
import { runCli } from "./run-cli.js";

/** Command lines that are refused before anything is sent, and what is said. */
const refusals: readonly [string[], RegExp][] = [
  [[":8080/x"], /did you mean localhost:8080\/x\?/],
  [["example.com"], /did you mean http:\/\/example\.com\?/],
  [["localhost.example.com/x"], /has no scheme/],
  [["localhost:1", "-G", "-d", "a=b"], /did you mean <url>\?name=value\?/],
  [["localhost:1", "--connect-timeout", "5"], /did you mean --max-time 5\?/],
  [["localhost:1", "-m", "soon"], /-m needs a number of seconds, such as 5 or 0\.5, not "soon"/],
  [["localhost:1", "-m", "0"], /-m needs a number of seconds/],
  [["localhost:1", "-A", "me"], /did you mean -H "User-Agent: me"\?/],
  [["localhost:1", "-b", "a=b"], /did you mean -H "Cookie: a=b"\?/],
  [["localhost:1", "-x", "http://p:1"], /did you mean --proxy http:\/\/p:1\?/],
  [["localhost:1", "-O"], /did you mean -o <file>\?/],
  [["localhost:1", "--compressed"], /omit it: bodies are requested compressed and decoded by default/],
  [["localhost:1", "-u", "me"], /-u needs user:password/],
  [["localhost:1", "-I", "-X", "PUT"], /-I sends HEAD/],
  [["localhost:1", "-I", "-d", "a"], /-I sends HEAD/],
  [["localhost:1", "-i", "-n", "2"], /-i shows one exchange/],
  [["localhost:1", "-v", "-c", "2"], /-v shows one exchange/],
  [["localhost:1", "-i", "--json"], /use -v/],
  [["doctor", "node", "app.mjs", "--port", "1"], /did you mean trunkline doctor -- node app\.mjs --port 1\?/],
  [
    ["doctor", "--json", "node", "my app.mjs"],
    /did you mean trunkline doctor --json -- node 'my app\.mjs'\?/,
  ],
  [
    ["observe", "--target", "http://a", "node", "a.mjs"],
    /did you mean trunkline observe --target http:\/\/a -- node a\.mjs\?/,
  ],
  [["observe", "http://a/"], /did you mean --target http:\/\/a\/\?/],
  [["10.0.0.1:8080/x"], /did you mean http:\/\/10\.0\.0\.1:8080\/x/],
  [["ftp://example.com/"], /ftp/],
  [["demoo"], /there is no command "demoo": did you mean demo\?/],
  [["help", "demoo"], /there is no command "demoo"/],
  [["request"], /needs a url/],
  [["demo", "http://127.0.0.1/"], /demo does not take "http:/],
  [["http://127.0.0.1/", "http://127.0.0.1/"], /does not take "/],
  [["http://127.0.0.1/", "--metod", "GET"], /unknown option --metod: did you mean --method\?/],
  [["http://127.0.0.1/", "--json", '{"a":1}'], /did you mean --json-body\?/],
  [["http://127.0.0.1/", "--json-body", "{a}"], /--json-body is not JSON/],
  [
    ["http://127.0.0.1/", "-d", "a", "--form", "b=c"],
    /a request has one body, but --data and --form were given/,
  ],
  [["http://127.0.0.1/", "--form", "b"], /--form needs name=value, not "b"/],
  [["http://127.0.0.1/", "-H", "nocolon"], /-H needs "name: value", not "nocolon"/],
  [["http://127.0.0.1/", "-H", "bad name: x"], /"bad …" is not a valid header name/],
  [["http://127.0.0.1/", "-X", "GE T"], /GE T/],
  [["http://127.0.0.1/", "-X", "GET", "-d", "a"], /body/],
  [["http://127.0.0.1/", "-n", "0"], /-n needs a whole number/],
  [["http://127.0.0.1/", "-n", "1e3"], /-n needs a whole number/],
  [["http://127.0.0.1/", "-c", "-1"], /-c needs a whole number/],
  [["http://127.0.0.1/", "-n", "5", "-o", "x"], /-o writes one body/],
  [["http://127.0.0.1/", "--json", "-o", "-"], /both write to standard output/],
];

for (const [args, message] of refusals) {
  test(`trunkline ${args.join(" ")}: is refused with code 2 and one sentence on standard error`, async () => {
    const { code, stdout, stderr } = await runCli(args);
    assert.match(stderr, message);
    assert.match(stderr, /^trunkline: [^\n]+\n$/);
    assert.equal(stdout, "");
    assert.equal(code, 2);
  });
}

test("trunkline: without arguments prints its usage to standard error and ends with 2", async () => {
  const { code, stdout, stderr } = await runCli([]);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /Usage:\n {2}trunkline \[request\] <url>/);
});

test("trunkline --help, help <command> and <command> --help: print help to standard output and end with 0", async () => {
  for (const [args, expected] of [
    [["--help"], /Commands:/],
    [["demo", "--help"], /Usage: trunkline demo/],
    [["help", "request"], /--json-body <json>/],
    [["http://127.0.0.1/", "-h"], /Usage: trunkline \[request\] <url>/],
  ] as const) {
    const { code, stdout, stderr } = await runCli(args);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, expected);
    for (const line of stdout.split("\n")) assert.ok(line.length <= 120, `too wide: ${line}`);
  }
});

test("trunkline --version: prints a version", async () => {
  const { code, stdout } = await runCli(["--version"]);
  assert.match(stdout, /^\d+\.\d+\.\d+.*\n$/);
  assert.equal(code, 0);
});
