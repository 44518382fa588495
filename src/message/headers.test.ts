import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import {
  createHeaders,
  freezeHeaders,
  Headers,
  type HeadersInit,
  headersFromBlock,
  headersFromRaw,
  linkHeadersToPlatform,
  rawHeaders,
} from "./headers.js";

const list = (headers: Headers) => [...headers];

describe("new Headers: takes what fetch takes", () => {
  const cases: [string, HeadersInit | undefined, [string, string][]][] = [
    ["nothing", undefined, []],
    [
      "an object",
      { "X-B": "2", "x-a": "1" },
      [
        ["x-a", "1"],
        ["x-b", "2"],
      ],
    ],
    [
      "pairs",
      [
        ["b", "2"],
        ["a", "1"],
        ["B", "3"],
      ],
      [
        ["a", "1"],
        ["b", "2, 3"],
      ],
    ],
    ["other headers", new Headers({ A: "1" }), [["a", "1"]]],
    ["the platform's headers", new globalThis.Headers({ A: "1" }), [["a", "1"]]],
    ["a Map", new Map([["a", "1"]]), [["a", "1"]]],
    [
      "names that Object has",
      { constructor: "1", __proto__x: "2" },
      [
        ["__proto__x", "2"],
        ["constructor", "1"],
      ],
    ],
  ];
  for (const [what, init, expected] of cases) {
    it(`Headers: is made from ${what}`, () => {
      assert.deepEqual(list(new Headers(init)), expected);
      assert.deepEqual(list(createHeaders(init)), expected);
    });
  }

  const refused: [string, unknown, RegExp][] = [
    ["null", null, /or other Headers, not null/],
    ["a string", "a: b", /or other Headers, not string/],
    ["a number", 1, /or other Headers, not number/],
    ["a pair of one", [["a"]], /this one has 1 item/],
    ["a pair of three", [["a", "b", "c"]], /this one has 3 items/],
    ["strings for pairs", ["ab"], /must be a pair/],
    ["an empty name", { "": "x" }, /name cannot be empty/],
    ["a space in a name", { "a b": "x" }, /"a …" is not a valid header name: a space at position 1/],
    ["a colon in a name", { "a:": "x" }, /":" at position 1/],
    ["a name beyond latin1", { Ā: "x" }, /U\+0100 at position 0/],
    ["a latin1 name", { ä: "x" }, /U\+00E4/],
  ];
  for (const [what, init, message] of refused) {
    it(`Headers: refuses ${what}`, () => {
      assert.throws(() => new Headers(init as HeadersInit), { name: "TypeError", message });
    });
  }

  it("Headers: copying does not share the list", () => {
    const first = new Headers({ a: "1" });
    const second = new Headers(first);
    second.set("a", "2");
    assert.equal(first.get("a"), "1");
  });
});

describe("Headers: values are byte strings", () => {
  const accepted: [string, string, string][] = [
    ["white space at the ends goes", " \t\r\n a b \r\n\t ", "a b"],
    ["white space alone is empty", " \t ", ""],
    ["latin1 stays", "grün\u00ff", "grün\u00ff"],
    ["control characters stay", "a\u0001\u007fb", "a\u0001\u007fb"],
    ["a tab within stays", "a\tb", "a\tb"],
    ["a long value stays", "x".repeat(10_000), "x".repeat(10_000)],
  ];
  for (const [what, value, expected] of accepted) {
    it(`Headers.append: ${what}`, () => {
      const headers = new Headers();
      headers.append("a", value);
      assert.equal(headers.get("a"), expected);
    });
  }

  for (const length of [0, 39, 40, 41, 500]) {
    for (const [what, bad] of [
      ["a carriage return", "\r"],
      ["a line feed", "\n"],
      ["a NUL", "\0"],
      ["the character U\\+0100", "\u0100"],
      ["the character U\\+D83D", "😀"],
    ] as const) {
      it(`Headers.set: refuses ${what} at ${length} and never shows the value`, () => {
        const secret = `${"s".repeat(length)}${bad}secret`;
        // At the very start CR and LF are trimmed, as everywhere.
        const value = length === 0 && /[\r\n]/.test(bad) ? `-${secret}` : secret;
        const at = value.indexOf(bad);
        assert.throws(
          () => new Headers().set("Authorization", value),
          (error) => {
            assert.ok(error instanceof TypeError);
            assert.match(error.message, new RegExp(`"Authorization" has ${what} at position ${at}:`));
            assert.doesNotMatch(error.message, /secret/);
            return true;
          },
        );
      });
    }
  }

  it("Headers.append: turns other values into text, as Web IDL does, and wants both arguments", () => {
    const headers = new Headers();
    headers.append("n", 5 as unknown as string);
    headers.append("u", undefined as unknown as string);
    assert.deepEqual(list(headers), [
      ["n", "5"],
      ["u", "undefined"],
    ]);
    const loose = headers as unknown as { append(name: string): void; set(name: string): void };
    assert.throws(() => loose.append("a"), TypeError);
    assert.throws(() => loose.set("a"), TypeError);
  });
});

describe("Headers: reads and changes", () => {
  it("Headers.get: joins repeated fields whatever their case", () => {
    const headers = new Headers([
      ["Accept", "a"],
      ["ACCEPT", "b"],
      ["accept", ""],
    ]);
    assert.equal(headers.get("aCCept"), "a, b, ");
    assert.equal(headers.get("accept-x"), null);
    assert.equal(headers.has("ACCEPT"), true);
    assert.equal(headers.has("acce"), false);
  });

  it("Headers.get: '^' and '~' are different names", () => {
    const headers = new Headers([
      ["a^", "1"],
      ["a~", "2"],
    ]);
    assert.equal(headers.get("a^"), "1");
    assert.equal(headers.get("A~"), "2");
  });

  it("Headers: each method refuses an invalid name", () => {
    const headers = new Headers();
    for (const act of [
      () => headers.get("a b"),
      () => headers.has(""),
      () => headers.delete("a\n"),
      () => headers.set("(", "x"),
      () => headers.append("é", "x"),
    ]) {
      assert.throws(act, TypeError);
    }
  });

  it("Headers.set: keeps the place of the first and removes the others", () => {
    const headers = new Headers([
      ["A", "1"],
      ["B", "2"],
      ["a", "3"],
      ["C", "4"],
      ["a", "5"],
    ]);
    headers.set("a", "9");
    assert.deepEqual(rawHeaders(headers), ["A", "9", "B", "2", "C", "4"]);
    headers.set("D", "5");
    assert.deepEqual(rawHeaders(headers), ["A", "9", "B", "2", "C", "4", "D", "5"]);
  });

  it("Headers.delete: removes every field of that name", () => {
    const headers = new Headers([
      ["A", "1"],
      ["B", "2"],
      ["a", "3"],
    ]);
    headers.delete("a");
    headers.delete("none");
    assert.deepEqual(rawHeaders(headers), ["B", "2"]);
  });

  it("rawHeaders: keeps order and case", () => {
    const headers = new Headers({ "X-Zulu": "1", aLpHa: "2" });
    headers.append("X-ZULU", "3");
    assert.deepEqual(rawHeaders(headers), ["X-Zulu", "1", "aLpHa", "2", "X-ZULU", "3"]);
    assert.deepEqual(rawHeaders(new Headers(headers)), rawHeaders(headers));
  });

  it("Headers.getSetCookie: gives each on its own", () => {
    const headers = new Headers([
      ["Set-Cookie", "a=1, x"],
      ["b", "2"],
      ["set-cookie", "c=3"],
    ]);
    assert.deepEqual(headers.getSetCookie(), ["a=1, x", "c=3"]);
    assert.equal(headers.get("set-cookie"), "a=1, x, c=3");
    assert.deepEqual(list(headers), [
      ["b", "2"],
      ["set-cookie", "a=1, x"],
      ["set-cookie", "c=3"],
    ]);
    assert.deepEqual(new Headers().getSetCookie(), []);
  });

  it("Headers: iterates sorted by bytes, lower-cased, joined", () => {
    const headers = new Headers([
      ["b", "1"],
      ["a_b", "2"],
      ["A-b", "3"],
      ["B", "4"],
      ["a", "5"],
    ]);
    assert.deepEqual(list(headers), [
      ["a", "5"],
      ["a-b", "3"],
      ["a_b", "2"],
      ["b", "1, 4"],
    ]);
    assert.deepEqual([...headers.keys()], ["a", "a-b", "a_b", "b"]);
    assert.deepEqual([...headers.values()], ["5", "3", "2", "1, 4"]);
  });

  it("Headers: an iterator sees changes made meanwhile, as a Web IDL one does", () => {
    const headers = new Headers({ a: "1", b: "2" });
    const seen: string[] = [];
    for (const [name] of headers) {
      seen.push(name);
      headers.delete(name);
    }
    assert.deepEqual(seen, ["a"]);
    const iterator = headers.keys();
    headers.append("c", "3");
    assert.deepEqual([...iterator], ["b", "c"]);
    assert.equal(Object.prototype.toString.call(iterator), "[object Headers Iterator]");
  });

  it("Headers: changing a pair that was given out changes nothing", () => {
    const headers = new Headers({ a: "1" });
    const pair = list(headers)[0] as [string, string];
    pair[1] = "2";
    assert.deepEqual(list(headers), [["a", "1"]]);
  });

  it("Headers.forEach: gives value, name, itself and this", () => {
    const headers = new Headers({ B: "2", a: "1" });
    const seen: unknown[] = [];
    headers.forEach(function (this: unknown, value, name, parent) {
      seen.push([this, value, name, parent === headers]);
    }, 7);
    assert.deepEqual(
      seen.map(String),
      [
        [7, "1", "a", true],
        [7, "2", "b", true],
      ].map(String),
    );
    assert.throws(() => headers.forEach(undefined as never), TypeError);
  });
});

describe("Headers: immutable ones", () => {
  const changes: [string, (headers: Headers) => void][] = [
    ["append", (headers) => headers.append("a", "1")],
    ["set", (headers) => headers.set("a", "1")],
    ["delete", (headers) => headers.delete("a")],
  ];
  for (const [name, change] of changes) {
    it(`Headers.${name}: throws on the headers of a response, which stay as they were`, () => {
      for (const headers of [
        headersFromBlock("a: 0\r\n", 0),
        headersFromBlock("", 0),
        freezeHeaders(new Headers({ a: "0" })),
        headersFromRaw(["a", "0"], true),
      ]) {
        const before = list(headers);
        assert.throws(() => change(headers), { name: "TypeError", message: /"a" cannot be changed/ });
        assert.deepEqual(list(headers), before);
        change(new Headers(headers));
      }
    });
  }
});

describe("Headers: agree with the platform's", () => {
  const name = fc.string({
    minLength: 1,
    maxLength: 6,
    unit: fc.constantFrom(..."aAbB-_^~.!*"),
  });
  const value = fc.string({ maxLength: 8, unit: fc.constantFrom(..." \tab:,\u00e4\u00ff") });

  it("Headers: agree with the platform's after any changes, and keep their order (property)", () => {
    const operation = fc.record({
      act: fc.constantFrom("append" as const, "set" as const, "delete" as const),
      name: fc.oneof(name, fc.constantFrom("set-cookie", "Set-Cookie")),
      value,
    });
    fc.assert(
      fc.property(fc.array(operation), (operations) => {
        const ours = createHeaders();
        const theirs = new globalThis.Headers();
        for (const { act, name: n, value: v } of operations) {
          if (act === "delete") {
            ours.delete(n);
            theirs.delete(n);
          } else {
            ours[act](n, v);
            theirs[act](n, v);
          }
        }
        assert.deepEqual(list(ours), [...theirs]);
        assert.deepEqual(ours.getSetCookie(), theirs.getSetCookie());
        for (const { name: n } of operations) {
          assert.equal(ours.get(n), theirs.get(n));
          assert.equal(ours.has(n), theirs.has(n));
        }
      }),
    );
  });
});

describe("Headers: belongs to the platform", () => {
  it("linkHeadersToPlatform: makes it an instance of the global class, with every member our own", () => {
    linkHeadersToPlatform();
    linkHeadersToPlatform();
    const headers = createHeaders({ a: "1" });
    assert.ok(headers instanceof globalThis.Headers);
    const own = Reflect.ownKeys(Headers.prototype);
    const members = Reflect.ownKeys(globalThis.Headers.prototype);
    // Other symbols are the platform's private matter.
    for (const key of members.filter((member) => typeof member === "string" || member === Symbol.iterator)) {
      assert.ok(own.includes(key), `${String(key)} is the platform's`);
    }
    assert.equal(Object.prototype.toString.call(headers), "[object Headers]");
    assert.deepEqual([...new globalThis.Headers(headers)], [["a", "1"]]);
    const asPlatform: globalThis.Headers = headers;
    assert.equal(asPlatform.get("A"), "1");
  });

  it("Headers: are printed in wire order, without credentials", () => {
    const headers = new Headers([
      ["X-B", "2"],
      ["Authorization", "Bearer secret"],
      ["a", "1"],
      ["a", "3"],
    ]);
    const text = inspect(headers);
    assert.equal(text, "Headers { 'X-B': '2', Authorization: '***', a: [ '1', '3' ] }");
    assert.match(inspect({ deep: { er: { headers } } }), /Headers/);
  });
});

it("inspect: shows no value of a header that is named as services name their credentials, and those of others", () => {
  const secret = [
    ["X-Auth-Token", "api-key", "X-Amz-Security-Token", "X-CSRF-Token", "Private-Token", "x-goog-api-key"],
    [
      "Ocp-Apim-Subscription-Key",
      "CF-Access-Client-Secret",
      "Authentication",
      "X-Vault-Token",
      "x-functions-key",
    ],
    [
      "X-Amz-Signature",
      "Cookie2",
      "X-Session-Id",
      "X-Auth",
      "Proxy-Authorization",
      "X-Account-Key",
      "x-apikey",
    ],
  ].flat();
  for (const name of secret)
    assert.doesNotMatch(inspect(new Headers({ [name]: "hunter2" })), /hunter2/, name);
  const others = [
    "WWW-Authenticate",
    "Authentication-Info",
    "Idempotency-Key",
    "Content-Type",
    "X-Author",
    "ETag",
  ];
  for (const name of others) assert.match(inspect(new Headers({ [name]: "shown" })), /shown/, name);
});
