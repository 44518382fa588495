import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Report } from "../../src/index.js";
import type { ProbeResult } from "../../src/probe/index.js";
import { createAuthority } from "../../src/testing/index.js";
import { runCli } from "../cli/run-cli.js";
import { CountingServer } from "../observe/counting-server.js";

const authority = createAuthority();
const { key, cert } = authority.issue({ names: ["localhost", "127.0.0.1"] });
const secure = createSecureServer({ key, cert, allowHTTP1: true }, (_request, response) => {
  response.end("hello");
});
let folder = "";
let origin = "";
let trusted: NodeJS.ProcessEnv = {};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "trunkline-probe-"));
  const file = join(folder, "ca.pem");
  await writeFile(file, authority.cert);
  trusted = { NODE_EXTRA_CA_CERTS: file };
  await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
  origin = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
});

after(async () => {
  await new Promise<void>((resolve) => secure.close(() => resolve()));
  await rm(folder, { recursive: true, force: true });
});

test("trunkline probe --json: shows HTTP/2, the version of TLS and whether sessions are resumed", async () => {
  const { code, stdout, stderr } = await runCli(["probe", origin, "--max-wait", "0", "--json"], {
    env: trusted,
  });
  assert.equal(code, 0, stderr);
  const result = JSON.parse(stdout) as ProbeResult;
  assert.deepEqual(
    [result.http, result.tls, result.keepAlive?.reused, result.status],
    [{ version: "1.1", h2: true }, { version: "TLSv1.3", resumes: true }, true, 200],
  );
  assert.deepEqual(Object.keys(result.phases ?? {}), ["connect", "tls", "waiting", "receiving"]);
});

test("trunkline probe: says what a server's HTTP/2 is like, and how it ends an idle connection", async () => {
  const polite = createSecureServer(
    { key, cert, allowHTTP1: true, settings: { maxConcurrentStreams: 7, initialWindowSize: 100_000 } },
    (_request, response) => response.end("hello"),
  );
  polite.on("session", (session) => session.setTimeout(300, () => session.close()));
  await new Promise<void>((resolve) => polite.listen(0, "127.0.0.1", resolve));
  try {
    const where = `https://127.0.0.1:${(polite.address() as AddressInfo).port}`;
    const json = await runCli(["probe", where, "--max-wait", "3", "--json"], { env: trusted });
    const { http2 } = JSON.parse(json.stdout) as ProbeResult;
    assert.equal(http2?.status, 200, json.stdout);
    assert.deepEqual(
      [
        http2.settings?.maxConcurrentStreams,
        http2.settings?.initialWindowSize,
        http2.settings?.extendedConnect,
      ],
      [7, 100_000, false],
    );
    assert.ok((http2.ping ?? -1) >= 0 && (http2.settingsAfter ?? -1) >= 0);
    assert.ok(http2.idleEnd?.goAway === true && http2.idleEnd.after >= 200, JSON.stringify(http2));
    assert.deepEqual(http2.goAway?.code, "NO_ERROR");
    const plain = await runCli(["probe", where, "--max-wait", "0"], { env: trusted });
    assert.match(plain.stdout, /HTTP\/2 {6}7 requests at once on a connection, a window of 97\.7 KiB/);
    assert.match(plain.stdout, /PING answered in [\d.]+ (?:ms|us)$/m);
  } finally {
    polite.close();
  }
});

test("trunkline probe: prints what it found, the settings, and the boxes only where pictures belong", async () => {
  await using server = await CountingServer.start();
  const args = ["probe", `${server.origin}/some?q=1`, "--max-wait", "0.3"];
  const plain = await runCli(args);
  assert.deepEqual([plain.code, plain.stderr], [0, ""]);
  assert.match(plain.stdout, /keep-alive {2}connections are kept/);
  assert.match(plain.stdout, /trunkline {3}new Transport\(/);
  const drawn = await runCli(args, { env: { FORCE_COLOR: "1" } });
  assert.match(drawn.stderr, /TCP connect +server +transfer\n\[/);
});

test("trunkline probe: bad input is refused with a sentence", async () => {
  for (const [args, expected, message] of [
    [["localhost:80"], 2, /did you mean http:\/\/localhost:80\?/],
    [["http://u:p@localhost/"], 2, /without a path or credentials/],
    [["http://localhost", "--max-wait", "soon"], 2, /--max-wait needs a number of seconds/],
    [[], 2, /needs an origin/],
    [["http://no-such-name.invalid"], 1, /no-such-name\.invalid (?:does not exist|could not be looked up)/],
    [["http://127.0.0.1:1"], 1, /nothing is listening there/],
    [[origin], 1, /its certificate is not trusted/],
  ] as const) {
    const { code, stdout, stderr } = await runCli(["probe", ...args]);
    assert.match(stderr, message);
    assert.match(stderr, /^trunkline: [^\n]+\n$/);
    assert.deepEqual([code, stdout], [expected, ""], args.join(" "));
  }
});

test("trunkline observe: with an https target the client speaks http, and its requests are seen", async () => {
  const script = `const http = require("node:http"); const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    (async () => { for (let i = 0; i < 3; i++) await new Promise((resolve) =>
      http.get(process.env.TRUNKLINE_TARGET, { agent }, (r) => r.resume().on("end", resolve))) })()`;
  const { code, stdout, stderr } = await runCli(
    ["observe", "--target", origin, "--json", "--", process.execPath, "-e", script],
    { env: trusted },
  );
  assert.equal(code, 0, stderr);
  const { report } = JSON.parse(stdout) as { report: Report };
  assert.deepEqual([report.requests, report.connections, report.origins[0]?.origin], [3, 1, origin]);
  assert.ok((report.origins[0]?.handshakeMs ?? 0) > 0);
  const untrusted = await runCli(["observe", "--target", origin]);
  assert.equal(untrusted.code, 1);
  assert.match(untrusted.stderr, /is not trusted .*NODE_EXTRA_CA_CERTS/);
});

for (const [args, expected, message] of [
  [["reason", "max-idle-per-origin"], 0, /Usual cause/],
  [["reason", "evicted"], 0, /why a connection was opened[\s\S]*why a connection was closed/],
  [["finding", "body-unread"], 0, /How sure/],
  [["reason", "list"], 0, /first-use/],
  [["reason", "body-unred"], 2, /did you mean body-unread\?/],
  [["finding", "evicted"], 2, /is a reason: trunkline reason evicted/],
] as const) {
  test(`trunkline ${args.join(" ")}: ends with ${expected}`, async () => {
    const { code, stdout, stderr } = await runCli([...args]);
    assert.equal(code, expected);
    assert.match(expected === 0 ? stdout : stderr, message);
  });
}

test("trunkline probe: a server that speaks HTTP/2 alone is probed too", async () => {
  const alone = createSecureServer(
    { key, cert, settings: { maxConcurrentStreams: 7 } },
    (_request, response) => response.end("hello"),
  );
  alone.on("session", (session) => session.setTimeout(300, () => session.close()));
  await new Promise<void>((resolve) => alone.listen(0, "127.0.0.1", resolve));
  try {
    const where = `https://127.0.0.1:${(alone.address() as AddressInfo).port}`;
    const json = await runCli(["probe", where, "--max-wait", "3", "--json"], { env: trusted });
    assert.equal(json.code, 0, json.stderr);
    const { http, http2, tls, status, idle, settings, keepAlive } = JSON.parse(json.stdout) as ProbeResult;
    assert.deepEqual([http, status, keepAlive], [{ h2: true }, 200, undefined]);
    assert.equal(http2?.settings?.maxConcurrentStreams, 7);
    assert.ok((http2?.ping ?? -1) >= 0);
    assert.equal(http2?.idleEnd?.goAway, true);
    assert.equal(tls?.version, "TLSv1.3");
    assert.equal(idle?.limit, http2?.idleEnd?.after);
    assert.ok(settings.length > 0);
    const plain = await runCli(["probe", where, "--max-wait", "0"], { env: trusted });
    assert.match(plain.stdout, /HTTP {8}HTTP\/2 alone$/m);
  } finally {
    await new Promise<void>((resolve) => alone.close(() => resolve()));
  }
});
