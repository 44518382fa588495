import assert from "node:assert/strict";
import { channel } from "node:diagnostics_channel";
import { test } from "node:test";
import { Ledger } from "./ledger.js";
import { Owners } from "./owners.js";
import { Undici } from "./undici.js";

test("Undici: a time limit that ends a request before it has a connection is known by its error", () => {
  const ledger = new Ledger(
    { process: "p" },
    new Owners(),
    () => 0,
    () => {},
  );
  new Undici(ledger);
  const fails = (name: string): void => {
    const request = { origin: "http://a.test", method: "GET" };
    channel("undici:request:create").publish({ request });
    const connectParams = { protocol: "http:", hostname: "a.test", port: 80 };
    channel("undici:client:beforeConnect").publish({ connectParams, connector: {} });
    channel("undici:request:error").publish({ request, error: Object.assign(new Error("over"), { name }) });
  };
  fails("TimeoutError");
  fails("AbortError");
  const [facts] = ledger.news().origins;
  assert.deepEqual([facts?.counts["failed"], facts?.counts["timeLimitsDialing"]], [2, 1]);
});
