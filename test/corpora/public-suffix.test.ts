import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openCookieJar } from "../../src/client/index.js";
import { corpus } from "./folder.js";

const folder = corpus("public-suffix");
const skip = folder === undefined ? "the public suffix lines are not here (TRUNKLINE_CORPORA)" : false;

/** Whether a server at `host` may set a cookie for `domain`. */
async function mayName(host: string, domain: string): Promise<boolean> {
  const jar = await openCookieJar();
  jar.store(`http://${host}/`, [`a=b; domain=${domain}`]);
  return jar.list().length === 1;
}

const ascii = (name: string): string => new URL(`http://${name}/`).hostname;

describe("public suffix lines", { skip }, () => {
  if (folder === undefined) return;
  const lines = readFileSync(join(folder, "tests.txt"), "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("//"))
    .map((line) => line.trim().split(/\s+/) as [string, string]);

  test("lines: are all there", () => assert.equal(lines.length, 78));

  for (const [name, registrable] of lines) {
    test(`${name}: ${registrable}`, async () => {
      // A line without a host, or with an empty label, is no host a request could go to.
      if (name === "null" || name.startsWith(".")) return assert.equal(registrable, "null");
      const host = ascii(name);
      if (registrable === "null") {
        // The name is a suffix itself: the only cookie its host may set is its own.
        assert.equal(await mayName(`x.${host}`, host), false);
        return undefined;
      }
      const domain = ascii(registrable);
      assert.equal(await mayName(`x.${host}`, domain), true, "the registrable domain");
      const above = domain.slice(domain.indexOf(".") + 1);
      assert.equal(await mayName(`x.${host}`, above), false, "the suffix above it");
      return undefined;
    });
  }
});
