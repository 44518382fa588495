import assert from "node:assert/strict";
import { constants } from "node:buffer";
import { test } from "node:test";
import { BodyReader } from "./body-reader.js";
import { collectText } from "./text-body.js";

test("collectText: a body that no string can hold is refused before it is read, and given up", async () => {
  let resumed = 0;
  const cancelled: unknown[] = [];
  const feed = {
    resume: () => {
      resumed += 1;
    },
    cancel: async (reason: unknown) => {
      cancelled.push(reason);
    },
  };
  const length = constants.MAX_STRING_LENGTH + 1;
  const error = await collectText(new BodyReader(feed, length)).catch((reason: unknown) => reason);
  assert.ok(error instanceof RangeError);
  assert.equal((error as { code?: string }).code, "ERR_TRUNKLINE_RESPONSE_TOO_LARGE");
  assert.match(error.message, new RegExp(`it has ${length} bytes, and a string holds at most`));
  assert.deepEqual([resumed, cancelled], [0, [error]]);
  void collectText(new BodyReader(feed, length - 1));
  assert.equal(resumed, 1);
});
