import assert from "node:assert/strict";
import { test } from "node:test";
import * as limits from "./limits.js";

test("limits: are those that the documentation names", () => {
  assert.deepEqual(
    { ...limits },
    {
      DEFAULT_MAX_HEAD_BYTES: 65_536,
      MAX_HEADER_COUNT: 1_000,
      MAX_INFORMATIONAL: 100,
      MAX_CHUNK_EXTENSION_BYTES: 16_384,
      MAX_CHUNK_SIZE_DIGITS: 16,
      MAX_TRAILER_BYTES: 16_384,
    },
  );
});
