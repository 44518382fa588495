import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, test } from "node:test";
import type { Trace, Transport, TransportOptions } from "../../src/index.js";
import type { WireScript } from "../../src/testing/index.js";
import { H2World, PRIOR } from "../http2/transport/h2-world.js";
import { clientOf, fetched, rejection, World } from "./support.js";

// Code of the caller's that the transport calls in the middle of its work (hooks, subscribers to diagnostics channels,
// functions in its options, bodies) may end the request, or the whole transport, there and then.

const PROTOCOLS = ["HTTP/1.1", "HTTP/2"] as const;
type Protocol = (typeof PROTOCOLS)[number];

/** What is done in the middle, and what the request then fails with. */
const ENDS = ["an abort", "destroy()"] as const;
const REASON = new Error("it was ended");

class Site implements AsyncDisposable {
  readonly transport: Transport;
  readonly url: string;
  readonly #worlds: readonly AsyncDisposable[];
  /** The paths that the server has seen. */
  readonly seen: string[];
  readonly controller: AbortController = new AbortController();

  private constructor(transport: Transport, url: string, worlds: readonly AsyncDisposable[], seen: string[]) {
    this.transport = transport;
    this.url = url;
    this.#worlds = worlds;
    this.seen = seen;
  }

  /** A server that notes each path and answers, and a transport that has used it if `used`. */
  static async start(protocol: Protocol, used: boolean, options: TransportOptions = {}): Promise<Site> {
    const seen: string[] = [];
    const http1: WireScript = async (wire) => {
      for await (const { target } of wire.eachRequest()) {
        seen.push(target);
        await wire.replyOk("ok");
      }
    };
    const h2 =
      protocol === "HTTP/1.1"
        ? undefined
        : await H2World.start(async (connection) => {
            for (;;) {
              const request = await connection.readRequest();
              seen.push(request.path);
              await connection.reply(request, { body: "ok" });
            }
          });
    const world = h2?.world ?? (await World.start({ script: http1 }));
    const transport = world.transport({ ...(h2 === undefined ? {} : PRIOR), ...options });
    const site = new Site(transport, world.server.url("/asked"), [h2 ?? world], seen);
    if (used) assert.equal(await fetched(transport, world.server.url("/before")), "ok");
    seen.length = 0;
    return site;
  }

  end(how: (typeof ENDS)[number]): void {
    if (how === "an abort") this.controller.abort(REASON);
    else this.transport.destroy(REASON);
  }

  /** The request fails with the reason, and leaves nothing behind. */
  async failsWith(init: {
    readonly trace?: Trace;
    readonly body?: AsyncIterable<Uint8Array>;
  }): Promise<void> {
    const { signal } = this.controller;
    const method = init.body === undefined ? "GET" : "POST";
    assert.equal(
      await rejection(clientOf(this.transport).fetch(this.url, { ...init, method, signal })),
      REASON,
    );
    await this.transport.close();
    const { active, streams, waiting, dialing, draining } = this.transport.snapshot().totals;
    assert.deepEqual({ active, streams, waiting, dialing, draining }, NOTHING);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const world of this.#worlds) await world[Symbol.asyncDispose]();
  }
}

const NOTHING = { active: 0, streams: 0, waiting: 0, dialing: 0, draining: 0 };

const HOOKS: readonly (keyof Trace)[] = [
  "getConnection",
  "queued",
  "connectDone",
  "gotConnection",
  "wroteHeaders",
  "wroteRequest",
  "gotFirstResponseByte",
];
/** Up to here the server cannot have seen the request. */
const BEFORE_WRITING = HOOKS.indexOf("gotConnection");

for (const protocol of PROTOCOLS) {
  describe(`${protocol}: the caller's code ends the request in the middle`, () => {
    for (const used of [false, true]) {
      for (const hook of HOOKS) {
        if (used && (hook === "queued" || hook === "connectDone")) continue;
        for (const how of ENDS) {
          test(`trace: ${how} in ${hook} ends the request once, on a ${used ? "used" : "new"} connection`, async () => {
            await using site = await Site.start(protocol, used);
            let ends = 0;
            let done = false;
            const over = (): void => {
              ends += 1;
            };
            const trace: Trace = { released: over, closed: over };
            trace[hook] = () => {
              if (!done) site.end(how);
              done = true;
            };
            await site.failsWith({ trace });
            assert.ok(ends <= 1, `it was over ${ends} times`);
            if (HOOKS.indexOf(hook) <= BEFORE_WRITING) assert.deepEqual(site.seen, []);
          });
        }
      }
    }

    for (const channel of ["undici:request:create", "undici:client:sendHeaders", "undici:request:headers"]) {
      for (const how of ENDS) {
        test(`telemetry: ${how} by a subscriber to ${channel} ends the request`, async () => {
          await using site = await Site.start(protocol, true);
          const subscriber = (): void => site.end(how);
          subscribe(channel, subscriber);
          try {
            await site.failsWith({});
          } finally {
            unsubscribe(channel, subscriber);
          }
          if (channel !== "undici:request:headers") assert.deepEqual(site.seen, []);
        });
      }
    }

    for (const how of ENDS) {
      test(`proxy: ${how} by the function ends the request`, async () => {
        let asked = 0;
        await using site: Site = await Site.start(protocol, true, {
          proxy: () => {
            asked += 1;
            if (asked > 1) site.end(how);
            return null;
          },
        });
        await site.failsWith({});
        assert.deepEqual(site.seen, []);
      });

      test(`body: ${how} by a source when it is opened ends the request`, async () => {
        await using site = await Site.start(protocol, false);
        const body = {
          async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
            site.end(how);
            yield Buffer.from("never sent");
          },
        };
        await site.failsWith({ body });
        assert.deepEqual(site.seen, []);
      });
    }
  });
}

test("trace: an abort in `closed`, before the request goes out again, keeps it from going out", async () => {
  await using world = await World.start();
  const { server } = world;
  server.onConnection(1, async (wire) => {
    await wire.readRequest();
    await wire.replyOk("ok");
    await wire.readRequest();
    await wire.end();
  });
  const transport = world.transport();
  assert.equal(await fetched(transport, server.url("/before")), "ok");
  const controller = new AbortController();
  const { signal } = controller;
  const trace: Trace = { closed: () => controller.abort(REASON) };
  const asked = clientOf(transport).get(server.url("/asked"), { signal, trace });
  assert.equal(await rejection(asked), REASON);
  assert.equal(server.connections, 1);
  assert.equal(transport.snapshot().totals.opened, 1);
});
