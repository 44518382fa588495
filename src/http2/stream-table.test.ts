import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Http2Stream } from "./stream.js";
import { StreamTable } from "./stream-table.js";

const head = { method: "GET", scheme: "https", authority: "a", path: "/", fields: [], contentLength: -1 };

function streamWith(id: number): Http2Stream<number> {
  const stream = new Http2Stream(id, head, true, 1_000, 65_535);
  stream.id = id;
  return stream;
}

test("StreamTable: does what a Map does, whichever streams stay open", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(100), { maxLength: 3_000 }),
      fc.integer({ min: 0, max: 99 }),
      (steps, keep) => {
        const table = new StreamTable<number>();
        const model = new Map<number, Http2Stream<number>>();
        let next = 1;
        for (const step of steps) {
          if (step >= keep || model.size === 0) {
            const stream = streamWith(next);
            table.add(stream);
            model.set(next, stream);
            next += 2;
          } else {
            const ids = [...model.keys()];
            const id = ids[(step * 7919) % ids.length] as number;
            table.delete(id);
            model.delete(id);
          }
          assert.equal(table.size, model.size);
        }
        for (let id = 1; id < next; id += 2) assert.equal(table.get(id), model.get(id));
        assert.deepEqual(
          table.values(),
          [...model.values()].sort((a, b) => a.id - b.id),
        );
      },
    ),
    { numRuns: 30 },
  );
});

test("StreamTable: one stream that stays open does not make it grow", () => {
  const table = new StreamTable<number>();
  const first = streamWith(1);
  table.add(first);
  for (let id = 3; id < 200_000; id += 2) {
    table.add(streamWith(id));
    table.delete(id);
  }
  assert.equal(table.get(1), first);
  assert.deepEqual(table.values(), [first]);
});
