import assert from "node:assert/strict";
import { test } from "node:test";
import { TimeoutError } from "../../src/index.js";
import { answerFor, bodyFor, CountingServer, SHAPES, type Shape } from "./counting-server.js";
import { Site, shared, withoutLeaks } from "./site.js";

type Action = "reset" | "end" | "half-close" | "stall";

interface Cut {
  readonly id: string;
  readonly shape: Shape;
  readonly action: Action;
  /** Bytes of the answer that come through. */
  readonly at: number;
}

const WORKERS = 24;
const DEADLINE = 5_000;
/** Of a call whose answer stalls: it must be waited for, so it is short. */
const STALL_DEADLINE = 60;

/** Every byte of every shape, or every `step`th. */
function cuts(action: Action, step: number, prefix: string): Cut[] {
  const all: Cut[] = [];
  for (const shape of SHAPES) {
    const length = answerFor(`${prefix}000`, shape).length;
    for (let at = 0; at < length; at += step) {
      const id = `${prefix}${String(all.length).padStart(3, "0")}`;
      all.push({ id, shape, action, at: Math.min(at, answerFor(id, shape).length - 1) });
    }
  }
  return all;
}

/** Whether the bytes that arrived are a whole answer: only where the connection's end is the body's end. */
function endsWell({ id, shape, action, at }: Cut): boolean {
  return (
    shape === "until-close" &&
    (action === "end" || action === "half-close") &&
    at >= answerFor(id, shape).indexOf("\r\n\r\n") + 4
  );
}

for (const [action, step] of [
  ["reset", 1],
  ["end", 1],
  ["half-close", 3],
  ["stall", 5],
] as const) {
  const deadline = action === "stall" ? STALL_DEADLINE : DEADLINE;

  test(`Client: an answer's ${action} after any byte is an error by the deadline, sent once, on a connection of its own`, async () => {
    await using server = await CountingServer.start();
    await withoutLeaks(async () => {
      await shared(
        cuts(action, step, "f"),
        WORKERS,
        () => Site.before(server),
        async (cut, site) => {
          const { id, shape, at } = cut;
          site.transport.closeIdle();
          site.proxy.faults({ down: { limit: { bytes: at, action } } });
          const { body, error } = await site.outcome(deadline, () =>
            site.client.get(site.url(`/${shape}/${id}`), { timeout: deadline }).text(),
          );
          const what = `${shape}, ${action} after ${at} bytes`;
          if (endsWell(cut)) {
            const whole = answerFor(id, shape);
            assert.equal(body, whole.slice(whole.indexOf("\r\n\r\n") + 4, at), what);
          } else {
            assert.equal(body, undefined, `${what}: taken for a whole answer`);
            assert.equal(error instanceof TimeoutError, action === "stall", `${what}: ${error}`);
          }
          const { length } = server.arrivals(id);
          // On a busy machine the short deadline of a stall may pass before the request arrives.
          assert.ok(length === 1 || (length === 0 && action === "stall"), `${what}: arrived ${length} times`);
          await site.settled();
        },
      );
    });
  });

  test(`Client: an answer's ${action} after any byte on a reused connection is never sent again once a byte came`, async () => {
    await using server = await CountingServer.start();
    const all = cuts(action, step * 2, "r").filter(({ shape }) => shape !== "until-close");
    await withoutLeaks(async () => {
      await shared(
        all,
        WORKERS,
        () => Site.before(server),
        async ({ id, shape, at }, site) => {
          const first = `${id}-`;
          site.transport.closeIdle();
          site.proxy.faults({ down: { limit: { bytes: answerFor(first, shape).length + at, action } } });
          assert.equal(
            await site.client.get(site.url(`/${shape}/${first}`), { timeout: DEADLINE }).text(),
            bodyFor(first),
          );
          site.proxy.faults({});
          // A connection that outlived what the earlier cuts taught of idle limits is not used again.
          let reused = true;
          const { body, error } = await site.outcome(deadline, async () => {
            const response = await site.client.get(site.url(`/${shape}/${id}`), { timeout: deadline });
            ({ reused } = response.connection);
            return response.text();
          });
          const what = `${shape}, ${action} after ${at} bytes`;
          if (at > 0 && reused) {
            assert.equal(body, undefined, `${what}: taken for a whole answer`);
            assert.equal(error?.reused, true, `${what}: ${error}`);
            assert.ok(server.arrivals(id).length <= 1, what);
          } else if (action !== "stall") {
            // Closed while it was idle: dialed anew, or sent again.
            assert.equal(body, bodyFor(id), `${what}: ${error}`);
            assert.ok(server.arrivals(id).length <= 2, what);
          }
          await site.settled();
        },
      );
    });
  });
}
