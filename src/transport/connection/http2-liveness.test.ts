import assert from "node:assert/strict";
import { test } from "node:test";
import type { Http2Session } from "../../http2/index.js";
import { http2Settings } from "../http2-options.js";
import { Liveness } from "./http2-liveness.js";

/** A connection with a request on it, and what its liveness does. */
function watched(now = 0) {
  const did: string[] = [];
  let due = Number.POSITIVE_INFINITY;
  const session = { lastReceivedAt: 0, ping: () => did.push("ping") } as unknown as Http2Session<string>;
  const settings = http2Settings(true);
  assert.ok(settings !== undefined);
  const clock = {
    set: (_entry: unknown, at: number) => {
      due = at;
    },
    remove: () => undefined,
  };
  const liveness = new Liveness(session, settings, clock, {
    doubt: (waited) => did.push(`doubt ${waited}`),
    dead: (waited) => did.push(`dead ${waited}`),
    isBusy: () => true,
  });
  liveness.start(now);
  return { liveness, did, due: () => due };
}

test("Liveness: silence is asked after, doubted after 5 s and dead after 15 s", () => {
  const { liveness, did, due } = watched();
  for (let i = 0; i < 3; i += 1) liveness.expired(due());
  assert.deepEqual(did, ["ping", "doubt 5000", "dead 15000"]);
});

test("Liveness: a server that has said nothing yet is not asked before 15 s", () => {
  const { liveness, did, due } = watched(1_000_000);
  assert.equal(due(), 1_015_000);
  liveness.expired(due());
  assert.deepEqual(did, ["ping"]);
});

test("Liveness: while the event loop stood still nothing was read, so that time does not count", () => {
  const { liveness, did, due } = watched();
  liveness.expired(due());
  const asked = due() - 5_000;
  liveness.expired(asked + 60_000);
  assert.deepEqual(did, ["ping", "doubt 5000"]);
  liveness.expired(due());
  assert.deepEqual(did, ["ping", "doubt 5000", "dead 15000"]);
  assert.equal(due(), asked + 55_000 + 15_000);
});
