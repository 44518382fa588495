// HTTP/2 with servers that were not written with it in mind. `.ci/steps/57-http2-peers.sh` installs and runs them.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, NetworkError, Transport, type TransportOptions } from "../../../src/index.js";
import { createAuthority } from "../../../src/testing/index.js";
import { Backend } from "../../peers/backend.js";
import { BIG, FILES } from "../../peers/files.js";
import { RunningPeer } from "../../peers/running-peer.js";
import { until } from "../../transport/support.js";
import { apache, caddy, go, h2o, haproxy, hypercorn, lighttpd, nghttpd, nginx, node } from "./configs.js";

const AT_ONCE = 50;
/** Requests around a graceful reload, and around a hard restart. */
const MANY = 20_000;
/** So many at most, where a server needs longer than that for its reload. */
const MOST = 400_000;
const FEWER = 4_000;
const authority = createAuthority();
const words = (process.env["TRUNKLINE_PEERS"] ?? "").split(" ").filter((word) => word !== "");

class Caller implements AsyncDisposable {
  readonly transport: Transport;
  readonly client: Client;

  constructor(options: TransportOptions = {}) {
    this.transport = new Transport({ tls: { ca: authority.cert }, ...options });
    this.client = new Client({ transport: this.transport });
  }

  get opened(): number {
    return this.transport.snapshot().totals.opened;
  }

  get refused(): number {
    return this.transport.connections().reduce((sum, { streams }) => sum + (streams?.refused ?? 0), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    assert.equal(this.transport.snapshot().totals.streams, 0, "a stream is held by nobody");
    await this.transport.close();
  }
}

interface Load {
  readonly failures: readonly unknown[];
  /** The ids of the requests that failed. */
  readonly failed: readonly string[];
  /** The ids of POSTs that were answered. */
  readonly posted: readonly string[];
  /** How many POSTs were made. */
  readonly posts: number;
}

/** So many requests, a quarter of them POSTs that are counted, `AT_ONCE` at once; `amid` runs when half are done. */
async function load(
  client: Client,
  urls: { readonly get: string; readonly post: string },
  count: number,
  amid: () => Promise<void>,
  enough: () => boolean = () => true,
): Promise<Load> {
  const failures: unknown[] = [];
  const failed: string[] = [];
  const posted: string[] = [];
  let next = 0;
  let done = 0;
  let began: Promise<void> | undefined;
  const one = async (id: number): Promise<void> => {
    try {
      if (id % 4 === 0) {
        const response = await client.post(`${urls.post}?id=${id}`, { body: "x".repeat(100) });
        const text = await response.text();
        if (text !== "counted") throw new Error(`POST was answered with ${response.status}`);
        posted.push(String(id));
      } else {
        assert.equal(await client.get(urls.get).text(), FILES["small.txt"]);
      }
    } catch (error) {
      failures.push(error);
      failed.push(String(id));
    }
    done += 1;
    if (done * 2 >= count) began ??= amid();
  };
  const worker = async (): Promise<void> => {
    // A server may take its time for what happens amid the load.
    while (next < count || (next < MOST && !enough())) {
      const id = next;
      next += 1;
      await one(id);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  await began;
  return { failures, failed, posted, posts: Math.ceil(next / 4) };
}

function show(failures: readonly unknown[]): string {
  return failures
    .slice(0, 5)
    .map((error) => String((error as Error).message))
    .join("\n");
}

for (const peer of [nginx, apache, haproxy, h2o, lighttpd, caddy, nghttpd, node, go, hypercorn]) {
  if (words.length > 0 && !words.includes(peer.name)) continue;
  describe(peer.name, () => {
    let backend: Backend;
    let running: RunningPeer;
    before(async () => {
      backend = await Backend.start();
      running = await RunningPeer.start(peer, backend.port, authority);
    });
    after(async () => {
      await running?.[Symbol.asyncDispose]();
      await backend?.[Symbol.asyncDispose]();
    });
    const at = (path: string, port = running.site.tlsPort): string => `https://127.0.0.1:${port}${path}`;

    test("bursts of 300, cold and warm: one connection, nothing refused", async () => {
      await using caller = new Caller({ maxConnectionsPerOrigin: 1 });
      for (let turn = 0; turn < 2; turn += 1) {
        const responses = await Promise.all(
          Array.from({ length: 300 }, async () => {
            const response = await caller.client.get(at("/small.txt"));
            assert.equal(await response.text(), FILES["small.txt"]);
            return response.connection.protocol;
          }),
        );
        assert.ok(responses.every((protocol) => protocol === "h2"));
      }
      assert.equal(caller.opened, 1);
      // lighttpd takes 8 and says so after the burst has left; it answers those that came before all the same.
      assert.equal(caller.refused, 0);
    });

    test("64 MiB down, streamed and in one piece, beside small ones", async () => {
      await using caller = new Caller();
      let bytes = 0;
      const beside = (async () => {
        while (bytes < BIG) {
          assert.equal(await caller.client.get(at("/small.txt")).text(), FILES["small.txt"]);
          await sleep(5);
        }
      })();
      for await (const chunk of await caller.client.get(at("/big.bin"))) bytes += chunk.length;
      assert.equal(bytes, BIG);
      await beside;
      assert.equal((await caller.client.get(at("/big.bin")).bytes()).length, BIG);
      assert.equal(caller.opened, 1);
    });

    test("a body exactly as long as its window, streamed and in one piece", async () => {
      await using caller = new Caller({ bodyTimeout: 20_000 });
      const length = FILES["window.txt"]?.length;
      let bytes = 0;
      for await (const chunk of await caller.client.get(at("/window.txt"))) bytes += chunk.length;
      assert.equal(bytes, length);
      assert.equal((await caller.client.get(at("/window.txt")).bytes()).length, length);
    });

    if (peer.backend !== undefined) {
      test("64 MiB up, in memory and streamed", async () => {
        await using caller = new Caller();
        const piece = Buffer.alloc(1 << 20, "trunkline");
        const whole = Buffer.concat(Array.from({ length: BIG / piece.length }, () => piece));
        const sha256 = createHash("sha256").update(whole).digest("hex");
        async function* pieces(): AsyncGenerator<Uint8Array> {
          for (let sent = 0; sent < BIG; sent += piece.length) yield piece;
        }
        for (const body of [whole, pieces()]) {
          const got = await caller.client
            .put(at(`${peer.backend}/digest`), { body })
            .json<{ bytes: number; sha256: string }>();
          assert.deepEqual([got.bytes, got.sha256], [BIG, sha256]);
        }
        assert.equal(caller.opened, 1);
      });
    }

    if (peer.abilities.includes("trailers")) {
      test("trailers", async () => {
        await using caller = new Caller();
        const path = peer === nginx ? "/trailers" : peer === nghttpd ? "/small.txt" : "/backend/trailers";
        const response = await caller.client.get(at(path), { headers: { te: "trailers" } });
        await response.text();
        assert.equal((await response.trailers).get("x-sum"), "peers");
      });
    }

    if (peer === hypercorn) {
      test("a WebSocket is a stream of the connection (RFC 8441)", async () => {
        await using caller = new Caller();
        const { upgraded, connection } = await caller.client.get(at("/echo"), {
          headers: { connection: "upgrade", upgrade: "websocket", "sec-websocket-version": "13" },
        });
        assert.ok(upgraded !== undefined);
        assert.equal(connection.protocol, "h2");
        // A text message of two letters; the mask is zero.
        upgraded.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
        const [frame] = (await once(upgraded, "data")) as [Buffer];
        assert.deepEqual([...frame], [0x81, 2, 0x68, 0x69]);
        assert.equal(await caller.client.get(at("/small.txt")).text(), FILES["small.txt"]);
        assert.equal(caller.opened, 1);
        const closed = once(upgraded, "close");
        upgraded.destroy();
        await closed;
        await until(() => caller.transport.snapshot().totals.streams === 0, "the stream to be over");
      });
    }

    if (peer === nginx) {
      test(`keepalive_requests 100: ${MANY} requests at ${AT_ONCE} at once, none failed, each POST received once`, async () => {
        await using caller = new Caller();
        const { shortPort } = running.site;
        backend.posts.clear();
        const urls = { get: at("/small.txt", shortPort), post: at("/backend/count", shortPort) };
        const { failures } = await load(caller.client, urls, MANY, async () => undefined);
        assert.equal(failures.length, 0, show(failures));
        assert.equal(backend.posts.size, MANY / 4);
        assert.ok([...backend.posts.values()].every((times) => times === 1));
        assert.ok(caller.opened >= MANY / 100 && caller.opened <= MANY / 25, `${caller.opened} connections`);
      });
    }

    if (peer.reloads) {
      const outcome =
        peer.reloads === "clean" ? "none failed" : "only POSTs failed that it had taken and dropped";
      test(`a graceful reload amid ${MANY} requests at ${AT_ONCE} at once: ${outcome}, none received twice`, async (context) => {
        await using caller = new Caller();
        backend.posts.clear();
        const urls = { get: at("/small.txt"), post: at("/backend/count") };
        const { failures, failed, posted, posts } = await load(
          caller.client,
          urls,
          MANY,
          () => running.reload(),
          () => caller.opened > 1,
        );
        assert.ok(caller.opened > 1, "the reload was not noticed");
        if (peer.reloads === "clean") assert.equal(failures.length, 0, show(failures));
        for (const error of failures) {
          assert.match(
            (error as Error).message,
            /^POST .*(may already have processed it|answered with 50\d)/,
          );
        }
        assert.ok(failures.length <= AT_ONCE, show(failures));
        // What was received must not be sent again, and for the rest nothing on the wire says that it was not.
        const received = failed.filter((id) => backend.posts.has(id)).length;
        context.diagnostic(`${failed.length} POSTs failed, ${received} of which the backend had received`);
        assert.deepEqual(
          [...backend.posts].filter(([, times]) => times !== 1),
          [],
        );
        for (const id of posted) assert.ok(backend.posts.has(id), `POST ${id} was answered and not received`);
        if (peer.reloads === "clean") assert.equal(backend.posts.size, posts);
      });
    }

    if (peer === node || peer === go) {
      test("a hard restart under load: no POST received twice, only the errors that cannot be avoided, and it goes on", async () => {
        await using caller = new Caller();
        const urls = { get: at("/small.txt"), post: at("/backend/count") };
        const { failures, posted } = await load(caller.client, urls, FEWER, () => running.restart());
        for (const error of failures) {
          assert.ok(error instanceof NetworkError, String(error));
          // A GET that was under way goes out again; what is left is that nobody listened, that an answer
          // had begun, and POSTs that may have been received.
          const refused = error.phase === "connect" || error.phase === "tls";
          const begun = error.phase === "body";
          assert.ok(
            refused || begun || /^POST .*may already have processed it/.test(error.message),
            error.message,
          );
        }
        // Its output comes through a pipe of its own.
        await until(
          () => running.output.split("\n").includes(posted.at(-1) ?? ""),
          "what the server has written",
        );
        const received = running.output.split("\n").filter((line) => /^\d+$/.test(line));
        assert.equal(new Set(received).size, received.length, "a POST was received twice");
        for (const id of posted) assert.ok(received.includes(id), `POST ${id} was answered and not received`);
        assert.equal(await caller.client.get(at("/small.txt")).text(), FILES["small.txt"]);
      });
    }

    test("the end: our GOAWAY is said, and nothing is left", async () => {
      const caller = new Caller();
      await caller.client.get(at("/small.txt")).text();
      await caller[Symbol.asyncDispose]();
      const [record] = caller.transport.connections();
      assert.equal(record?.state, "closed");
      assert.equal(record?.closed?.reason, "transport-closed");
    });
  });
}
