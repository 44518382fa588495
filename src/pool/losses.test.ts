import assert from "node:assert/strict";
import { test } from "node:test";
import { Losses } from "./losses.js";

test("Losses: gives the newest first, and forgets the oldest of more than 256", () => {
  const losses = new Losses();
  for (let id = 1; id <= 300; id += 1) losses.push({ id, reason: "reset" });
  assert.equal(losses.size, 256);
  assert.equal(losses.pop()?.id, 300);
  let last: number | undefined;
  for (let loss = losses.pop(); loss !== undefined; loss = losses.pop()) last = loss.id;
  assert.equal(last, 45);
});
