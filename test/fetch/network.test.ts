// Fetch §4.6 "HTTP-network-or-cache fetch" (421), and Resource Timing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, fetch, Transport } from "../../src/index.js";
import { WireServer } from "../../src/testing/index.js";
import { testServer } from "./server.js";

const url = testServer();

for (const [name, init, attempts] of [
  ["GET", {}, 2],
  ["POST with a body that can be sent again", { method: "POST", body: "abc" }, 2],
  ["POST with a stream", { method: "POST", body: new Blob(["abc"]).stream(), duplex: "half" as const }, 1],
] as const) {
  test(`421: a ${name} ${attempts === 2 ? "goes out once more, over a connection of its own" : "is the answer"}`, async () => {
    let requests = 0;
    await using server = await WireServer.start({
      script: async (connection) => {
        for await (const _ of connection.eachRequest()) {
          requests += 1;
          // The first connection is for the first request alone.
          const misdirected = connection.requests > 1;
          const status = misdirected ? "421 Misdirected Request" : "200 OK";
          await connection.reply(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nok`);
        }
      },
    });
    await using transport = new Transport();
    const client = new Client({ transport });
    await client.get(server.url()).text();
    const response = await client.fetch(server.url(), init);
    assert.equal(response.status, attempts === 2 ? 200 : 421);
    assert.equal(response.attempts, attempts);
    assert.equal(requests, attempts + 1);
    await response.text();
    if (attempts === 2) assert.equal(response.connection.reused, false);
  });
}

test("fetch: puts an entry on the timeline when the body is in", async () => {
  performance.clearResourceTimings();
  for (const path of ["/echo?timed", "/large?timed"]) {
    await (await fetch(url(path))).text();
    const [entry] = performance.getEntriesByName(url(path), "resource") as unknown as [
      {
        initiatorType: string;
        startTime: number;
        responseStart: number;
        responseEnd: number;
        decodedBodySize: number;
      },
    ];
    assert.equal(entry.initiatorType, "fetch");
    assert.ok(entry.startTime <= entry.responseStart && entry.responseStart <= entry.responseEnd);
    assert.ok(entry.decodedBodySize > 0);
  }
  await fetch("data:,x");
  assert.equal(performance.getEntriesByType("resource").length, 2);
});
