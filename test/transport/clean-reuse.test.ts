import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import {
  type Client,
  Client as OurClient,
  type Response,
  Transport,
  type TransportOptions,
} from "../../src/index.js";
import { createAuthority } from "../../src/testing/index.js";
import { block, closedOnes, rejection, turn, turns, until } from "./support.js";

// Nobody's bytes but the server's answer (design rules 3, 6 and 11): what a server sends behind an answer is never
// taken for the next one, whatever it is, wherever it lies when the connection is used again.

const authority = createAuthority();
const certificate = authority.issue({ names: ["localhost", "127.0.0.1"] });

const POISON = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON";
const HONEST = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhonest";

/** How bytes get from the server to the client. */
type WireName = "TCP" | "TLS" | "a Unix socket" | "a forwarding proxy";
const WIRES: readonly WireName[] = ["TCP", "TLS", "a Unix socket", "a forwarding proxy"];

/**
 * Between a TLS server and its client: what the server has sealed can be held here, so that it arrives when and in what
 * company the test wants.
 */
class Relay {
  readonly server: Server;
  /** Whether what comes from the server is held. */
  holds = false;
  /** What is held of the newest connection. */
  held: Buffer[] = [];
  #client: Socket | undefined;

  constructor(port: number) {
    this.server = createServer((client) => {
      const held: Buffer[] = [];
      this.held = held;
      client.setNoDelay(true);
      this.#client = client;
      const up = connect(port, "127.0.0.1");
      client.on("error", () => {}).on("close", () => up.destroy());
      up.on("error", () => {});
      client.pipe(up);
      up.on("data", (sealed: Buffer) => {
        if (this.holds) held.push(sealed);
        else client.write(sealed);
      });
    });
  }

  /** So many of the pieces that are held arrive, in one write, now. */
  release(count: number): void {
    const pieces = this.held.splice(0, count);
    if (pieces.length > 0) this.#client?.write(Buffer.concat(pieces));
  }

  end(): void {
    this.#client?.end();
  }
}

/** A server on one of the wires, and a client that reaches it. In one process: what it writes is in the kernel at once. */
class Site implements AsyncDisposable {
  readonly transport: Transport;
  readonly client: Client;
  /** What its transport was made with. */
  readonly options: TransportOptions;
  connections = 0;
  requests = 0;
  /** Whether the server ends each connection together with its answer. */
  endsEach = false;
  /** The server's side of the newest connection. */
  socket!: Socket;
  readonly #wire: WireName;
  readonly #server: Server;
  readonly #base: string;
  #relay: Relay | undefined;
  #holdsBack = false;

  private constructor(wire: WireName, server: Server, base: string, options: TransportOptions) {
    this.#wire = wire;
    this.#server = server;
    this.#base = base;
    this.options = options;
    this.transport = new Transport(options);
    this.client = new OurClient({ transport: this.transport });
  }

  /** `answer`: what the server sends for a path, in one write each; what it has no answer for gets the honest one, a turn later. */
  static async start(
    wire: WireName,
    answer: (path: string, method: string) => readonly (string | Buffer)[] | undefined,
  ): Promise<Site> {
    let site: Site | undefined;
    const accept = (socket: Socket): void => {
      const self = site as Site;
      self.connections += 1;
      self.socket = socket;
      socket.setNoDelay(true);
      socket.on("error", () => {});
      let text = "";
      socket.on("data", (bytes: Buffer) => {
        text += bytes.toString("latin1");
        const end = text.indexOf("\r\n\r\n");
        if (end < 0) return;
        const [method = "", target = ""] = text.split(" ", 2);
        text = "";
        self.requests += 1;
        const parts = answer(new URL(target, "http://x").pathname, method);
        if (parts === undefined) void turn().then(() => socket.write(HONEST));
        else if (self.#relay === undefined) self.#send(socket, parts);
        else void self.#sendThrough(self.#relay, socket, parts);
      });
    };
    const server =
      wire === "TLS"
        ? createTlsServer({ key: certificate.key, cert: certificate.cert }, accept)
        : createServer(accept);
    const path = join(tmpdir(), `trunkline-${process.pid}-${Math.random().toString(36).slice(2)}.sock`);
    server.listen(wire === "a Unix socket" ? path : 0);
    await once(server, "listening");
    let { port } = (wire === "a Unix socket" ? { port: 80 } : server.address()) as AddressInfo;
    let relay: Relay | undefined;
    if (wire === "TLS") {
      relay = new Relay(port);
      await once(relay.server.listen(0), "listening");
      ({ port } = relay.server.address() as AddressInfo);
    }
    const options: TransportOptions =
      wire === "TLS"
        ? { tls: { ca: authority.cert } }
        : wire === "a Unix socket"
          ? { socketPath: path }
          : wire === "a forwarding proxy"
            ? { proxy: `http://127.0.0.1:${port}` }
            : {};
    const base = wire === "TLS" ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
    site = new Site(wire, server, base, options);
    site.#relay = relay;
    return site;
  }

  /** Through the proxy, the two paths are of two origins that share its connections. */
  url(path: string): string {
    if (this.#wire !== "a forwarding proxy") return this.#base + path;
    return path === "/first" ? `http://one.test${path}` : `http://other.test${path}`;
  }

  /** Over TLS, where the parts of an answer arrive together: of the next answer only the first does. */
  holdBack(): void {
    this.#holdsBack = true;
  }

  /** Sends a second answer, which is in the client's kernel when this returns. */
  poison(): void {
    if (this.#relay === undefined) this.socket.write(POISON);
    else this.#relay.release(Number.POSITIVE_INFINITY);
  }

  /** Over TLS: the server ends the session, and what it sends for that is held. {@link poison} lets it go. */
  async sealEnd(): Promise<void> {
    const relay = this.#relay as Relay;
    relay.holds = true;
    this.socket.end();
    await until(() => relay.held.length > 0, "the end of the session");
    relay.holds = false;
  }

  #send(socket: Socket, parts: readonly (string | Buffer)[]): void {
    for (const part of parts) socket.write(part);
    if (this.endsEach) socket.end();
  }

  /** Each part is a record of its own, or several, and all arrive in one piece. */
  async #sendThrough(relay: Relay, socket: Socket, parts: readonly (string | Buffer)[]): Promise<void> {
    relay.holds = true;
    let first = 0;
    for (const part of parts) {
      await new Promise((written) => socket.write(part, written));
      await turns(4);
      if (first === 0) first = relay.held.length;
    }
    if (this.endsEach) socket.end();
    await turns(4);
    relay.holds = false;
    relay.release(this.#holdsBack ? first : Number.POSITIVE_INFINITY);
    if (this.endsEach) relay.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#relay?.server.close();
    this.transport.destroy();
    this.socket?.destroy();
    this.#server.close();
  }
}

function ok(body: string | Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`),
    Buffer.from(body),
  ]);
}

function chunked(body: string, trailers = ""): string {
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n${trailers}\r\n`;
}

/** A response of exactly so many bytes. */
function sized(total: number): Buffer {
  let length = total;
  while (ok("").length - 1 + String(length).length + length > total) length -= 1;
  return ok(Buffer.alloc(length, "b"));
}

const USES: Readonly<Record<string, (response: Response) => Promise<unknown>>> = {
  "text()": (response) => response.text(),
  "bytes()": (response) => response.bytes(),
  iteration: async (response) => {
    for await (const chunk of response) void chunk;
  },
  "close()": (response) => response.close(),
};

/** Answers with what follows directly behind, in the same write or in a write (and over TLS a record) of its own. */
const BEHIND: Readonly<Record<string, readonly (string | Buffer)[]>> = {
  "behind a small body, in one write": [Buffer.concat([ok("x"), Buffer.from(POISON)])],
  "behind a small body, in a write of its own": [ok("x"), POISON],
  "behind a body that is read into its result": [
    Buffer.concat([ok(Buffer.alloc(300_000, "b")), Buffer.from(POISON)]),
  ],
  "behind such a body, in a write of its own": [ok(Buffer.alloc(300_000, "b")), POISON],
  "behind a body of a megabyte": [Buffer.concat([ok(Buffer.alloc(1_000_000, "b")), Buffer.from(POISON)])],
  "behind what fills the read buffer": [Buffer.concat([sized(65_536), Buffer.from(POISON)])],
  "behind what fills it, in a write of its own": [sized(65_536), POISON],
  "behind what fills it twice": [Buffer.concat([sized(131_072), Buffer.from(POISON)])],
  "behind what fills a TLS record": [Buffer.concat([sized(16_384), Buffer.from(POISON)])],
  "behind what fills several": [Buffer.concat([sized(49_152), Buffer.from(POISON)])],
  "behind chunks": [chunked("abc") + POISON],
  "behind chunks, in a write of its own": [chunked("abc"), POISON],
  "behind trailers": [chunked("abc", "x-sum: 1\r\n") + POISON],
  "behind trailers, in a write of its own": [chunked("abc", "x-sum: 1\r\n"), POISON],
  "behind many chunks": [chunked("x".repeat(300_000)) + POISON],
  "behind a 1xx and its answer": [`HTTP/1.1 103 Early Hints\r\n\r\n${ok("x").toString()}${POISON}`],
  "behind a 204": [`HTTP/1.1 204 No Content\r\n\r\n${POISON}`],
  "behind a 204 that announces a body": ["HTTP/1.1 204 No Content\r\nContent-Length: 44\r\n\r\n", POISON],
  "behind a 205 that announces a body": ["HTTP/1.1 205 Reset\r\nContent-Length: 2\r\n\r\nab", POISON],
  "behind a 304": ["HTTP/1.1 304 Not Modified\r\nContent-Length: 44\r\n\r\n", POISON],
  "behind an end of the line": [Buffer.concat([ok("x"), Buffer.from(`\r\n${POISON}`)])],
};

for (const wire of WIRES) {
  // Over TLS the second answer is sealed ahead, and held.
  const firstOnly = (path: string): readonly (string | Buffer)[] | undefined =>
    path === "/first" ? [ok("first"), ...(wire === "TLS" ? [POISON] : [])] : undefined;

  for (const method of ["GET", "POST"]) {
    test(`clean reuse: over ${wire}, what lies behind an answer is not the answer to the next ${method}`, async () => {
      const wrong: string[] = [];
      for (const [what, parts] of Object.entries(BEHIND)) {
        for (const [use, read] of Object.entries(USES)) {
          await using site = await Site.start(wire, (path) => (path === "/first" ? parts : undefined));
          await read(await site.client.get(site.url("/first")));
          const body = method === "POST" ? "x" : undefined;
          const next = site.client.fetch(site.url("/next"), {
            method,
            ...(body === undefined ? {} : { body }),
          });
          const text = await next.then((response) => response.text(), String);
          // Over TLS, a record that came in one read with the answer cannot be seen before a POST has been written.
          const refused = method === "POST" && wire === "TLS" && /unsolicited bytes came with/.test(text);
          if (text !== "honest" && !refused) wrong.push(`${what}, ${use}: ${text}`);
        }
      }
      assert.deepEqual(wrong, []);
    });
  }

  test(`clean reuse: over ${wire}, what came while the caller held the loop is found before the next request`, async () => {
    for (const method of ["GET", "POST"]) {
      for (const held of [1.5, 4, 18]) {
        await using site = await Site.start(wire, firstOnly);
        site.holdBack();
        const response = await site.client.get(site.url("/first"));
        assert.equal(await response.text(), "first");
        site.poison();
        block(held);
        assert.equal(await (await site.client.fetch(site.url("/next"), { method })).text(), "honest");
        const [closed] = await closedOnes(site.transport, 1);
        assert.equal(closed?.closed?.reason, "unsolicited-data");
        assert.equal(site.requests, 2, "nothing went out twice");
      }
    }
  });

  test(`clean reuse: over ${wire}, what came right behind an answer is found before a POST is written`, async () => {
    await using site = await Site.start(wire, firstOnly);
    site.holdBack();
    await site.client.get(site.url("/first")).text();
    site.poison();
    assert.equal(await site.client.post(site.url("/next"), { body: "x" }).text(), "honest");
    assert.equal(site.requests, 2);
  });

  test(`clean reuse: over ${wire}, an end that comes with the answer costs no POST`, async () => {
    const answers = {
      "200": ok("ok").toString(),
      "204": "HTTP/1.1 204 No Content\r\n\r\n",
      chunked: chunked("ok"),
      large: ok("x".repeat(200_000)).toString(),
      "exact fit": sized(65_536).toString(),
    };
    for (const answer of Object.values(answers)) {
      for (const most of [1, 20]) {
        await using site = await Site.start(wire, () => [answer]);
        const transport = new Transport({ ...site.options, maxConnectionsPerOrigin: most });
        site.endsEach = true;
        const client = new OurClient({ transport });
        const posts: Promise<unknown>[] = [];
        for (let i = 0; i < 8; i += 1) {
          const post = client.post(site.url("/next"), { body: "x" }).bytes();
          posts.push(post);
          if (most === 20) await post;
        }
        await Promise.all(posts);
        assert.equal(site.requests, 8);
        transport.destroy();
      }
    }
  });
}

test("clean reuse: over TLS, the end of the session is taken for that, and not for bytes that nobody asked for", async () => {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    for (const method of ["GET", "POST"]) {
      await using site = await Site.start("TLS", () => [ok("ok")]);
      const versions = { minVersion: version, maxVersion: version };
      const transport = new Transport({ ...site.options, tls: { ...site.options.tls, ...versions } });
      const client = new OurClient({ transport });
      assert.equal(await client.get(site.url("/first")).text(), "ok");
      await site.sealEnd();
      site.poison();
      block(1.5);
      assert.equal(await (await client.fetch(site.url("/next"), { method })).text(), "ok");
      const [closed] = await closedOnes(transport, 1);
      assert.equal(closed?.closed?.reason, "server-closed-idle", `${version} ${method}`);
      assert.match(closed?.closed?.evidence ?? "", /found before the next request$/);
      assert.equal(site.requests, 2);
      transport.destroy();
    }
  }
});

test("clean reuse: a body that comes late behind a HEAD or a 204 is not the answer to the next GET", async () => {
  for (const first of ["HEAD", "204"]) {
    await using site = await Site.start("TCP", (path) =>
      path === "/first"
        ? [
            first === "HEAD"
              ? "HTTP/1.1 200 OK\r\nContent-Length: 44\r\n\r\n"
              : "HTTP/1.1 204 X\r\nContent-Length: 44\r\n\r\n",
          ]
        : undefined,
    );
    await site.client.fetch(site.url("/first"), { method: first === "HEAD" ? "HEAD" : "GET" });
    if (!site.socket.destroyed) site.socket.write(POISON);
    assert.equal(await site.client.get(site.url("/next")).text(), "honest");
    assert.equal(site.connections, 2);
  }
});

test("clean reuse: a 204 or 205 that announces a body does not keep its connection, one that announces none does", async () => {
  for (const [fields, connections] of [
    ["Content-Length: 5\r\n", 2],
    ["Transfer-Encoding: chunked\r\n", 2],
    ["Content-Length: 0\r\n", 1],
    ["", 1],
  ] as const) {
    await using site = await Site.start("TCP", (path) =>
      path === "/first" ? [`HTTP/1.1 204 No Content\r\n${fields}\r\n`] : undefined,
    );
    await site.client.get(site.url("/first"));
    await site.client.get(site.url("/next")).text();
    assert.equal(site.connections, connections, fields);
  }
});

test("clean reuse: a stray line end behind an answer fails no GET, whenever it comes", async () => {
  for (const turnsLater of [0, 1, 2, 3]) {
    await using site = await Site.start("TCP", (path) => (path === "/first" ? [ok("ok")] : undefined));
    await site.client.get(site.url("/first")).text();
    const next = site.client.get(site.url("/next")).text();
    if (turnsLater === 0) site.socket.write("\r\n");
    for (let i = 0; i < turnsLater; i += 1) await turn();
    assert.equal(await next, "honest");
  }
});

test("clean reuse: 200 requests, one after the other, use one connection, POSTs as well as GETs", async () => {
  for (const method of ["GET", "POST", "HEAD"]) {
    await using site = await Site.start("TCP", (_, sent) => [
      sent === "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : ok("ok"),
    ]);
    for (let i = 0; i < 200; i += 1) {
      await (await site.client.fetch(site.url("/"), { method })).text();
    }
    assert.equal(site.connections, 1, method);
  }
});

test("clean reuse: a POST that meets bytes nobody asked for fails, and is not sent again", async () => {
  await using site = await Site.start("TCP", (path) => (path === "/first" ? [ok("ok")] : ["garbage\r\n"]));
  await site.client.get(site.url("/first")).text();
  const error = await rejection(site.client.post(site.url("/next"), { body: "x" }).text());
  assert.match(error.message, /not retried/);
  assert.equal(site.requests, 2);
});
