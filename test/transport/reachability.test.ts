import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Client, Transport, type TransportOptions } from "../../src/index.js";
import { WireServer } from "../../src/testing/index.js";
import { isPublicAddress } from "../../src/transport/route/index.js";
import { httpProxy } from "./proxy-fixture.js";
import { rejection } from "./support.js";

// What a URL from outside, or a redirect of a server that is not trusted, must not be able to reach.

/** Loopback and other inner addresses, as the host of a URL. The parser understands more spellings than people do. */
const INNER_HOSTS = [
  "127.0.0.1",
  "127.1",
  "127.0.1",
  "0177.0.0.1",
  "0x7f.0.0.1",
  "0x7f000001",
  "2130706433",
  "017700000001",
  "127.0.0.1.",
  "%31%32%37.0.0.1",
  "１２７.０.０.１",
  "127。0。0。1",
  "0.0.0.0",
  "0",
  "[::1]",
  "[::]",
  "[0:0:0:0:0:0:0:1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[64:ff9b::127.0.0.1]",
  "[2002:7f00:1::]",
  "[fe80::1]",
  "[fd00::1]",
  "10.0.0.1",
  "172.16.0.1",
  "192.168.0.1",
  "169.254.169.254",
  "0xa9fea9fe",
  "[::ffff:169.254.169.254]",
  "100.64.0.1",
  "inner.test",
  "INNER.test.",
] as const;

/** Everything that is no http(s) URL. */
const OTHER_SCHEMES = [
  "file:///etc/passwd",
  "ftp://127.0.0.1/",
  "gopher://127.0.0.1:70/_",
  "data:text/plain,x",
  "javascript:alert(1)",
  "blob:null/1",
  "unix:/run/docker.sock",
  "http+unix://%2Frun%2Fdocker.sock/info",
  "ws://127.0.0.1/",
] as const;

interface World {
  readonly outer: WireServer;
  readonly inner: WireServer;
  readonly client: Client;
  /** Where the outer server redirects to. */
  location: string;
}

/** An outer server, reached as `outer.test`, that redirects; an inner one on loopback; a client that may go outside only. */
async function withWorld(more: TransportOptions, run: (world: World) => Promise<void>): Promise<void> {
  await using outer = await WireServer.start();
  await using inner = await WireServer.start();
  const transport = new Transport({
    lookup: (_host, _options, callback) => callback(null, [{ address: "127.0.0.1", family: 4 }]),
    allowAddress: (address, host) => host === "outer.test" || isPublicAddress(address),
    ...more,
  });
  const world: World = { outer, inner, client: new Client({ transport }), location: "" };
  outer.script(async (connection) => {
    for await (const request of connection.eachRequest()) {
      if (request.target === "/ok") await connection.replyOk("ok");
      else
        await connection.reply(
          `HTTP/1.1 302 Found\r\nLocation: ${world.location}\r\nContent-Length: 0\r\n\r\n`,
        );
    }
  });
  try {
    await run(world);
  } finally {
    transport.destroy();
  }
}

test("allowAddress: no spelling of an inner address is reached, by a URL or by a redirect", async () => {
  await withWorld({}, async (world) => {
    const { client, outer, inner } = world;
    for (const host of INNER_HOSTS) {
      const url = `http://${host}:${inner.port}/`;
      const direct = await rejection(client.get(url));
      assert.equal(direct["code"], "ERR_TRUNKLINE_ADDRESS_NOT_ALLOWED", `${host}: ${direct.message}`);
      world.location = url;
      const redirected = await rejection(client.get(`http://outer.test:${outer.port}/`));
      // A Location is latin1 (as in fetch), so what is not ASCII is another host, or none.
      const refused = ["ERR_TRUNKLINE_ADDRESS_NOT_ALLOWED", "ERR_TRUNKLINE_BAD_REDIRECT"];
      assert.ok(refused.includes(String(redirected["code"])), `${host}: ${redirected.message}`);
    }
    assert.equal(inner.connections, 0);
    assert.equal(await (await client.get(`http://outer.test:${outer.port}/ok`)).text(), "ok");
  });
});

test("allowAddress: a name that changes its address between two dials is judged at each", async () => {
  let address = "127.0.0.1";
  let allowed = true;
  const options: TransportOptions = {
    lookup: (_host, _options, callback) => callback(null, [{ address, family: 4 }]),
    allowAddress: (each) => allowed || isPublicAddress(each),
    keepAlive: false,
  };
  await withWorld(options, async ({ client, outer }) => {
    const url = `http://outer.test:${outer.port}/ok`;
    assert.equal(await (await client.get(url)).text(), "ok");
    allowed = false;
    address = "127.0.0.2";
    assert.equal((await rejection(client.get(url)))["code"], "ERR_TRUNKLINE_ADDRESS_NOT_ALLOWED");
    assert.equal(outer.connections, 1);
  });
});

test("allowAddress: connections that one transport may make are not another's to use", async () => {
  await using server = await WireServer.start();
  await using open = new Transport();
  await using guarded = new Transport({ allowAddress: "public" });
  assert.equal(await (await new Client({ transport: open }).get(server.origin)).text(), "ok");
  const error = await rejection(new Client({ transport: guarded }).get(server.origin));
  assert.equal(error["code"], "ERR_TRUNKLINE_ADDRESS_NOT_ALLOWED");
});

test("allowAddress: through a proxy, neither a URL nor a redirect reaches a name that the proxy would resolve", async () => {
  await using proxy = await httpProxy({ names: { "inner.test": "127.0.0.1" } });
  const options: TransportOptions = {
    proxy: ({ url }) => (url.includes("inner") ? `http://127.0.0.1:${proxy.port}` : null),
  };
  await withWorld(options, async (world) => {
    const { client, outer, inner } = world;
    for (const scheme of ["http", "https"]) {
      const url = `${scheme}://inner.test:${inner.port}/`;
      assert.equal((await rejection(client.get(url)))["code"], "ERR_TRUNKLINE_ADDRESS_NOT_ALLOWED");
      world.location = url;
      const options = await rejection(client.get(`http://outer.test:${outer.port}/`));
      assert.equal(options["code"], "ERR_TRUNKLINE_ADDRESS_NOT_ALLOWED");
    }
    assert.deepEqual([proxy.log.connections, inner.connections], [0, 0]);
  });
});

test("other schemes and Unix sockets: neither a URL nor a redirect reaches them", async () => {
  const folder = await mkdtemp(join(tmpdir(), "trunkline-"));
  try {
    const path = join(folder, "s");
    await using local = await WireServer.start({ path });
    await withWorld({}, async (world) => {
      const { client, outer } = world;
      const spellings = [
        ...OTHER_SCHEMES,
        `unix:${path}`,
        `unix://${path}`,
        `http+unix://${encodeURIComponent(path)}/`,
        `http://unix:${path}:/`,
        `http://${encodeURIComponent(path)}/`,
      ];
      for (const url of spellings) {
        assert.ok((await rejection(client.get(url))) instanceof TypeError, url);
        world.location = url;
        const redirected = await rejection(client.get(`http://outer.test:${outer.port}/`));
        assert.ok(redirected instanceof TypeError, url);
      }
      assert.equal(local.connections, 0);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
