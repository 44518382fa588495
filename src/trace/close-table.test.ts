import assert from "node:assert/strict";
import { test } from "node:test";
import { CLOSE_TABLE } from "./close-table.js";
import type { CloseReason, DialReason } from "./reasons.js";

test("CLOSE_TABLE: names the dial that stands in for a connection by what that ended of", () => {
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
    ["goaway", "previous-not-kept"],
    ["ping-timeout", "previous-not-kept"],
    ["keep-alive-off", "keep-alive-off"],
  ];
  for (const [lost, reason] of table) assert.equal(CLOSE_TABLE[lost].redial, reason, lost);
});

test("CLOSE_TABLE: a request that a connection takes with it has an error, its own or one by the reason", () => {
  for (const [reason, { group, error, withRequest }] of Object.entries(CLOSE_TABLE)) {
    if (withRequest !== undefined && group !== "caller")
      assert.match(error ?? "", /^ERR_TRUNKLINE_[A-Z_]+$/, reason);
  }
});
