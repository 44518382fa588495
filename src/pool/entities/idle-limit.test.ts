import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_TOLERATED, IdleLimit } from "./idle-limit.js";

const UNANNOUNCED = Number.POSITIVE_INFINITY;

test("tolerated: is 4 s, when nothing is known", () => {
  assert.equal(new IdleLimit().tolerated(UNANNOUNCED), DEFAULT_TOLERATED);
});

test("tolerated: is what the server announced, when it did", () => {
  assert.equal(new IdleLimit().tolerated(1000), 1000);
  assert.equal(new IdleLimit().tolerated(60_000), 60_000);
});

test("tolerated: grows with the ages that exchanges survived", () => {
  const limit = new IdleLimit();
  limit.survived(20_000);
  limit.survived(10_000);
  assert.equal(limit.tolerated(UNANNOUNCED), 20_000);
});

test("ended: makes careful at once, but closes idle connections only when three ends agree", () => {
  const limit = new IdleLimit();
  limit.ended(2000, true, 0);
  assert.equal(limit.learned, 2000);
  assert.equal(limit.tolerated(UNANNOUNCED), 1800);
  assert.equal(limit.tolerated(60_000), 1800, "an end says more than an announcement");
  assert.equal(limit.limit(0), UNANNOUNCED);
  limit.ended(2200, true, 5000);
  assert.equal(limit.limit(5000), UNANNOUNCED);
  limit.ended(1900, true, 10_000);
  assert.equal(limit.learned, 1900);
  assert.equal(limit.limit(10_000), 1710);
});

test("ended: counts ends at the same moment once, as when a server restarts", () => {
  const limit = new IdleLimit();
  for (let index = 0; index < 10; index += 1) limit.ended(2000, true, index * 10);
  assert.equal(limit.limit(100), UNANNOUNCED);
});

test("ended: counts ends a second apart each", () => {
  const limit = new IdleLimit();
  limit.ended(2000, true, 0);
  limit.ended(2000, true, 1000);
  limit.ended(2000, true, 1999);
  assert.equal(limit.limit(1999), UNANNOUNCED);
  limit.ended(2000, true, 2999);
  assert.equal(limit.limit(2999), 1800);
});

test("ended: ages agree, in either order, when the larger one is at most a quarter more", () => {
  for (const [one, other, agree] of [
    [2000, 2500, true],
    [2500, 2000, true],
    [2000, 2501, false],
    [2501, 2000, false],
  ] as const) {
    const limit = new IdleLimit();
    for (const [age, now] of [
      [one, 0],
      [other, 5000],
      [one, 10_000],
    ] as const)
      limit.ended(age, true, now);
    assert.equal(limit.limit(10_000), agree ? 1800 : UNANNOUNCED, `${one}, ${other}`);
  }
});

test("ended: an end that only a write shows may be silent from 10 s on, and only until one is seen", () => {
  for (const [age, seen, silent] of [
    [9999, false, false],
    [10_000, false, true],
    [30_000, true, false],
  ] as const) {
    const limit = new IdleLimit();
    limit.ended(age, seen, 0);
    limit.seenOpen(50_000);
    limit.seenOpen(50_000);
    assert.equal(limit.learned, silent ? age : undefined, `${age}, ${seen}`);
  }
  const seenLater = new IdleLimit();
  seenLater.ended(20_000, false, 0);
  seenLater.ended(20_000, true, 5000);
  for (let index = 0; index < 4; index += 1) seenLater.seenOpen(50_000);
  assert.equal(seenLater.learned, undefined);
});

test("ended: a later end contradicts an earlier one, but not one that may be silent", () => {
  const silent = new IdleLimit();
  silent.ended(10_000, false, 0);
  for (const now of [5000, 10_000, 15_000]) silent.ended(50_000, true, now);
  assert.equal(silent.learned, 10_000);
});

test("seenOpen: an age that agrees contradicts nothing", () => {
  const limit = new IdleLimit();
  limit.ended(2000, true, 0);
  for (let index = 0; index < 4; index += 1) limit.seenOpen(2500);
  assert.equal(limit.learned, 2000);
  limit.seenOpen(2501);
  assert.equal(limit.learned, 2000, "one is not enough");
  limit.ended(2000, true, 100);
  limit.seenOpen(2501);
  assert.equal(limit.learned, 2000, "the end after it took it back");
  limit.seenOpen(2501);
  assert.equal(limit.learned, undefined);
});

test("survived: makes one end forgotten, when two exchanges went well beyond it", () => {
  const limit = new IdleLimit();
  limit.ended(50, true, 0);
  limit.survived(60);
  limit.survived(60);
  assert.equal(limit.learned, 50, "not well beyond");
  limit.survived(500);
  assert.equal(limit.learned, 50);
  limit.survived(500);
  assert.equal(limit.learned, undefined);
  assert.equal(limit.tolerated(UNANNOUNCED), DEFAULT_TOLERATED);
});

test("survived: takes as many more, as ends have confirmed a limit", () => {
  const limit = new IdleLimit();
  for (const now of [0, 5000, 10_000]) limit.ended(2000, true, now);
  for (let index = 0; index < 5; index += 1) limit.survived(3000);
  assert.equal(limit.learned, 2000);
  limit.survived(3000);
  assert.equal(limit.learned, undefined);
});

test("seenOpen: makes one early end forgotten too, so that requests that cannot be sent twice recover", () => {
  const limit = new IdleLimit();
  limit.ended(50, true, 0);
  limit.seenOpen(1000);
  limit.seenOpen(1000);
  assert.equal(limit.learned, undefined);
});

test("seenOpen: proves nothing, when a late end showed only on writing: the connection may be silently gone", () => {
  const limit = new IdleLimit();
  limit.ended(30_000, false, 0);
  for (let index = 0; index < 10; index += 1) limit.seenOpen(50_000);
  assert.equal(limit.learned, 30_000);
  limit.survived(50_000);
  limit.survived(50_000);
  assert.equal(limit.learned, undefined);
});

test("limit: is lifted to be learned again, when no end has confirmed it for five minutes", () => {
  const limit = new IdleLimit();
  for (const now of [0, 5000, 10_000]) limit.ended(2000, true, now);
  assert.equal(limit.limit(309_999), 1800);
  assert.equal(limit.limit(310_000), UNANNOUNCED);
  assert.equal(limit.tolerated(UNANNOUNCED), 1800, "requests that cannot be sent twice stay careful");
  limit.ended(2000, true, 320_000);
  assert.equal(limit.limit(320_000), 1800);
});

test("learned: is the smallest, when an origin's servers differ", () => {
  const limit = new IdleLimit();
  limit.ended(10_000, true, 0);
  limit.ended(2000, true, 5000);
  assert.equal(limit.learned, 2000);
  limit.ended(10_000, true, 10_000);
  limit.ended(10_000, true, 20_000);
  assert.equal(limit.learned, 10_000, "two later ends contradict the single early one");
});

test("ended: remembers a bounded number of ages", () => {
  const limit = new IdleLimit();
  for (let age = 1_000_000; age > 1; age /= 2) limit.ended(age, true, 0);
  assert.ok((limit.learned ?? 0) < 2);
  const few = new IdleLimit();
  for (const age of [16_000, 8000, 4000, 2000, 1000]) few.ended(age, true, 0);
  for (const age of [15_000, 15_000]) few.survived(age);
  assert.equal(few.learned, undefined, "four are contradicted, and the first of five was forgotten");
});
