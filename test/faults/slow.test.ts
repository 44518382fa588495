import assert from "node:assert/strict";
import { test } from "node:test";
import { TimeoutError } from "../../src/index.js";
import { bodyFor, CountingServer, SHAPES } from "./counting-server.js";
import { Site, withoutLeaks } from "./site.js";

const DEADLINE = 5_000;

test("Client: answers in every shape are whole, when they come a byte at a time and late", async () => {
  await using server = await CountingServer.start();
  await withoutLeaks(async () => {
    await using site = await Site.before(server);
    for (const fault of [{ slice: 1 }, { slice: 7, delay: 5, jitter: 5 }, { delay: 20 }, { rate: 20_000 }]) {
      site.proxy.faults({ down: fault, up: fault });
      site.transport.closeIdle();
      for (const shape of SHAPES) {
        const id = `${shape}-${JSON.stringify(fault).length}`;
        assert.equal(
          await site.client
            .post(site.url(`/${shape}/${id}`), { body: "x".repeat(100), timeout: DEADLINE })
            .text(),
          bodyFor(id),
        );
        assert.equal(server.arrivals(id).length, 1);
      }
    }
  });
});

test("Client: a black hole ends with the call's own limit, and with the transport's", async () => {
  await using server = await CountingServer.start();
  await withoutLeaks(async () => {
    for (const limits of [
      { call: 80, headers: 10_000 },
      { call: 10_000, headers: 80 },
    ]) {
      await using site = await Site.before(server, { headersTimeout: limits.headers });
      site.proxy.faults({ blackHole: true });
      const { error } = await site.outcome(80, () =>
        site.client.get(site.url("/length/hole"), { timeout: limits.call }).text(),
      );
      assert.ok(error instanceof TimeoutError, String(error));
      assert.equal(error.timeout, limits.call === 80 ? "timeout" : "headersTimeout");
      assert.equal(error.phase, "headers");
      assert.equal(server.arrivals("hole").length, 0);
    }
  });
});

test("Client: a body that stops half-way ends with bodyTimeout", async () => {
  await using server = await CountingServer.start();
  await withoutLeaks(async () => {
    await using site = await Site.before(server, { bodyTimeout: 80 });
    site.proxy.faults({ down: { limit: { bytes: 70, action: "stall" } } });
    const { error } = await site.outcome(80, () => site.client.get(site.url("/length/half")).text());
    assert.ok(error instanceof TimeoutError, String(error));
    assert.equal(error.timeout, "bodyTimeout");
  });
});

test("Client: requests go through as soon as a server that refused connections is back", async () => {
  await using server = await CountingServer.start();
  await withoutLeaks(async () => {
    await using site = await Site.before(server);
    await site.client.get(site.url("/length/one")).text();
    await site.proxy.refuse();
    site.proxy.resetAll();
    const { error } = await site.outcome(DEADLINE, () =>
      site.client.get(site.url("/length/two"), { timeout: DEADLINE }).text(),
    );
    assert.equal(error?.phase, "connect", String(error));
    await site.proxy.accept();
    assert.equal(await site.client.get(site.url("/length/three")).text(), bodyFor("three"));
    assert.equal(server.arrivals("two").length, 0);
  });
});
