import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness } from "../../test/http2/peer.js";
import { LAST_STREAM_ID } from "./limits.js";
import { SessionState } from "./session-state.js";

test("SessionState: an id above the last is not taken: the connection takes no more streams", () => {
  const state = new SessionState<string>(new Harness(), { maxHeaderBytes: 1 });
  state.nextId = LAST_STREAM_ID;
  assert.equal(state.accepting, true);
  state.nextId += 2;
  assert.equal(state.accepting, false);
});

test("SessionState: a stream is idle when neither side has opened it", () => {
  const state = new SessionState<string>(new Harness(), { maxHeaderBytes: 1 });
  state.nextId = 7;
  assert.deepEqual(
    [1, 2, 5, 6, 7, 9].map((id) => state.isIdle(id)),
    [false, true, false, true, true, true],
  );
});

test("SessionState: the last 64 resets are remembered", () => {
  const state = new SessionState<string>(new Harness(), { maxHeaderBytes: 1 });
  for (let id = 1; id <= 129; id += 2) state.reset(id, 8);
  assert.deepEqual([state.wasReset(1), state.wasReset(3), state.wasReset(129)], [false, true, true]);
});

test("SessionState: the least round trip counts", () => {
  const state = new SessionState<string>(new Harness(), { maxHeaderBytes: 1, roundTrip: 20 });
  for (const time of [30, 0, 10, 15]) state.measured(time);
  assert.equal(state.roundTrip, 10);
});
