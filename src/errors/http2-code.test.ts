import assert from "node:assert/strict";
import { constants } from "node:http2";
import { test } from "node:test";
import { http2CodeName } from "./http2-code.js";

test("http2CodeName: the names are those of node:http2; a code without a name is a number", () => {
  for (let code = 0; code <= 13; code += 1) {
    const name = http2CodeName(code);
    assert.equal(constants[`NGHTTP2_${name}` as keyof typeof constants], code, name);
  }
  assert.equal(http2CodeName(14), "code 0xe");
  assert.equal(http2CodeName(0xffffffff), "code 0xffffffff");
});
