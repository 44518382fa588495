import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ResponseHeadParser } from "./head-parser.js";
import { DEFAULT_MAX_HEAD_BYTES } from "./limits.js";

const RUNS = 300;

const TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~0123456789ABCXYZabcxyz";
const VALUE_CHARACTERS = '\t !"#,;=@[]^_{}~019AZaz\x80\xa0\xff';

const text = (characters: string, minLength: number, maxLength: number) =>
  fc.array(fc.constantFrom(...characters), { minLength, maxLength }).map((list) => list.join(""));

const plainField = fc
  .tuple(text(TOKEN_CHARACTERS, 1, 20), text(VALUE_CHARACTERS, 0, 60))
  .filter(([name]) => !/^(content-length|transfer-encoding)$/i.test(name))
  .map(([name, value]) => `${name}: ${value}`);
const knownField = fc.constantFrom(
  "Content-Length: 12",
  "content-length:12, 12",
  "Connection: close",
  "Connection: keep-alive, upgrade",
  "KEEP-ALIVE: timeout=7, max=2",
);
const head = fc
  .tuple(
    fc.constantFrom("HTTP/1.1 200 OK", "HTTP/1.0 404", "HTTP/1.1 503 Not  now\xff", "HTTP/1.1 304 "),
    fc.array(fc.oneof({ weight: 3, arbitrary: plainField }, { weight: 1, arbitrary: knownField }), {
      maxLength: 12,
    }),
  )
  .map(([line, fields]) => `${[line, ...fields].join("\r\n")}\r\n\r\n`);

/** Everything a parser tells about one head, or the code of what it threw. */
function outcome(bytes: Buffer, cuts: readonly number[]): Record<string, unknown> {
  const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
  parser.begin("GET");
  const stops = [...cuts, bytes.length].sort((a, b) => a - b);
  let from = 0;
  try {
    for (const to of stops) {
      const after = parser.parse(bytes, from, to);
      if (after >= 0) return { ...parser, text: parser.statusText, after };
      from = to;
    }
  } catch (error) {
    return { code: (error as { code?: string }).code };
  }
  return { after: -1 };
}

describe("ResponseHeadParser: properties", () => {
  test("parse: gives the same for a valid head however it is split", () => {
    fc.assert(
      fc.property(head, fc.array(fc.nat(400), { maxLength: 8 }), (raw, cuts) => {
        const bytes = Buffer.from(raw, "latin1");
        const whole = outcome(bytes, []);
        assert.equal(whole["after"], bytes.length);
        assert.equal(whole["block"], raw.slice(0, -2));
        const inside = cuts.filter((cut) => cut < bytes.length);
        assert.deepEqual(outcome(bytes, inside), whole);
      }),
      { numRuns: RUNS },
    );
  });

  test("parse: accepts or refuses a damaged head the same way however it is split", () => {
    fc.assert(
      fc.property(
        head,
        fc.nat(),
        fc.nat(255),
        fc.array(fc.nat(400), { maxLength: 8 }),
        (raw, where, byte, cuts) => {
          const bytes = Buffer.from(raw, "latin1");
          bytes[where % bytes.length] = byte;
          const inside = cuts.filter((cut) => cut < bytes.length);
          assert.deepEqual(outcome(bytes, inside), outcome(bytes, []));
        },
      ),
      { numRuns: RUNS },
    );
  });

  test("parse: sees every bad byte at every alignment, also in a buffer it knows from before", () => {
    const shared = Buffer.alloc(4_096);
    const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
    const start = "HTTP/1.1 200 OK\r\nA: ";
    for (let shift = 0; shift < 4; shift++) {
      for (let place = 0; place < 12; place++) {
        for (let byte = 0; byte < 256; byte++) {
          const end = shared.write(`${start}${"v".repeat(12)}\r\n\r\n`, shift, "latin1") + shift;
          shared[shift + start.length + place] = byte;
          parser.begin("GET");
          const allowed = byte === 9 || (byte >= 32 && byte !== 127);
          const parse = () => parser.parse(shared, shift, end);
          if (allowed) assert.equal(parse(), end);
          else assert.throws(parse, { code: "ERR_TRUNKLINE_BAD_HEADER" });
        }
      }
    }
  });
});
