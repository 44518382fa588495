import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyFor, CountingServer } from "./counting-server.js";
import { Site, shared, withoutLeaks } from "./site.js";

const DEADLINE = 5_000;
const PAYLOAD = "p".repeat(64);

test("Client: a POST whose connection is cut at any byte of the request arrives at most once", async () => {
  await using server = await CountingServer.start();
  await withoutLeaks(async () => {
    const cuts = Array.from({ length: 260 }, (_, at) => ({ id: `p${String(at).padStart(3, "0")}`, at }));
    await shared(
      cuts,
      24,
      () => Site.before(server),
      async ({ id, at }, site) => {
        site.transport.closeIdle();
        site.proxy.faults({ up: { limit: { bytes: at, action: at % 2 === 0 ? "reset" : "end" } } });
        const post = () =>
          site.client.post(site.url(`/length/${id}`), { body: PAYLOAD, timeout: DEADLINE }).text();
        const { body, error } = await site.outcome(DEADLINE, post);
        const arrivals = server.arrivals(id);
        assert.ok(arrivals.length <= 1, `cut at ${at}: arrived ${arrivals.length} times`);
        if (body === undefined) assert.equal(error?.reused, false);
        else assert.equal(body, bodyFor(id));
        if (arrivals[0]?.whole !== true) assert.equal(body, undefined, "answered without its whole body");
        await site.settled();
      },
    );
  });
});

test("Client: on a reused connection cut at any byte of the request a GET is answered, a POST arrives at most once", async () => {
  await using server = await CountingServer.start();
  await withoutLeaks(async () => {
    const cuts = Array.from({ length: 120 }, (_, n) => ({
      id: `u${String(n).padStart(3, "0")}`,
      at: 1 + n * 2,
      method: n % 2 === 0 ? "GET" : "POST",
    }));
    await shared(
      cuts,
      24,
      () => Site.before(server),
      async ({ id, at, method }, site) => {
        site.transport.closeIdle();
        const before = site.proxy.bytesUp;
        site.proxy.faults({});
        const first = `${id}-`;
        await site.client.get(site.url(`/length/${first}`), { timeout: DEADLINE }).text();
        const head = site.proxy.bytesUp - before;
        site.transport.closeIdle();
        site.proxy.faults((_, random) => ({
          up: { limit: { bytes: head + at, action: random() < 0.5 ? "reset" : "end" } },
        }));
        await site.client.get(site.url(`/length/${first}`), { timeout: DEADLINE }).text();
        site.proxy.faults({});
        const init = { method, timeout: DEADLINE, ...(method === "POST" ? { body: PAYLOAD } : {}) };
        const { body, error } = await site.outcome(DEADLINE, async () =>
          (await site.client.fetch(site.url(`/length/${id}`), init)).text(),
        );
        if (method === "GET") {
          assert.equal(body, bodyFor(id), `cut at ${at}: ${error}`);
          assert.ok(server.arrivals(id).length <= 2);
        } else {
          assert.ok(
            server.arrivals(id).length <= 1,
            `cut at ${at}: arrived ${server.arrivals(id).length} times`,
          );
        }
        await site.settled();
      },
    );
  });
});
