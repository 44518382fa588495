import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HpackDecoder } from "./hpack-decoder.js";
import { Http2Error } from "./http2-error.js";
import { huffmanDecode, huffmanEncode, huffmanLength } from "./huffman.js";

function decode(decoder: HpackDecoder, hex: string): string[] {
  const block = Buffer.from(hex.replaceAll(" ", ""), "hex");
  const lines: string[] = [];
  decoder.decode(block, 0, block.length, { field: (_name, _value, line) => lines.push(line.trimEnd()) });
  return lines;
}

function refused(hex: string, decoder: HpackDecoder = new HpackDecoder()): string {
  try {
    decode(decoder, hex);
  } catch (error) {
    assert.ok(error instanceof Http2Error);
    assert.deepEqual([error.scope, error.http2Code], ["connection", 9]);
    return error.message;
  }
  throw new assert.AssertionError({ message: `accepted ${hex}` });
}

describe("HpackDecoder, the examples of RFC 7541 Appendix C", () => {
  test("C.2: the four kinds of a field", () => {
    const decoder = new HpackDecoder();
    assert.deepEqual(decode(decoder, "400a637573746f6d2d6b65790d637573746f6d2d686561646572"), [
      "custom-key: custom-header",
    ]);
    assert.equal(decoder.tableSize, 55);
    assert.deepEqual(decode(decoder, "040c2f73616d706c652f70617468"), [":path: /sample/path"]);
    assert.deepEqual(decode(decoder, "100870617373776f726406736563726574"), ["password: secret"]);
    assert.deepEqual(decode(decoder, "82"), [":method: GET"]);
    assert.equal(decoder.tableSize, 55);
  });

  test("C.5 and C.6: responses whose table evicts, plain and by Huffman's code", () => {
    const first = [
      ":status: 302",
      "cache-control: private",
      "date: Mon, 21 Oct 2013 20:13:21 GMT",
      "location: https://www.example.com",
    ];
    const plain = new HpackDecoder();
    plain.allow(256);
    assert.deepEqual(
      decode(
        plain,
        "3fe101 4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
      ),
      first,
    );
    assert.equal(plain.tableSize, 222);
    assert.deepEqual(decode(plain, "4803333037c1c0bf"), [":status: 307", ...first.slice(1)]);
    assert.equal(plain.tableSize, 222);
    const coded = new HpackDecoder();
    coded.allow(256);
    assert.deepEqual(
      decode(
        coded,
        "3fe101 488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
      ),
      first,
    );
    assert.deepEqual(decode(coded, "4883640effc1c0bf"), [":status: 307", ...first.slice(1)]);
    assert.equal(coded.tableSize, 222);
  });
});

describe("HpackDecoder: what it refuses", () => {
  for (const [what, hex, words] of [
    ["the index 0", "80", /index 0/],
    ["an index beyond the static table", "be", /index 62 is beyond/],
    ["a far index", "ffffff07", /is beyond the table/],
    ["a name beyond the table", "7f0001 61", /is beyond the table/],
    ["an integer cut off", "ff80", /inside an integer/],
    ["an integer above 2^31-1", "ffffffffff0f", /is too large/],
    ["an integer of too many octets", "ff808080808000", /is too large/],
    ["a string longer than the block", "400561", /longer than the block/],
    ["a field without a value", "400161", /inside a field/],
    ["a literal without a name", "40", /inside a field/],
    ["a name index and nothing more", "41", /inside a field/],
    ["a size update above the limit", "3fe21f", /exceeds the limit of 4096/],
    ["a size update after a field", "8220", /follows a field/],
    ["end-of-string inside a string", "418 4ffffffff".replace(" ", ""), /end-of-string/],
    ["padding of eight bits", "41831c64ff".replace("1c64ff", "1fffff"), /padding|end-of-string/],
    ["padding that is not all ones", "418118", /padding/],
  ] as const) {
    test(`decode: refuses ${what}`, () => assert.match(refused(hex), words));
  }

  test("decode: refuses every block cut inside a field", () => {
    const block = "400a637573746f6d2d6b65790d637573746f6d2d686561646572";
    for (let octets = 1; octets < block.length / 2; octets++) refused(block.slice(0, octets * 2));
  });

  test("allow: a lower limit demands a size update before the next field", () => {
    const decoder = new HpackDecoder();
    decoder.allow(100);
    assert.match(refused("82", decoder), /is missing/);
    const other = new HpackDecoder();
    other.allow(100);
    assert.deepEqual(decode(other, "3f45 82"), [":method: GET"]);
    assert.deepEqual(decode(other, "82"), [":method: GET"]);
  });
});

describe("HpackDecoder: what is not an error", () => {
  test("decode: several size updates at the start, to 0 and back", () => {
    const decoder = new HpackDecoder();
    decode(decoder, "400161 0162");
    assert.equal(decoder.tableSize, 34);
    assert.deepEqual(decode(decoder, "20 3fe11f 82"), [":method: GET"]);
    assert.equal(decoder.tableSize, 0);
  });

  test("decode: an entry larger than the table empties it", () => {
    const decoder = new HpackDecoder();
    decode(decoder, "400161 0162");
    const value = "7a".repeat(5_000);
    assert.equal(decode(decoder, `400163 7f8926 ${value}`).length, 1);
    assert.equal(decoder.tableSize, 0);
  });

  test("decode: the name of an entry that the same insertion evicts", () => {
    const decoder = new HpackDecoder();
    decoder.allow(60);
    decode(decoder, "3f1d 400a6e616d652d6f662d6974 0161");
    assert.deepEqual(decode(decoder, "7e 0c 626262626262626262626262"), ["name-of-it: bbbbbbbbbbbb"]);
    assert.equal(decoder.tableSize, 54);
  });

  test("decode: an empty block, an empty value, the same field twice", () => {
    const decoder = new HpackDecoder();
    assert.deepEqual(decode(decoder, ""), []);
    assert.deepEqual(decode(decoder, "400161 00 400161 00"), ["a:", "a:"]);
    assert.equal(decoder.tableSize, 66);
  });
});

describe("huffman", () => {
  test("huffmanEncode: every octet comes back, alone and beside others", () => {
    for (let a = 0; a < 256; a++) {
      for (const text of [
        String.fromCharCode(a),
        `${String.fromCharCode(a)}0`,
        `~~${String.fromCharCode(a, a)}`,
      ]) {
        const length = huffmanLength(text);
        const encoded = Buffer.from(huffmanEncode(text, length), "latin1");
        assert.equal(encoded.length, length);
        assert.equal(huffmanDecode(encoded, 0, length), text);
      }
    }
  });

  test("huffmanDecode: refuses a string that ends inside any code", () => {
    for (let a = 0; a < 256; a++) {
      const text = String.fromCharCode(a).repeat(8);
      const encoded = Buffer.from(huffmanEncode(text, huffmanLength(text)), "latin1");
      for (let to = 0; to < encoded.length; to++) {
        try {
          assert.ok(text.startsWith(huffmanDecode(encoded, 0, to)));
        } catch (error) {
          assert.ok(error instanceof Http2Error);
        }
      }
    }
  });

  test("huffmanDecode: a long string is no limit of a buffer", () => {
    const text = "abcdefgh\xff".repeat(2_000);
    const encoded = Buffer.from(huffmanEncode(text, huffmanLength(text)), "latin1");
    assert.equal(huffmanDecode(encoded, 0, encoded.length), text);
  });
});
