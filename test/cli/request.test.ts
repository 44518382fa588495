import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { answerEachStream, http2Script, selfSigned, WireServer } from "../../src/testing/index.js";
import { httpProxy } from "../transport/proxy-fixture.js";
import { LocalServer } from "./local-server.js";
import { closedPort, program, runCli, startCli } from "./run-cli.js";

interface RequestDocument {
  url: string;
  status?: number;
  requests: number;
  failed: number;
  latency: Record<string, number>;
  report: { requests: number; connections: number; reuse: number };
}

function documentOf(stdout: string): RequestDocument {
  return JSON.parse(stdout) as RequestDocument;
}

test("request: prints the body, and nothing else", async () => {
  await using server = await LocalServer.start();
  const { code, stdout, stderr } = await runCli([server.url("/")]);
  assert.deepEqual([code, stdout, stderr], [0, "hello\n", ""]);
  assert.equal(server.seen[0]?.method, "GET");
});

test("request: -m ends a request that takes longer", async () => {
  await using server = await WireServer.start({ script: ["readRequest", "stall"] });
  const { code, stdout, stderr } = await runCli(["-m", "0.2", server.url("/")]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /timed out: the call took longer than its timeout of 200 ms/);
});

test("request: passes every byte of a binary body to a pipe and to a file", async () => {
  await using server = await LocalServer.start();
  const folder = await mkdtemp(join(tmpdir(), "trunkline-cli-"));
  try {
    const piped = await runCli([server.url("/binary")]);
    assert.deepEqual(piped.bytes, LocalServer.binary);
    const file = join(folder, "body");
    const saved = await runCli(["request", server.url("/binary"), "-o", file]);
    assert.deepEqual([saved.code, saved.stdout, saved.stderr], [0, "", ""]);
    assert.deepEqual(await readFile(file), LocalServer.binary);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("request: streams a large body whole", async () => {
  await using server = await LocalServer.start();
  const { code, bytes } = await runCli([server.url("/big")]);
  assert.deepEqual([code, bytes.byteLength], [0, 8 * 1024 * 1024]);
});

test("request: sends -d, -d @file, -d @-, --form and --json-body with the type that goes with each", async () => {
  await using server = await LocalServer.start();
  const folder = await mkdtemp(join(tmpdir(), "trunkline-cli-"));
  const file = join(folder, "data.txt");
  await writeFile(file, "from=file");
  const form = "application/x-www-form-urlencoded";
  try {
    for (const [args, body, type] of [
      [["-d", "a=1", "-d", "b=2"], "a=1&b=2", form],
      [["-d", `@${file}`], "from=file", form],
      [["-d", "@-"], "from stdin", form],
      [["-d", "plain", "-H", "Content-Type: text/plain"], "plain", "text/plain"],
      [["--form", "a b=c&d", "--form", "e==f"], "a+b=c%26d&e=%3Df", form],
      [["--json-body", '{"a": 1}'], '{"a": 1}', "application/json"],
    ] as const) {
      const { code, stderr } = await runCli([server.url("/"), ...args], { input: "from stdin" });
      assert.equal(code, 0, stderr);
      const seen = server.seen.at(-1);
      assert.deepEqual([seen?.method, seen?.body, seen?.headers["content-type"]], ["POST", body, type]);
    }
    await runCli([server.url("/"), "-X", "PUT", "-d", "x", "-H", "X-One: 1", "-H", "X-Two:2"]);
    const seen = server.seen.at(-1);
    assert.deepEqual([seen?.method, seen?.headers["x-one"], seen?.headers["x-two"]], ["PUT", "1", "2"]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("request: an answer of 404 is printed and mentioned, and is not a failure", async () => {
  await using server = await LocalServer.start();
  const { code, stdout, stderr } = await runCli([server.url("/missing")]);
  assert.deepEqual([code, stdout], [0, "no such thing\n"]);
  assert.match(stderr, /^trunkline: the server answered 404 Not Found\n$/);
});

test("request: ends with 1 and a sentence when refused, cut off, or unable to write", async () => {
  await using server = await LocalServer.start();
  const port = await closedPort();
  const refused = await runCli([`http://127.0.0.1:${port}/`]);
  assert.deepEqual([refused.code, refused.stdout], [1, ""]);
  assert.match(refused.stderr, new RegExp(`^trunkline: .*127\\.0\\.0\\.1:${port}.*\\n$`));
  const cut = await runCli([server.url("/cut")]);
  assert.deepEqual([cut.code, cut.stdout], [1, "only this"]);
  assert.match(cut.stderr, /^trunkline: .+\n$/);
  const unwritable = await runCli([server.url("/"), "-o", join(tmpdir(), "no-such-folder", "file")]);
  assert.equal(unwritable.code, 1);
  assert.match(unwritable.stderr, /^trunkline: cannot write the body to .*its folder does not exist\n$/);
  const unreadable = await runCli([server.url("/"), "-d", "@/no/such/file"]);
  assert.equal(unreadable.code, 1);
  assert.match(unreadable.stderr, /^trunkline: cannot read the body for -d: .+\n$/);
});

test("request --json: prints the one document of the contract, for one request, many, and a failure", async () => {
  await using server = await LocalServer.start();
  const one = await runCli([server.url("/x?y=1"), "--json"]);
  const document = documentOf(one.stdout);
  assert.deepEqual(Object.keys(document), ["url", "status", "requests", "failed", "latency", "report"]);
  assert.deepEqual(
    [document.url, document.status, document.requests, document.failed],
    [server.url("/x?y=1"), 200, 1, 0],
  );
  assert.deepEqual(Object.keys(document.latency), ["p50", "p90", "p99", "max"]);
  assert.deepEqual([document.report.requests, document.report.connections, document.report.reuse], [1, 1, 0]);
  assert.equal(one.stderr, "");

  const before = server.connections;
  const many = documentOf(
    (await runCli(["--json", "request", server.url("/"), "-n", "200", "-c", "10"])).stdout,
  );
  assert.deepEqual([many.requests, many.failed, many.report.requests], [200, 0, 200]);
  assert.equal(many.report.connections, server.connections - before);
  assert.ok(many.report.connections <= 10, `${many.report.connections} connections for 10 at once`);

  const failed = await runCli([`http://127.0.0.1:${await closedPort()}/`, "--json"]);
  const failure = documentOf(failed.stdout);
  assert.deepEqual([failed.code, failure.requests, failure.failed, failure.latency], [1, 1, 1, {}]);
  assert.equal("status" in failure, false);
});

test("request -n -c: prints a summary with percentiles and the connection story; failures make it end with 1", async () => {
  await using server = await LocalServer.start();
  const { code, stdout, stderr } = await runCli([server.url("/"), "-n", "100", "-c", "4"]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /100 GET requests to http:\/\/127\.0\.0\.1:\d+\/, 4 at once/);
  assert.match(stdout, /200: 100/);
  assert.match(stdout, /p50 .*p90 .*p99 .*max /);
  assert.match(stdout, /connection/);
  assert.equal(server.seen.length, 100);

  const failing = await runCli([server.url("/some-fail"), "-X", "POST", "-n", "20", "-c", "1"]);
  assert.equal(failing.code, 1);
  assert.match(failing.stdout, /failed: \d+/);
  assert.match(failing.stderr, /requests? failed: /);
});

test("request --explain: describes each connection on standard error, and draws the picture only where pictures belong", async () => {
  await using server = await LocalServer.start();
  const plain = await runCli([server.url("/"), "--explain"]);
  assert.deepEqual([plain.code, plain.stdout], [0, "hello\n"]);
  assert.match(plain.stderr, /GET http:.*: 200 OK, 6 bytes in /);
  assert.match(plain.stderr, /connection 1 to http:.*first-use.*1 request/);
  assert.doesNotMatch(plain.stderr, /\u001b|█|waiting {2}/);

  const drawn = await runCli([server.url("/"), "--explain"], { env: { FORCE_COLOR: "1" } });
  assert.equal(drawn.stdout, "hello\n");
  assert.match(drawn.stderr, /█.* receiving/);
  const ascii = await runCli([server.url("/"), "--explain"], { env: { FORCE_COLOR: "1", TERM: "dumb" } });
  assert.match(ascii.stderr, /#.* receiving/);
  assert.doesNotMatch(ascii.stderr, /[^\u0000-\u007f]/);
  const colourless = await runCli([server.url("/"), "--explain"], {
    env: { NO_COLOR: "1", FORCE_COLOR: "1" },
  });
  assert.doesNotMatch(colourless.stderr, /\u001b/);
});

test("request: on Ctrl-C prints what it has and ends with 130", async () => {
  await using server = await LocalServer.start();
  const run = startCli([server.url("/stall"), "-n", "5", "-c", "5", "--json"]);
  await server.stalled;
  run.kill("SIGINT");
  const { code, stdout } = await run.result;
  assert.equal(code, 130);
  assert.deepEqual([documentOf(stdout).requests, documentOf(stdout).failed], [0, 0]);
});

test("request: ends quietly when its reader goes away", async () => {
  await using server = await LocalServer.start();
  const { spawn } = await import("node:child_process");
  const child = spawn(process.execPath, [program, server.url("/big")], { stdio: ["ignore", "pipe", "pipe"] });
  const errors: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  child.stdout.once("data", () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.on("close", resolve));
  assert.deepEqual([code, Buffer.concat(errors).toString()], [0, ""]);
});

test("request: --proxy goes through it, none goes direct, and what is not a proxy is a mistake of usage", async () => {
  await using server = await LocalServer.start();
  await using proxy = await httpProxy();
  const via = await runCli([server.url("/"), "--proxy", `127.0.0.1:${proxy.port}`]);
  assert.deepEqual([via.code, via.stdout, proxy.log.seen], [0, "hello\n", [`GET ${server.url("/")}`]]);
  const direct = await runCli([server.url("/"), "--proxy", "none"]);
  assert.deepEqual([direct.code, direct.stdout, proxy.log.seen.length], [0, "hello\n", 1]);
  const wrong = await runCli([server.url("/"), "--proxy", "ftp://user:secret@proxy"]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /Cannot use "ftp:\/\/user:\*\*\*@proxy\/" as --proxy: its scheme is ftp/);
});

test("request: curl's habits: -i, -I, -v, -u, -s, -S, -L, -f, and groups of them; this machine needs no scheme", async () => {
  await using server = await LocalServer.start();
  const bare = server.url("/").replace("http://", "");
  const port = new URL(server.url("/")).port;
  const included = await runCli([bare, "-i"]);
  assert.match(included.stdout, /^HTTP\/1\.1 200 OK\n(?:[\w-]+: .*\n)+\nhello\n$/);
  const head = await runCli([`localhost:${port}/`, "-I"]);
  assert.match(head.stdout, /^HTTP\/1\.1 200 OK\n(?:[\w-]+: .*\n)+\n$/);
  assert.equal(server.seen.at(-1)?.method, "HEAD");

  const verbose = await runCli(["-sSLv", `127.0.0.1:${port}/`, "-u", "me:secret:x", "-H", "X-One: 1"]);
  assert.equal(verbose.stdout, "hello\n");
  assert.match(verbose.stderr, /^\* connection \d+, new\n> GET \/\n> Host: 127/);
  assert.match(verbose.stderr, /> X-One: 1\n[\s\S]*>\n< HTTP\/1\.1 200 OK\n[\s\S]*<\n$/);
  assert.match(verbose.stderr, /> authorization: \*\*\*/i);
  assert.doesNotMatch(verbose.stderr, /secret/);
  assert.equal(server.seen.at(-1)?.headers.authorization, `Basic ${btoa("me:secret:x")}`);

  const inURL = await runCli([server.url("/").replace("//", "//me:pw@"), "--json"]);
  assert.equal(server.seen.at(-1)?.headers.authorization, `Basic ${btoa("me:pw")}`);
  assert.doesNotMatch(inURL.stdout + inURL.stderr, /pw/);

  const missing = server.url("/missing");
  assert.deepEqual((({ code, stderr }) => [code, stderr])(await runCli([missing, "-s"])), [0, ""]);
  const failed = await runCli([missing, "-sf"]);
  assert.deepEqual([failed.code, failed.stdout], [1, ""]);
  assert.match(failed.stderr, /^trunkline: the server answered 404/);
});

test("request -k: accepts a certificate that nobody vouches for; without it, it is an error", async () => {
  const { key, cert } = selfSigned({ names: ["localhost"] });
  await using server = await WireServer.start({ tls: { key, cert } });
  const refused = await runCli([server.url()]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /certificate/);
  assert.equal((await runCli([server.url(), "-k"])).stdout, "ok");
});

test("request: --http2-prior-knowledge and --http1.1 choose the protocol, and say where they cannot", async () => {
  const http2 = await WireServer.start({ script: http2Script(answerEachStream) });
  const { key, cert } = selfSigned({ names: ["127.0.0.1"] });
  const both = await WireServer.start({ tls: { key, cert, ALPNProtocols: ["http/1.1"] } });
  try {
    const known = await runCli([http2.url(), "--http2-prior-knowledge", "-n", "4", "-c", "4", "--explain"]);
    assert.equal(known.code, 0);
    assert.match(known.stdout, /4 requests, 1 connection \(HTTP\/2\), 75 % reuse/);
    assert.match(known.stderr, /h2\): opened because .* 4 requests \(up to [234] streams at once\)/);
    const old = await runCli([both.url(), "-k", "--http1.1", "-I"]);
    assert.match(old.stdout, /^HTTP\/1\.1 200/);
    const secure = await runCli([both.url(), "-k", "--http2-prior-knowledge"]);
    assert.deepEqual(
      [secure.code, /--http2-prior-knowledge is for http: URLs/.test(secure.stderr)],
      [2, true],
    );
    const two = await runCli([http2.url(), "--http1.1", "--http2-prior-knowledge"]);
    assert.deepEqual([two.code, /cannot be combined/.test(two.stderr)], [2, true]);
    const needless = await runCli([http2.url(), "--http2"]);
    assert.match(needless.stderr, /unknown option --http2: omit it: HTTP\/2 is used by default/);
  } finally {
    await http2.close();
    await both.close();
  }
});
