import assert from "node:assert/strict";
import { test } from "node:test";
import { RoomEntry, Roomy } from "./roomy.js";

class One {
  readonly id: number;
  opening: RoomEntry<One> | undefined = undefined;

  constructor(id: number) {
    this.id = id;
  }
}

test("Roomy: gives the oldest each time it is asked, until that is taken out", () => {
  const roomy = new Roomy<One>();
  const [one, two, three] = [new One(1), new One(2), new One(3)];
  for (const member of [two, three, one, two]) roomy.add(member);
  assert.equal(roomy.size, 3);
  assert.equal(roomy.oldest, one);
  assert.equal(roomy.oldest, one);
  roomy.remove(one);
  assert.deepEqual([roomy.has(one), roomy.has(two)], [false, true]);
  assert.equal(roomy.has(new One(4)), false);
  assert.equal(new RoomEntry(one).heapIndex, -1);
  assert.equal(roomy.oldest, two);
  for (const member of [one, two, three]) roomy.remove(member);
  assert.equal(roomy.oldest, undefined);
});
