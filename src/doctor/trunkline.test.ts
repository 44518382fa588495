import assert from "node:assert/strict";
import { channel } from "node:diagnostics_channel";
import { test } from "node:test";
import { Ledger } from "./ledger.js";
import { Owners } from "./owners.js";
import { Trunkline } from "./trunkline.js";

test("Trunkline: a failed dial is not a connection; TLS that fails later closes one", () => {
  const ledger = new Ledger(
    { process: "p" },
    new Owners(),
    () => 0,
    () => {},
  );
  new Trunkline(ledger);
  const record = {
    origin: "https://a.test",
    openedFor: "first-use",
    openedAt: 0,
    requests: 1,
    dial: { attempts: [] },
  };
  const publish = (name: string, message: object): void =>
    channel(`trunkline:connection:${name}`).publish(message);
  publish("close", { ...record, closed: { reason: "dial-failed" } });
  for (let count = 0; count < 2; count++) {
    publish("open", record);
    publish("close", { ...record, closed: { reason: "tls-error" } });
  }
  const [facts] = ledger.news().origins;
  assert.deepEqual(facts?.closed, { "tls-error": 2 });
  assert.deepEqual([facts?.counts["connections"], facts?.counts["dialFailures"]], [2, 1]);
  assert.equal(facts?.most["openAtOnce"], 1);
});
