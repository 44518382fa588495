import assert from "node:assert/strict";
import { test } from "node:test";
import { NetworkError, Transport } from "../../src/index.js";
import { seededRandom, type WireConnection, WireServer } from "../../src/testing/index.js";
import { clientOf, until } from "../transport/support.js";
import { withoutLeaks } from "./site.js";

// By meaning Go's TestStressSurpriseServerCloses: the server closes whenever it likes, and nobody is left waiting.

const REQUESTS = 5_000;
const WORKERS = 50;
const seed = Number(process.env["TRUNKLINE_FIRST_SEED"] ?? 1);

/** What the server did with an arrival. */
type Fate = "answered" | "swallowed" | "cut";

test(`Transport: ${REQUESTS} requests through a server that closes at random settle, each as the server's fate for it says`, async () => {
  const random = seededRandom(seed);
  const fates = new Map<string, Fate[]>();
  const note = (id: string, fate: Fate): void => void fates.set(id, [...(fates.get(id) ?? []), fate]);

  const serve = async (connection: WireConnection): Promise<void> => {
    for await (const { target } of connection.eachRequest()) {
      const id = target.slice(1);
      const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${id.length}\r\n\r\n${id}`;
      const drawn = random();
      if (drawn < 0.02) {
        note(id, "swallowed");
        return drawn < 0.01 ? connection.end() : connection.reset();
      }
      if (drawn < 0.03) {
        note(id, "cut");
        await connection.reply(answer.slice(0, 20));
        return connection.end();
      }
      note(id, "answered");
      await connection.reply(answer);
      if (drawn < 0.13) return drawn < 0.08 ? connection.end() : connection.reset();
    }
  };

  await withoutLeaks(async () => {
    await using server = await WireServer.start({
      script: (connection) => serve(connection).catch(() => connection.destroy("end")), // the client's side of a race
    });
    await using transport = new Transport();
    const client = clientOf(transport);
    let next = 0;
    let failed = 0;
    const worker = async (): Promise<void> => {
      while (next < REQUESTS) {
        const id = `${(next += 1)}`;
        const get = random() < 0.7;
        const call = get
          ? client.get(server.url(`/${id}`))
          : client.post(server.url(`/${id}`), { body: "once" });
        let body: string | undefined;
        try {
          body = await call.text();
        } catch (error) {
          assert.ok(error instanceof NetworkError, String(error));
          failed += 1;
        }
        const seen = fates.get(id) ?? [];
        if (body !== undefined) {
          assert.equal(body, id);
          assert.equal(seen.at(-1), "answered");
          assert.ok(
            seen.slice(0, -1).every((fate) => fate === "swallowed"),
            `${id}: ${seen}`,
          );
        } else if (get) {
          // A GET fails only when the server failed it: what an idle connection's end took goes out again.
          assert.ok(
            seen.at(-1) === "swallowed" || seen.at(-1) === "cut",
            `${id} failed, yet the server had ${seen}`,
          );
        }
        if (!get) assert.ok(seen.length <= 1, `the POST ${id} arrived ${seen.length} times`);
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, worker));
    const { totals } = transport.snapshot();
    assert.deepEqual([totals.active, totals.waiting, totals.dialing], [0, 0, 0]);
    assert.ok(failed < REQUESTS * 0.06, `${failed} of ${REQUESTS} failed`);
    await until(
      () => transport.snapshot().totals.opened === server.connections,
      "each connection to be accepted",
    );
    await transport.close();
    await server.waitForOpen(0);
  });
});
