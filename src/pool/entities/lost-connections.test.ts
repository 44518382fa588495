import assert from "node:assert/strict";
import { test } from "node:test";
import { LostConnections } from "./lost-connections.js";

test("LostConnections: gives the newest first, and forgets the oldest of more than 256", () => {
  const lost = new LostConnections();
  assert.equal(lost.size, 0);
  assert.equal(lost.pop(), undefined);
  for (let id = 1; id <= 300; id += 1) lost.push({ id, reason: "reset" });
  assert.equal(lost.size, 256);
  assert.equal(lost.pop()?.id, 300);
  let last: number | undefined;
  for (let loss = lost.pop(); loss !== undefined; loss = lost.pop()) last = loss.id;
  assert.equal(last, 45);
});
