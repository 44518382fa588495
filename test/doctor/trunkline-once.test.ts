import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { watchNode } from "./watch-program.js";

const folder = mkdtempSync(join(tmpdir(), "doctor-once-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("doctor: Trunkline's requests count once, although undici's channels show them too", async () => {
  const file = join(folder, "both.mjs");
  writeFileSync(
    file,
    `import { subscribe } from "node:diagnostics_channel";
import { createServer } from "node:http";
import { fetch as ours } from ${JSON.stringify(pathToFileURL(resolve("dist/index.js")).href)};
let seen = 0;
subscribe("undici:request:create", () => (seen += 1));
const server = createServer((_, response) => response.end("ok"));
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const url = \`http://127.0.0.1:\${server.address().port}/\`;
for (let n = 0; n < 5; n += 1) await (await ours(url)).text();
for (let n = 0; n < 3; n += 1) await (await fetch(url)).text();
console.log(seen);
server.close();
server.closeAllConnections();
`,
  );
  const { stdout, report } = await watchNode([file]);
  assert.equal(stdout, "8\n");
  assert.equal(report.requests, 8);
});
