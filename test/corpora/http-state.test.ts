import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openCookieJar } from "../../src/client/index.js";
import { corpus } from "./folder.js";

interface Case {
  readonly test: string;
  readonly received: readonly string[];
  readonly sent: readonly { readonly name: string; readonly value: string }[];
  readonly "sent-to"?: string;
}

interface DateCase {
  readonly test: string;
  readonly expected: string | null;
}

const folder = corpus("http-state");
const skip = folder === undefined ? "the http-state cases are not here (TRUNKLINE_CORPORA)" : false;
const origin = "http://home.example.org:8888";
const frozen = Date.UTC(2010, 0, 1);

describe("http-state cookie cases", { skip }, () => {
  if (folder === undefined) return;
  const cases = JSON.parse(readFileSync(join(folder, "parser.json"), "utf8")) as Case[];

  test("cases: are all there", () => assert.equal(cases.length, 222));

  for (const { test: id, received, sent, "sent-to": target } of cases) {
    test(`${id}`, async () => {
      const jar = await openCookieJar({ now: () => frozen });
      jar.store(`${origin}/cookie-parser?${id}`, received);
      const url = new URL(target ?? `/cookie-parser-result?${id}`, origin).href;
      assert.equal(
        jar.cookiesFor(url),
        sent.map(({ name, value }) => (name === "" ? value : `${name}=${value}`)).join("; "),
      );
    });
  }

  test("dates: those of the examples are read as they say", async () => {
    const dates = JSON.parse(readFileSync(join(folder, "dates-examples.json"), "utf8")) as DateCase[];
    for (const { test: date, expected } of dates) {
      const jar = await openCookieJar({ now: () => 0 });
      jar.store(`${origin}/`, [`a=b; expires=${date}`]);
      const at = jar.list()[0]?.expires;
      // The first moment of 1970 is over when the clock stands at it.
      if (expected === "Thu, 01 Jan 1970 00:00:00 GMT") assert.deepEqual(jar.list(), []);
      else assert.equal(at, expected === null ? undefined : Date.parse(expected), date);
    }
  });
});
