import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FramingFields } from "./framing-fields.js";

/** Reads fields as the head parser would hand them over, from a buffer that holds other bytes around them. */
function read(fields: readonly string[], framing = new FramingFields()): FramingFields {
  const base = 7;
  for (const field of fields) {
    const colon = field.indexOf(":");
    const bytes = Buffer.from(`${"9".repeat(base)}${field}9,"close`, "latin1");
    framing.read(bytes, base, base, colon, base + colon + 1, base + field.length);
  }
  return framing;
}

const NOTHING = {
  contentLength: -1,
  chunked: false,
  close: false,
  keepAlive: false,
  keepAliveTimeout: -1,
  keepAliveMax: -1,
};
const EACH = [
  "Content-Length: 42",
  "Transfer-Encoding: chunked",
  "Connection: close, keep-alive",
  "Keep-Alive: timeout=5, max=7",
];

describe("FramingFields", () => {
  test("says nothing before it has read anything, and after reset", () => {
    const framing = new FramingFields();
    assert.deepEqual({ ...framing }, NOTHING);
    read(EACH, framing);
    assert.deepEqual(
      { ...framing },
      {
        contentLength: 42,
        chunked: true,
        close: true,
        keepAlive: true,
        keepAliveTimeout: 5,
        keepAliveMax: 7,
      },
    );
    framing.reset();
    assert.deepEqual({ ...framing }, NOTHING);
  });

  test("reset: forgets how the last length was spelled", () => {
    const framing = read(["Content-Length: 042"]);
    framing.reset();
    assert.equal(read(["Content-Length: 7"], framing).contentLength, 7);
  });

  test("read: takes no name for one of its four that is one bit off", () => {
    for (const field of EACH) {
      const [name = "", value = ""] = field.split(": ");
      for (let at = 0; at < name.length; at++) {
        for (const bit of [1, 2, 4, 8, 16, 64]) {
          const letter = String.fromCharCode(name.charCodeAt(at) ^ bit);
          const other = `${name.slice(0, at)}${letter}${name.slice(at + 1)}`;
          const framing = new FramingFields();
          const bytes = Buffer.from(`${other}: ${value}`, "latin1");
          framing.read(bytes, 0, 0, name.length, name.length + 1, bytes.length);
          assert.deepEqual({ ...framing }, NOTHING, other);
        }
      }
    }
  });

  const words: [before: string, word: string][] = [
    ["Connection: ", "keep-alive"],
    ["Connection: ", "close"],
    ["Connection: x,", "keep-alive"],
    ["Keep-Alive: ", "timeout=5"],
    ["Keep-Alive: ", "max=5"],
  ];
  for (const [before, word] of words) {
    test(`read: takes nothing for ${word} that is one letter off or longer (${before})`, () => {
      assert.notDeepEqual({ ...read([`${before}${word}`]) }, NOTHING);
      assert.notDeepEqual({ ...read([`${before}${word.toUpperCase()}`]) }, NOTHING);
      const end = word.includes("=") ? word.indexOf("=") : word.length;
      for (let at = 0; at < end; at++) {
        for (const letter of ["!", "y", "Y"]) {
          const other = `${word.slice(0, at)}${letter}${word.slice(at + 1)}`;
          assert.deepEqual({ ...read([`${before}${other}`]) }, NOTHING, other);
        }
        const shorter = `${word.slice(0, at)}${word.slice(at + 1)}`;
        assert.deepEqual({ ...read([`${before}${shorter}`]) }, NOTHING, shorter);
      }
      const longer = `${word.slice(0, end)}x${word.slice(end)}`;
      assert.deepEqual({ ...read([`${before}${longer}`]) }, NOTHING, longer);
    });
  }

  test("read: refuses a coding that is one letter off chunked", () => {
    for (let at = 0; at < 7; at++) {
      const coding = `${"chunked".slice(0, at)}y${"chunked".slice(at + 1)}`;
      assert.throws(() => read([`Transfer-Encoding: ${coding}`]), {
        code: "ERR_TRUNKLINE_TRANSFER_ENCODING",
      });
    }
    assert.throws(() => read(["Transfer-Encoding: chunkedy"]), { code: "ERR_TRUNKLINE_TRANSFER_ENCODING" });
  });

  test("read: takes digits only for digits", () => {
    for (const byte of ["/", ":"]) {
      for (const value of [`1${byte}`, byte, `${byte}1`]) {
        assert.throws(() => read([`Content-Length: ${value}`]), /is not a decimal number/, value);
        assert.deepEqual({ ...read([`Keep-Alive: timeout=${value}, max=${value}`]) }, NOTHING, value);
      }
    }
    assert.equal(read(["Content-Length: 9876543210"]).contentLength, 9_876_543_210);
    assert.equal(read(["Keep-Alive: timeout=109"]).keepAliveTimeout, 109);
    assert.equal(read(["Keep-Alive: max=109"]).keepAliveMax, 109);
  });

  test("read: quotes a bad length without the blanks around it, and says where it stands", () => {
    assert.throws(
      () => read(["Content-Length: \t 1;\t "]),
      /Content-Length "1;" at byte 18 is not a decimal number/,
    );
    assert.throws(() => read(["Content-Length: , 1"]), /", 1" at byte 16 has an empty list element/);
    assert.throws(() => read(["Content-Length: \t"]), /"" at byte 17 is empty/);
    assert.throws(
      () => read(["Content-Length:7", "Content-Length:8"]),
      /not repeat the length seen before, 7/,
    );
    assert.throws(() => read(["Transfer-Encoding: \tgzip\t"]), /"gzip" at byte 20 is not supported/);
  });

  test("read: takes nothing behind the end of a field for a part of it", () => {
    const bytes = Buffer.from("Content-Length: \t 5", "latin1");
    assert.throws(() => new FramingFields().read(bytes, 0, 0, 14, 15, 17), /"" at byte 17 is empty/);
    assert.throws(() => new FramingFields().read(bytes, 0, 0, 14, 15, 15), /"" at byte 15 is empty/);
  });

  test("read: takes equal lengths in one field or in several, with blanks around each", () => {
    assert.equal(read(["Content-Length: 7\t,\t7 , 7"]).contentLength, 7);
    assert.equal(read(["Content-Length:7", "Content-Length: 7 ,7"]).contentLength, 7);
    assert.throws(() => read(["Content-Length: 7, 7, 8"]), /does not repeat/);
    assert.throws(() => read(["Content-Length: 0, 1"]), /does not repeat the length seen before, 0/);
  });

  test("read: keeps the first of several hints that is understood last", () => {
    assert.equal(read(["Keep-Alive: timeout=5, timeout=x"]).keepAliveTimeout, 5);
    assert.equal(read(["Keep-Alive: timeout=5, timeout=6"]).keepAliveTimeout, 6);
    assert.equal(read(["Keep-Alive: max=5, max="]).keepAliveMax, 5);
    assert.equal(read(["Keep-Alive: max=0"]).keepAliveMax, 0);
    assert.equal(read(["Keep-Alive: max=0", "Keep-Alive: max="]).keepAliveMax, 0);
  });

  test("read: a quoted count needs both its quotes", () => {
    for (const value of ['"', '""', '"5', '5"', '"55', '55"', '" "'])
      assert.equal(read([`Keep-Alive: max=${value}`]).keepAliveMax, -1);
    assert.equal(read(['Keep-Alive: max="5"']).keepAliveMax, 5);
    assert.equal(read(['Keep-Alive: max=\t"15"\t']).keepAliveMax, 15);
  });

  test("read: passes over a timeout that is spelled in more than 40 characters", () => {
    const spelled = (characters: number) => `Keep-Alive: timeout=5${" ".repeat(characters - 2)}s`;
    assert.equal(read([spelled(40)]).keepAliveTimeout, 5);
    assert.equal(read([spelled(41)]).keepAliveTimeout, -1);
  });

  test("read: bounds absurd hints", () => {
    const most = 2_147_483_647;
    assert.equal(read([`Keep-Alive: timeout=${most}, max=${most}`]).keepAliveTimeout, most);
    const framing = read([`Keep-Alive: timeout=${most + 1}, max=${"9".repeat(30)}`]);
    assert.deepEqual([framing.keepAliveTimeout, framing.keepAliveMax], [most, most]);
    assert.equal(read([`Keep-Alive: timeout=${most + 1}s`]).keepAliveTimeout, most);
  });
});
