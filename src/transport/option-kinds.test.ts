import assert from "node:assert/strict";
import { test } from "node:test";
import { Transport, type TransportOptions } from "./index.js";

test("Transport: refuses an option of the wrong kind when it is made, and names it", () => {
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ keepAlive: "no" }, /keepAlive: .* true or false, not "no"/],
    [{ safeRetry: 0 }, /safeRetry: .* true or false, not number/],
    [{ lookup: 5 }, /lookup: .* a function/],
    [{ dial: "x" }, /dial: .* a function/],
    [{ localAddress: "eth0" }, /localAddress: .* an IP address, not "eth0"/],
    [{ socketPath: "" }, /socketPath: .* a path/],
    [{ allowAddress: "private" }, /allowAddress: .* "public" or a function, not "private"/],
    [{ happyEyeballs: true }, /happyEyeballs: .* false or \{ delay \}$/],
    [{ happyEyeballs: { dely: 1 } }, /happyEyeballs: .* has no "dely"/],
    [{ happyEyeballs: { delay: -1 } }, /happyEyeballs.delay/],
    [{ recorder: true }, /recorder: .* false or \{ connections, exchanges \}$/],
    [{ recorder: { connection: 1 } }, /recorder: .* has no "connection"/],
    [{ recorder: { exchanges: -1 } }, /recorder.exchanges/],
    [{ tls: null }, /tls: .* an object of TLS options/],
    [{ tls: { checkServerIdentiy: () => undefined } }, /tls: .* no TLS option "checkServerIdentiy"/],
    [{ proxyTls: { session: "x" } }, /proxyTls: .* no TLS option "session"/],
    [
      { tlsByOrigin: { "https://a.test": { cas: "x" } } },
      /tlsByOrigin\["https:\/\/a.test\/"\]: .* no TLS option "cas"/,
    ],
  ];
  for (const [options, message] of wrong) {
    assert.throws(() => new Transport(options as TransportOptions), { message });
  }
});

test("Transport.updateTls: refuses what the constructor would", async () => {
  await using transport = new Transport();
  assert.throws(() => transport.updateTls({ tls: { cas: "x" } as object }), /no TLS option "cas"/);
});

test("Transport: takes each of these options as it is meant", async () => {
  const good: TransportOptions[] = [
    { keepAlive: false, safeRetry: false, happyEyeballs: false, recorder: false },
    { happyEyeballs: {}, recorder: { connections: 0 }, localAddress: "::1", allowAddress: "public" },
    { tls: { rejectUnauthorized: false, servername: "" }, tlsByOrigin: {}, proxyTls: {} },
  ];
  for (const options of good) await new Transport(options).close();
});
