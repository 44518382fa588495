import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

/** What the document calls the test files. */
const FILES: Readonly<Record<string, string>> = {
  pooling: "test/http2/transport/pooling.test.ts",
  goaway: "test/http2/transport/goaway.test.ts",
  resets: "test/http2/transport/resets.test.ts",
  exchanges: "test/http2/transport/exchanges.test.ts",
  life: "test/http2/transport/life.test.ts",
  coalescing: "test/http2/transport/coalescing.test.ts",
  tunnels: "test/http2/transport/tunnels.test.ts",
  bugs: "test/http2/transport/bugs.test.ts",
  property: "test/http2/transport/property.test.ts",
  requests: "src/http2/session-requests.test.ts",
  responses: "src/http2/session-responses.test.ts",
  windows: "src/http2/session-windows.test.ts",
  endings: "src/http2/session-endings.test.ts",
  state: "src/http2/session-state.test.ts",
  reader: "src/http2/frame-reader.test.ts",
  peers: "test/http2/peers/peers.ts",
};

/** A name may hold a semicolon itself. */
const BETWEEN = new RegExp(`; (?=(?:${Object.keys(FILES).join("|")})(?:: |;|$))`);

test("docs/http2-tests.md: each row names tests that are there, or says why there is none", () => {
  const document = readFileSync("docs/http2-tests.md", "utf8");
  const sources = new Map(Object.entries(FILES).map(([name, path]) => [name, readFileSync(path, "utf8")]));
  const missing: string[] = [];
  let named = 0;
  for (const line of document.split("\n")) {
    const cell = /^\| (?!where|what \||Go test).*\| ([^|]+) \|$/.exec(line)?.[1];
    if (cell === undefined || cell.startsWith("– ")) continue;
    for (const reference of cell.split(BETWEEN)) {
      const [, file = "", name = ""] = /^([a-z]+)(?:: (.+))?$/.exec(reference) ?? [];
      named += 1;
      if (sources.get(file)?.includes(name) !== true) missing.push(reference);
    }
  }
  assert.deepEqual(missing, []);
  assert.ok(named > 90, `only ${named} tests are named`);
});
