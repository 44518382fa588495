// Programs that do not end by themselves: services, and processes that run already.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { after, describe, test } from "node:test";
import { readFolder } from "../../src/doctor/index.js";
import { buildReport } from "../../src/explain/index.js";
import { preload, watchNode } from "./watch-program.js";

const { NODE_TEST_CONTEXT: _context, ...own } = process.env;
const cli = resolve("dist/cli.js");
const folder = mkdtempSync(join(tmpdir(), "trunkline-running-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Sends a request for each line of its input and says so, and ends with its input. */
const SERVICE = `
const http = require("node:http");
const agent = new http.Agent({ keepAlive: true });
const server = http.createServer((_request, response) => response.end("ok")).listen(0, "127.0.0.1", () => {
  const ask = () => http.get({ port: server.address().port, host: "127.0.0.1", agent }, (response) =>
    response.resume().on("end", () => setTimeout(() => console.log("asked"), 150)));
  require("node:readline").createInterface({ input: process.stdin }).on("line", ask).on("close", () => process.exit());
  console.log("ready");
});`;

/** A program with a line of input for each thing to do, and a line of output when it is done. */
function started(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const child: ChildProcess = spawn(process.execPath, args, {
    env: { ...own, ...environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const { stdin, stdout, stderr } = child;
  assert.ok(stdin !== null && stdout !== null && stderr !== null);
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const errors = createInterface({ input: stderr })[Symbol.asyncIterator]();
  return {
    child,
    next: async () => (await lines.next()).value as string,
    /** The next line of standard error that fits. */
    async says(pattern: RegExp): Promise<string> {
      for (;;) {
        const { value, done } = await errors.next();
        assert.ok(done !== true, `nothing that fits ${pattern} was said`);
        if (pattern.test(String(value))) return String(value);
      }
    },
    async ask(): Promise<void> {
      stdin.write("ask\n");
      assert.equal((await lines.next()).value, "asked");
    },
    async end(): Promise<number | null> {
      stdin.end();
      const [code] = (await once(child, "exit")) as [number | null];
      return code;
    },
  };
}

describe("doctor: a program that does not end", () => {
  test("SIGUSR2 to the doctor prints a report of now, and the program goes on", async () => {
    const doctor = started([cli, "doctor", "--", process.execPath, "-e", SERVICE]);
    assert.equal(await doctor.next(), "ready");
    await doctor.ask();
    doctor.child.kill("SIGUSR2");
    await doctor.says(/in the last \d+ s: .* requests and .* connections a second/);
    assert.match(await doctor.says(/requests? on/), /^1 request on 1 connection/);
    await doctor.ask();
    const last = doctor.says(/^2 requests on 1 connection/);
    assert.equal(await doctor.end(), 0);
    await last;
  });

  test("--every prints one each so often; a time that is none is refused", async () => {
    const doctor = started([cli, "doctor", "--every", "200ms", "--", process.execPath, "-e", SERVICE]);
    assert.equal(await doctor.next(), "ready");
    await doctor.says(/in the last/);
    await doctor.says(/in the last/);
    assert.equal(await doctor.end(), 0);
    const wrong = started([cli, "doctor", "--every", "soon", "--", process.execPath, "-e", ""]);
    await wrong.says(/--every needs a time of 100ms or more/);
    assert.equal(await wrong.end(), 2);
  });

  test("--attach watches a process that runs already from then on, and leaves it running", async () => {
    // A port of its own for the inspector: the usual one may be another's.
    const service = started(["--inspect-port=0", "-e", SERVICE]);
    assert.equal(await service.next(), "ready");
    await service.ask();
    const doctor = started([cli, "doctor", "--attach", String(service.child.pid)]);
    await doctor.says(/watching process \d+, but not its children/);
    await service.ask();
    await service.ask();
    doctor.child.kill("SIGINT");
    // The connection was there before.
    await doctor.says(/^2 requests, and no connection was made for them/);
    assert.equal(await doctor.end(), 0);
    await service.ask();
    assert.equal(await service.end(), 0);
  });

  test("--attach says so where there is no such process", async () => {
    const gone = started(["-e", ""]);
    await gone.end();
    const doctor = started([cli, "doctor", "--attach", String(gone.child.pid)]);
    await doctor.says(/there is no process \d+ that this user may watch/);
    assert.equal(await doctor.end(), 1);
  });

  test("a service with the preload alone writes where --read finds it", async () => {
    const place = mkdtempSync(join(folder, "tmp-"));
    const service = started(["-e", SERVICE], { NODE_OPTIONS: `--require=${preload}`, TMPDIR: place });
    assert.equal(await service.next(), "ready");
    await service.ask();
    const { facts, watched } = readFolder(join(place, "trunkline-doctor"));
    assert.equal(watched, 1);
    assert.equal(buildReport(facts).requests, 1);
    const reader = spawn(process.execPath, [cli, "doctor", "--read"], { env: { ...own, TMPDIR: place } });
    assert.match(await text(reader.stderr), /1 request on 1 connection/);
    assert.equal(await service.end(), 0);
  });
});

test("doctor: children with an environment of their own are watched, too, and threads that have one are counted", async () => {
  const ask = `
    const http = require("node:http");
    const server = http.createServer((_request, response) => response.end()).listen(0, "127.0.0.1", () =>
      http.get({ port: server.address().port, host: "127.0.0.1" }, (response) =>
        response.resume().on("end", () => server.close())));`;
  const { report, gathered, stderr } = await watchNode([
    "-e",
    `const { spawnSync, spawn } = require("node:child_process");
    const { Worker } = require("node:worker_threads");
    const env = { PATH: process.env.PATH };
    const code = ${JSON.stringify(ask)};
    spawnSync(process.execPath, ["-e", code], { env });
    spawn(process.execPath, ["-e", code], { env }).on("exit", () => new Worker(code, { eval: true, env: {} }));`,
  ]);
  assert.equal(stderr, "");
  assert.deepEqual([report.requests, gathered.watched], [2, 3], JSON.stringify(gathered.facts.processes));
  assert.deepEqual(
    gathered.facts.processes?.flatMap(({ threadsMade }) => threadsMade ?? []),
    [1],
  );
});
