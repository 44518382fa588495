// Trunkline against servers that were not written with it in mind. `.ci/steps/30-peers.sh` installs and runs them.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { Client, type Response, Transport, type TransportOptions } from "../../src/index.js";
import { createAuthority } from "../../src/testing/index.js";
import { until } from "../transport/support.js";
import { apache } from "./apache.js";
import { Backend } from "./backend.js";
import { caddy } from "./caddy.js";
import { BIG, FILES } from "./files.js";
import { haproxy } from "./haproxy.js";
import { lighttpd } from "./lighttpd.js";
import { nginx } from "./nginx.js";
import { type Ability, CREDENTIALS } from "./peer.js";
import { RunningPeer } from "./running-peer.js";

const SEQUENTIAL = 100;
const AROUND_RELOAD = 150;
const PIECE = Buffer.alloc(1 << 20, "trunkline");
const authority = createAuthority();

/** `BIG` bytes in pieces, without a length. */
async function* upload(): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < BIG; sent += PIECE.length) yield PIECE;
}

function sha256OfUpload(): string {
  const hash = createHash("sha256");
  for (let sent = 0; sent < BIG; sent += PIECE.length) hash.update(PIECE);
  return hash.digest("hex");
}

/** A client of a peer, and what the transport says of its connections. */
class Caller implements AsyncDisposable {
  readonly client: Client;
  readonly transport: Transport;

  constructor(options: TransportOptions = {}) {
    this.transport = new Transport(options);
    this.client = new Client({ transport: this.transport });
  }

  closedFor(): (string | undefined)[] {
    return this.transport.connections().map((connection) => connection.closed?.reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    assert.equal(this.transport.snapshot().totals.active, 0, "a connection is held by nobody");
    await this.transport.close();
  }
}

for (const peer of [nginx, apache, caddy, haproxy, lighttpd]) {
  describe(peer.name, () => {
    let backend: Backend;
    let running: RunningPeer;
    before(async () => {
      backend = await Backend.start();
      running = await RunningPeer.start(peer, backend.port, authority);
    });
    after(async () => {
      await running?.[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    });
    const at = (path: string, port = running.site.port): string => `http://127.0.0.1:${port}${path}`;
    const can = (...abilities: Ability[]): boolean =>
      abilities.every((ability) => peer.abilities.includes(ability));
    /** A test for a peer that can do this; the others have no such test. */
    const where = (ability: Ability, name: string, body: () => Promise<void>): void => {
      if (can(ability)) test(name, body);
    };

    test(`keep-alive: ${SEQUENTIAL} sequential requests are one connection by its log`, async () => {
      await using caller = new Caller();
      for (let i = 0; i < SEQUENTIAL; i += 1)
        assert.equal(await caller.client.get(at("/small.txt?sequential")).text(), FILES["small.txt"]);
      const logged = await running.logged("/small.txt?sequential", SEQUENTIAL);
      assert.equal(new Set(logged.map(({ port }) => port)).size, 1);
      assert.equal(caller.transport.snapshot().totals.opened, 1);
    });

    test("idle close: is seen as the server's, and its limit learned", async () => {
      await using caller = new Caller();
      const url = at("/small.txt", running.site.shortPort);
      const response = await caller.client.get(url);
      await response.text();
      await until(() => caller.closedFor()[0] !== undefined, "the server to close the idle connection");
      assert.equal(caller.closedFor()[0], "server-closed-idle");
      const [origin] = caller.transport.explain().origins;
      const learned = origin?.learnedIdleLimit;
      // HAProxy hands on the hint of the server behind it; one end before that is no limit of the server's.
      if (response.headers.get("keep-alive") !== null) assert.equal(learned, undefined);
      else assert.ok(learned !== undefined && learned > 500 && learned < 4_000, `learned ${learned}`);
      assert.equal(
        await caller.client
          .post(at("/small.txt", running.site.shortPort), { body: "x" })
          .then((response) => response.close()),
        undefined,
      );
    });

    where(
      "keep-alive-hint",
      "Keep-Alive hint: the connection is closed before the server would",
      async () => {
        await using caller = new Caller();
        const url = at(peer.name === "nginx" ? "/hint/small.txt" : "/small.txt", running.site.shortPort);
        // Apache gives its hint to those only who say this.
        const response = await caller.client.get(url, { headers: { connection: "keep-alive" } });
        assert.match(response.headers.get("keep-alive") ?? "", /timeout=\d+/);
        await response.text();
        await until(() => caller.closedFor()[0] !== undefined, "the idle connection to close");
        assert.equal(caller.closedFor()[0], "idle-timeout");
      },
    );

    test("large bodies: 64 MiB down, streamed and in one piece", async () => {
      await using caller = new Caller();
      let bytes = 0;
      for await (const chunk of await caller.client.get(at("/big.bin"))) bytes += chunk.length;
      assert.equal(bytes, BIG);
      assert.equal((await caller.client.get(at("/big.bin")).bytes()).length, BIG);
      assert.equal(caller.transport.snapshot().totals.opened, 1);
    });

    test("large bodies: 64 MiB up, with a length and in chunks", async () => {
      await using caller = new Caller();
      const expected = sha256OfUpload();
      const headers = { "content-length": String(BIG) };
      for (const init of [{ body: upload(), headers }, { body: upload() }]) {
        const got = await caller.client
          .put(at("/backend/digest"), init)
          .json<{ bytes: number; sha256: string }>();
        assert.deepEqual([got.bytes, got.sha256], [BIG, expected]);
      }
      assert.equal(caller.transport.snapshot().totals.opened, 1);
    });

    test("chunked: both ways, and the connection is kept", async () => {
      await using caller = new Caller();
      for (let i = 0; i < 5; i += 1) {
        const body = (async function* () {
          for (let n = 0; n < 20; n += 1) yield Buffer.from(`piece ${n} of ${i};`);
        })();
        const response = await caller.client.post(at("/backend/echo"), { body });
        // lighttpd counts a body that it has whole before it begins to answer.
        if (peer !== lighttpd) assert.equal(response.headers.get("transfer-encoding"), "chunked");
        assert.equal(
          await response.text(),
          Array.from({ length: 20 }, (_, n) => `piece ${n} of ${i};`).join(""),
        );
      }
      assert.equal(caller.transport.snapshot().totals.opened, 1);
    });

    where("gzip", "compression: is asked for and undone", async () => {
      await using caller = new Caller();
      const response = await caller.client.get(at("/text.txt"));
      assert.equal(response.headers.get("content-encoding"), "gzip");
      assert.equal(await response.text(), FILES["text.txt"]);
      const plain = await caller.client.get(at("/text.txt"), { decompress: false });
      assert.equal(plain.headers.get("content-encoding"), null);
      assert.equal(await plain.text(), FILES["text.txt"]);
      assert.equal(caller.transport.snapshot().totals.opened, 1);
    });

    where("basic", "Basic authentication: 401 without, 200 with credentials, on one connection", async () => {
      await using caller = new Caller();
      const refused = await caller.client.get(at("/secret/file.txt"));
      assert.equal(refused.status, 401);
      await refused.text();
      const url = at("/secret/file.txt").replace("//", `//${CREDENTIALS.username}:${CREDENTIALS.password}@`);
      assert.equal(await caller.client.get(url).text(), FILES["secret/file.txt"]);
      const withOption = caller.client.extend({ baseURL: at("/"), auth: CREDENTIALS });
      assert.equal(await withOption.get("/secret/file.txt").text(), FILES["secret/file.txt"]);
      assert.equal(caller.transport.snapshot().totals.opened, 1);
    });

    where("digest", "Digest authentication: one 401, then the nonce is used again", async () => {
      await using caller = new Caller();
      const client = caller.client.extend({ baseURL: at("/"), auth: { ...CREDENTIALS, type: "digest" } });
      for (let i = 0; i < 3; i += 1)
        assert.equal(await client.get("/digest/small.txt").text(), FILES["small.txt"]);
      assert.equal((await running.logged("/digest/small.txt", 4)).length, 4);
      assert.equal(caller.transport.snapshot().totals.opened, 1);
    });

    where("trailers", "trailers: arrive after the body", async () => {
      await using caller = new Caller();
      const path = peer.name === "nginx" ? "/trailers.txt" : "/backend/trailers";
      const response = await caller.client.get(at(path), { headers: { te: "trailers" } });
      await response.text();
      assert.equal((await response.trailers).get("x-sum"), "peers");
    });

    where("early-hints", "103 Early Hints: are told, and the response follows", async () => {
      await using caller = new Caller();
      const seen: string[] = [];
      const onInformational = (status: number, headers: Headers): void =>
        void seen.push(`${status} ${headers.get("link")}`);
      const path = peer.name === "haproxy" ? "/hints" : "/backend/hints";
      assert.equal(await caller.client.get(at(path), { onInformational }).text(), "hinted");
      assert.ok(seen.includes("103 </style.css>; rel=preload"), seen.join(", ") || "none came");
    });

    where("continue", "Expect: 100-continue: the body goes out after the 100", async () => {
      await using caller = new Caller();
      const seen: number[] = [];
      const init = {
        body: PIECE,
        expectContinue: 5_000,
        onInformational: (status: number) => void seen.push(status),
      };
      const { bytes } = await caller.client.put(at("/backend/digest"), init).json<{ bytes: number }>();
      assert.equal(bytes, PIECE.length);
      assert.ok(seen.includes(100), "no 100 came");
      assert.equal(caller.transport.snapshot().totals.opened, 1);
    });

    test("HEAD, 204 and 304: have no body, and the connection is kept", async () => {
      await using caller = new Caller();
      const head = await caller.client.head(at("/small.txt"));
      assert.equal(await head.text(), "");
      assert.equal((await caller.client.get(at("/backend/204"))).status, 204);
      if (can("not-modified")) {
        const etag = head.headers.get("etag") ?? "";
        const again = await caller.client.get(at("/small.txt"), { headers: { "if-none-match": etag } });
        assert.equal(again.status, 304, etag);
        assert.equal(await again.text(), "");
      }
      assert.equal(await caller.client.get(at("/small.txt")).text(), FILES["small.txt"]);
      assert.equal(caller.transport.snapshot().totals.opened, 1);
    });

    test("Connection: close: the connection ends with the response", async () => {
      await using caller = new Caller();
      for (let i = 0; i < 3; i += 1)
        await caller.client.get(at("/small.txt?close"), { headers: { connection: "close" } }).text();
      assert.equal(new Set((await running.logged("/small.txt?close", 3)).map(({ port }) => port)).size, 3);
      assert.equal(caller.transport.snapshot().totals.opened, 3);
    });

    test("client certificate: 200 with it, refused without", async () => {
      const url = `https://localhost:${running.site.tlsPort}/small.txt`;
      const { key, cert } = authority.issue({ names: ["client"], clientAuth: true });
      await using known = new Caller({ tls: { ca: authority.cert, key, cert } });
      for (let i = 0; i < 3; i += 1) assert.equal(await known.client.get(url).text(), FILES["small.txt"]);
      assert.equal(known.transport.snapshot().totals.opened, 1);
      await using unknown = new Caller({ tls: { ca: authority.cert } });
      // nginx says so in a response; the others end the handshake.
      const outcome = await unknown.client.get(url).then(
        (response: Response) => response.close().then(() => response.status),
        (error: Error) => error,
      );
      if (typeof outcome === "number") assert.equal(outcome, 400);
      else assert.match(outcome.message, /certificate|TLS|SSL/i);
    });

    test("graceful reload: no request fails, sequential or eight at once", async () => {
      await using caller = new Caller();
      const get = async (): Promise<void> => {
        assert.equal(await caller.client.get(at("/small.txt?reload")).text(), FILES["small.txt"]);
      };
      await get();
      const worker = async (): Promise<void> => {
        for (let i = 0; i < AROUND_RELOAD; i += 1) await get();
      };
      const work = Promise.all(Array.from({ length: 8 }, worker));
      await running.reload();
      await work;
      // Until the old process has gone, and a connection to the new one is kept.
      const before = caller.transport.snapshot().totals.opened;
      for (let i = 0; i < AROUND_RELOAD; i += 1) await get();
      const { opened } = caller.transport.snapshot().totals;
      assert.ok(
        opened - before <= 8,
        `${opened - before} connections for sequential requests after the reload`,
      );
      assert.ok(opened <= 32, `${opened} connections for ${9 * AROUND_RELOAD + 1} requests`);
    });
  });
}
