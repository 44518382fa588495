import assert from "node:assert/strict";
import { test } from "node:test";
import { BYTE_CLASS, describeByte, excerpt, HEX, TOKEN, VALUE } from "./bytes.js";

test("BYTE_CLASS: has an entry for each byte, and knows what each may be used for", () => {
  assert.equal(BYTE_CLASS.length, 256);
  const of = (bit: number) =>
    Array.from(BYTE_CLASS.keys())
      .filter((byte) => ((BYTE_CLASS[byte] as number) & bit) !== 0)
      .map((byte) => String.fromCharCode(byte))
      .join("");
  assert.equal(of(TOKEN), "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~");
  assert.equal(of(HEX), "0123456789ABCDEFabcdef");
  const plain = Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i)).join("");
  const beyond = Array.from({ length: 0x80 }, (_, i) => String.fromCharCode(0x80 + i)).join("");
  assert.equal(of(VALUE), `\t${plain}${beyond}`);
});

test("excerpt: escapes all that cannot be printed, quotes and backslashes", () => {
  const bytes = Buffer.from('?a "b" \\ \r\n\t\0\x1f\x7f\x80~!', "latin1");
  assert.equal(excerpt(bytes, 1, bytes.length - 1), '"a \\"b\\" \\\\ \\r\\n\\t\\x00\\x1f\\x7f\\x80~"');
  assert.equal(excerpt(bytes, 3, 3), '""');
});

test("excerpt: holds at most 40 characters, and no half of an escaped one", () => {
  assert.equal(excerpt(Buffer.from("x".repeat(40)), 0, 40), `"${"x".repeat(40)}"`);
  assert.equal(excerpt(Buffer.from("x".repeat(41)), 0, 41), `"${"x".repeat(40)}…"`);
  assert.equal(excerpt(Buffer.from(`${"x".repeat(39)}\0`), 0, 40), `"${"x".repeat(39)}…"`);
});

test("describeByte: is the character where one is seen, else its number", () => {
  const described: [byte: number, text: string][] = [
    [0x21, '"!"'],
    [0x7e, '"~"'],
    [0x20, "0x20"],
    [0x7f, "0x7f"],
    [0x09, "0x09"],
    [0xff, "0xff"],
  ];
  for (const [byte, text] of described) assert.equal(describeByte(byte), text);
});
