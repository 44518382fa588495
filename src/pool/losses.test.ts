import assert from "node:assert/strict";
import { test } from "node:test";
import type { CloseReason, DialReason } from "../trace/index.js";
import { Losses, reasonToReplace } from "./losses.js";

test("reasonToReplace: names what the lost connection ended of", () => {
  const table: [CloseReason, DialReason][] = [
    ["idle-timeout", "idle-expired"],
    ["server-closed-idle", "idle-expired"],
    ["server-idle-timeout", "idle-expired"],
    ["evicted", "evicted"],
    ["max-idle", "evicted"],
    ["max-idle-per-origin", "evicted"],
    ["idle-closed-by-caller", "evicted"],
    ["max-age", "aged-out"],
    ["max-requests", "aged-out"],
    ["server-said-close", "previous-not-kept"],
    ["http-1.0", "previous-not-kept"],
    ["body-unread", "previous-not-kept"],
    ["aborted", "previous-not-kept"],
    ["reset", "previous-not-kept"],
  ];
  for (const [lost, reason] of table) assert.equal(reasonToReplace(lost), reason, lost);
});

test("Losses: gives the newest first, and forgets the oldest of more than 256", () => {
  const losses = new Losses();
  for (let id = 1; id <= 300; id += 1) losses.push({ id, reason: "reset" });
  assert.equal(losses.size, 256);
  assert.equal(losses.pop()?.id, 300);
  let last: number | undefined;
  for (let loss = losses.pop(); loss !== undefined; loss = losses.pop()) last = loss.id;
  assert.equal(last, 45);
});
