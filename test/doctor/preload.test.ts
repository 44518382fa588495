import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { preload, programOf, watchNode } from "./watch-program.js";

const folder = mkdtempSync(join(tmpdir(), "doctor-preload-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const server = JSON.stringify(new URL("../server.mjs", `file://${programOf("x")}`).href);

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe("preload: changes nothing of the program", () => {
  const looks = write(
    "looks.mjs",
    `import http from "node:http";
import net from "node:net";
import { inspect } from "node:util";
import { get, serve } from ${server};
const served = await serve();
const seen = [];
const agent = new http.Agent({ keepAlive: true });
await new Promise((resolve) => {
  const request = http.get(served.url, { agent }, (response) => {
    seen.push(Object.keys(request.socket).filter((key) => key === "destroy"), inspect(request).includes("Symbol(state)"));
    seen.push(response.headers["content-length"], request.listenerCount("error"));
    response.resume().on("end", resolve);
  });
});
const own = Object.hasOwn(Error, "prepareStackTrace");
await (await fetch(served.url)).text();
seen.push(own === Object.hasOwn(Error, "prepareStackTrace"), Error.stackTraceLimit, new Error("x").stack.split("\\n").length > 1);
seen.push(http.Agent.prototype.addRequest.length >= 0, Object.keys(http.Agent.prototype).join(), Object.keys(net.Socket.prototype).join());
seen.push(await get("http://127.0.0.1:1").catch(({ code, message }) => [code, message]));
seen.push(process.getActiveResourcesInfo().filter((name) => name === "Timeout").length, process.exitCode);
served.close();
console.log(JSON.stringify(seen));
console.error("and this");
process.exitCode = 3;
`,
  );

  test("prints, shows and returns the same with it and without", async () => {
    const [plain, watched] = [await watchNode([looks], { watched: false }), await watchNode([looks])];
    assert.deepEqual(
      [watched.stdout, watched.stderr, watched.code],
      [plain.stdout, plain.stderr, plain.code],
    );
    assert.equal(plain.code, 3, plain.stderr);
    assert.equal(watched.report.requests, 2);
  });

  test("leaves a program that never ends by itself no longer and no shorter alive", async () => {
    const file = write(
      "waits.cjs",
      `setTimeout(() => {}, 20); process.on("exit", (code) => console.log("exit", code));`,
    );
    const { stdout, code } = await watchNode([file]);
    assert.deepEqual([stdout, code], ["exit 0\n", 0]);
  });

  test("is not a listener of the program's: none is counted, warned of or removed", async () => {
    const file = write(
      "listeners.cjs",
      `for (let count = 0; count < 10; count++) process.on("exit", () => {});
console.log(process.listenerCount("exit"), process.listenerCount("SIGTERM"), process.getMaxListeners());
require("node:http").get("http://127.0.0.1:1").on("error", () => process.removeAllListeners());`,
    );
    const { stdout, stderr, report } = await watchNode([file]);
    assert.deepEqual([stdout, stderr], ["10 0 10\n", ""]);
    assert.equal(report.findings[0]?.kind, "dial-failures");
  });

  test("does nothing where its variable is empty", async () => {
    const { stdout, gathered } = await watchNode(
      ["--require", preload, "-p", "require('events').init.name"],
      { watched: false, environment: { TRUNKLINE_DOCTOR_FOLDER: "" } },
    );
    assert.equal(stdout.trim(), "");
    assert.equal(gathered.watched, 0);
  });

  test("runs the program unwatched where its folder cannot be written to", async () => {
    const { stdout, code } = await watchNode(["-p", "1 + 1"], {
      watched: false,
      environment: { NODE_OPTIONS: `--require ${preload}`, TRUNKLINE_DOCTOR_FOLDER: join(folder, "absent") },
    });
    assert.deepEqual([stdout, code], ["2\n", 0]);
  });
});

describe("preload: keeps what it saw, however the program ends", () => {
  const work = (end: string): string =>
    `import http from "node:http";
import { get, serve, times } from ${server};
const served = await serve();
await times(12, () => get(served.url, { agent: new http.Agent({ keepAlive: true }) }));
${end}
`;

  for (const [name, end] of [
    ["process.exit", "process.exit(5);"],
    ["a rejection nobody handles", "await Promise.reject(new Error('planted'));"],
    ["its own end", "served.close();"],
  ] as const) {
    test(`with ${name}`, async () => {
      const { report } = await watchNode([write("ends.mjs", work(end))]);
      assert.equal(report.requests, 12);
      assert.equal(report.findings[0]?.kind, "client-per-request");
    });
  }

  test("with SIGKILL, but for the last moment", async () => {
    const file = write(
      "killed.mjs",
      work("setTimeout(() => console.log('now'), 150); setInterval(() => {}, 1000);"),
    );
    const { report, signal } = await watchNode([file], { kill: "SIGKILL" });
    assert.equal(signal, "SIGKILL");
    assert.deepEqual([report.requests, report.connections], [12, 12]);
  });
});

test("preload: counts what each thread and child process does, once", async () => {
  const file = write(
    "threads.mjs",
    `import { execFileSync } from "node:child_process";
import { Worker } from "node:worker_threads";
import { get, serve } from ${server};
const served = await serve();
await get(served.url);
const code = 'require("http").get(' + JSON.stringify(served.url) + ', (response) => response.resume())';
await new Promise((resolve) => new Worker(code, { eval: true }).on("exit", resolve));
const { spawn } = await import("node:child_process");
await new Promise((resolve) => spawn(process.execPath, ["-e", code]).on("exit", resolve));
served.close();
`,
  );
  const { report, gathered } = await watchNode([file]);
  assert.equal(gathered.watched, 3);
  assert.deepEqual([report.requests, report.connections], [3, 3]);
});

test("preload: names places in the source where there is a source map", async () => {
  const generated = write(
    "generated.mjs",
    `import http from "node:http"; import { get, serve, times } from ${server}; const served = await serve();
await times(12, () => get(served.url, { agent: new http.Agent({ keepAlive: true }) })); served.close();
//# sourceMappingURL=generated.mjs.map
`,
  );
  // One segment: all of the second line is the 42nd line of the source.
  write(
    "generated.mjs.map",
    JSON.stringify({ version: 3, sources: ["original.ts"], names: [], mappings: ";AAyCA" }),
  );
  for (const flags of [[], ["--enable-source-maps"]]) {
    const { report } = await watchNode([...flags, generated]);
    assert.equal(report.findings[0]?.site, `${join(folder, "original.ts")}:42:1`);
  }
});

test("preload: sees Trunkline's own connections through its channels", async () => {
  const file = write(
    "own.mjs",
    `import { Client, Transport } from ${JSON.stringify(new URL("../../src/index.js", import.meta.url).href)};
import { serve, times } from ${server};
const served = await serve();
const client = new Client({ transport: new Transport({ keepAlive: false }) });
await times(6, () => client.get(served.url).text());
await times(6, () => new Client().get(served.url).text());
served.close();
`,
  );
  const { report, code, stderr } = await watchNode([file]);
  assert.equal(code, 0, stderr);
  assert.deepEqual([report.requests, report.connections], [12, 7]);
  assert.deepEqual(
    report.findings.map(({ kind }) => kind),
    ["keep-alive-off"],
  );
});

test("preload: writes no secret: no path, no parameter, no header, no body, no credentials", async () => {
  const file = write(
    "secrets.mjs",
    `import http from "node:http";
import { get, serve, times } from ${server};
const served = await serve();
const options = { agent: false, auth: "user:canary1", headers: { authorization: "canary2", cookie: "canary3" } };
await times(4, () => get(served.url + "/canary4?token=canary5", options));
await times(4, async () => (await fetch(served.url + "/canary6", { method: "POST", body: "canary7", headers: { "x-key": "canary8" } })).text());
await get("http://canary9:canary9@127.0.0.1:1/canary9").catch(() => {});
served.close();
`,
  );
  const { report, gathered } = await watchNode([file]);
  assert.equal(report.requests >= 8, true);
  assert.doesNotMatch(JSON.stringify([report, gathered, String(report)]), /canary\d/);
});
