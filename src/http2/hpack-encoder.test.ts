import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PlainDecoder } from "../../test/http2/plain-hpack.js";
import { HpackEncoder, INDEX, NEVER_INDEX, PLAIN } from "./hpack-encoder.js";

const hex = (text: string): string => Buffer.from(text, "latin1").toString("hex");

describe("HpackEncoder", () => {
  test("field: an entry of the static table is one octet", () => {
    const encoder = new HpackEncoder();
    assert.equal(hex(encoder.field(":method", "GET", INDEX)), "82");
    assert.equal(hex(encoder.field("accept-encoding", "gzip, deflate", PLAIN)), "90");
    assert.equal(encoder.generation, 0);
  });

  test("field: goes into the table once, and is one octet from then on", () => {
    const encoder = new HpackEncoder();
    assert.equal(hex(encoder.field("user-agent", "x", INDEX)), "7a0178");
    assert.equal(hex(encoder.field("user-agent", "x", INDEX)), "be");
    assert.equal(hex(encoder.field("x-name", "x", INDEX)).startsWith("40"), true);
    assert.equal(hex(encoder.field("user-agent", "x", INDEX)), "bf");
    assert.equal(hex(encoder.field("x-name", "other", PLAIN)).slice(0, 4), "0f2f");
    assert.equal(encoder.generation, 2);
  });

  test("field: a secret is never indexed, not even where the table has it", () => {
    const encoder = new HpackEncoder();
    encoder.field("authorization", "Basic x", INDEX);
    const secret = hex(encoder.field("authorization", "Basic x", NEVER_INDEX));
    assert.match(secret, /^1f08/);
    assert.equal(hex(encoder.field("accept-encoding", "gzip, deflate", NEVER_INDEX)).slice(0, 2), "1f");
    assert.equal(hex(encoder.field("x-key", "1", NEVER_INDEX)).slice(0, 2), "10");
  });

  test("field: one that would take most of the table is not indexed", () => {
    const encoder = new HpackEncoder();
    encoder.field("x-large", "v".repeat(1_000), INDEX);
    assert.equal(encoder.tableSize, 0);
    encoder.field("x-large", "v".repeat(900), INDEX);
    assert.equal(encoder.tableSize, 939);
  });

  test("field: an evicted entry is not referred to any more", () => {
    const encoder = new HpackEncoder();
    const decoder = new PlainDecoder();
    for (let i = 0; i < 500; i++) {
      const fields = ["x-a", `value ${i % 90}`, "x-b", "b".repeat(i % 300), "x-c", "always"];
      let block = "";
      for (let at = 0; at < fields.length; at += 2) {
        block += encoder.field(fields[at] as string, fields[at + 1] as string, INDEX);
      }
      assert.deepEqual(decoder.decode(Buffer.from(block, "latin1")), fields);
    }
    assert.ok(encoder.tableSize <= 4_096);
  });

  test("limit: the next block says the least limit and the last", () => {
    const encoder = new HpackEncoder();
    assert.equal(encoder.sizeUpdate(), "");
    encoder.field("x-a", "b", INDEX);
    encoder.limit(0);
    encoder.limit(200);
    assert.equal(encoder.tableSize, 0);
    assert.equal(hex(encoder.sizeUpdate()), "203fa901");
    assert.equal(encoder.sizeUpdate(), "", "it is said once");
    encoder.limit(100);
    assert.equal(hex(encoder.sizeUpdate()), "3f45");
  });

  test("limit: a table of none is said once, and nothing is indexed", () => {
    const encoder = new HpackEncoder();
    encoder.limit(0);
    assert.equal(hex(encoder.sizeUpdate()), "20");
    encoder.field("x-a", "b", INDEX);
    assert.equal(encoder.tableSize, 0);
    assert.equal(encoder.sizeUpdate(), "");
  });

  test("limit: a peer that offers more gets 4,096 octets of our memory and no update", () => {
    const encoder = new HpackEncoder();
    encoder.limit(2 ** 31 - 1);
    assert.equal(encoder.sizeUpdate(), "");
  });
});
