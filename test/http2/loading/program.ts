// One scenario in a process in which the code of HTTP/2 loads when the scenario says so: `node program.js NAME`.

import assert from "node:assert/strict";
import type { Transport } from "../../../src/index.js";
import { createAuthority, Http2WireConnection, type WireScript } from "../../../src/testing/index.js";
import { httpProxy, socksProxy } from "../../transport/proxy-fixture.js";
import { clientOf, fetched, rejection, turns, until, World } from "../../transport/support.js";
import { answer, asked } from "./hold.js";

const authority = createAuthority();
const { key, cert } = authority.issue({ names: ["127.0.0.1", "localhost"] });
const proxyTls = authority.issue({ names: ["127.0.0.1", "localhost"] });
const trust = { tls: { ca: authority.cert }, proxyTls: { ca: authority.cert } };
const offersBoth = { tls: { key, cert, ALPNProtocols: ["h2", "http/1.1"] } };
const prior = { http2: { priorKnowledge: true } };

const warnings: (Error & { code?: string })[] = [];
process.on("warning", (warning) => warnings.push(warning));

const connections: Http2WireConnection[] = [];
/** Says its SETTINGS at once and answers each request with its path. */
const echo: WireScript = async (wire) => {
  const connection = new Http2WireConnection(wire);
  connections.push(connection);
  for (;;) {
    const request = await connection.readRequest();
    await connection.reply(request, { body: request.path });
  }
};

/** A server of HTTP/2, a transport that may be held up by the loading, and whether anything has come of its calls. */
async function waitingFor(
  script: WireScript,
  { tls = true, ...options }: { tls?: boolean } & Record<string, unknown> = {},
) {
  const world = await World.start({ ...(tls ? offersBoth : {}), script });
  const transport = world.stepped({ ...(tls ? trust : { ...trust, ...prior }), ...options });
  return { world, transport, url: (path = "/") => world.server.url(path) };
}

/** The dial is done, the server has said all it says by itself, and the code is not there. */
async function held(transport: Transport, count = 1): Promise<void> {
  await asked;
  await until(() => connections.length >= count, "the connection at the server");
  await turns(20);
  assert.equal(transport.connections()[0]?.state, "dialing");
}

async function loadsBehind(
  options: { tls?: boolean } & Record<string, unknown>,
  protocol = "h2",
): Promise<void> {
  const { world, transport, url } = await waitingFor(echo, options);
  await using _ = world;
  const calls = [1, 2, 3].map((i) => clientOf(transport).get(url(`/${i}`)));
  await held(transport);
  answer("there");
  const responses = await Promise.all(calls);
  assert.deepEqual(await Promise.all(responses.map((response) => response.text())), ["/1", "/2", "/3"]);
  assert.ok(responses.every(({ connection }) => connection.protocol === protocol));
  assert.equal(world.server.connections, 1);
  // What the server said in the flight of its handshake has not been lost.
  await connections[0]?.frame(({ type, ack }) => type === "SETTINGS" && ack === true, "SETTINGS ACK");
}

const scenarios: Record<string, () => Promise<void>> = {
  "over TLS": () => loadsBehind({}),
  "by prior knowledge": () => loadsBehind({ tls: false }),
  async "through a CONNECT tunnel of an HTTPS proxy"() {
    await using proxy = await httpProxy({ tls: proxyTls });
    await loadsBehind({ proxy: `https://localhost:${proxy.port}` });
  },
  async "through SOCKS"() {
    await using proxy = await socksProxy();
    await loadsBehind({ proxy: `socks5h://127.0.0.1:${proxy.port}` });
  },
  async preconnect() {
    const { world, transport, url } = await waitingFor(echo);
    await using _ = world;
    let open = false;
    const made = transport.preconnect(world.server.origin).then(() => {
      open = true;
    });
    await held(transport);
    assert.equal(open, false);
    answer("there");
    await made;
    assert.equal(await fetched(transport, url("/a")), "/a");
    assert.equal(world.server.connections, 1);
  },
  async destroy() {
    const { world, transport, url } = await waitingFor(echo);
    await using _ = world;
    const failed = rejection(fetched(transport, url()));
    await held(transport);
    transport.destroy();
    assert.equal((await failed)["code"], "ERR_TRUNKLINE_CLOSED");
    await world.server.waitForOpen(0);
    answer("there");
    await turns(20);
    assert.deepEqual(
      transport.connections().map(({ state }) => state),
      ["closed"],
    );
  },
  async close() {
    const { world, transport, url } = await waitingFor(echo);
    await using _ = world;
    const text = fetched(transport, url("/last"));
    await held(transport);
    const closed = transport.close();
    answer("there");
    assert.equal(await text, "/last");
    await closed;
    await world.server.waitForOpen(0);
  },
  async "an abort and a time limit"() {
    const { world, transport, url } = await waitingFor(echo);
    await using _ = world;
    const controller = new AbortController();
    const client = clientOf(transport);
    const aborted = rejection(client.get(url(), { signal: controller.signal }));
    const late = rejection(client.get(url(), { timeout: 1_000 }));
    await held(transport);
    controller.abort();
    world.clock.advance(1_001);
    assert.equal((await aborted).name, "AbortError");
    assert.equal((await late).name, "TimeoutError");
    // The connection nobody waits for is kept for the next request.
    answer("there");
    await until(() => transport.connections()[0]?.state === "idle", "the connection to be idle");
    assert.equal(await fetched(transport, url("/next")), "/next");
    assert.equal(world.server.connections, 1);
  },
  async "a server that ends the connection"() {
    const { world, transport, url } = await waitingFor(async (wire) => {
      if (connections.length > 0) return await echo(wire);
      connections.push(new Http2WireConnection(wire));
      await wire.end();
    });
    await using _ = world;
    const text = fetched(transport, url("/again"));
    await held(transport);
    answer("there");
    assert.equal(await text, "/again");
    assert.equal(world.server.connections, 2);
    assert.equal(transport.connections()[0]?.closed?.by, "server");
  },
  async "a server that says more than any does"() {
    const flood = 40;
    const { world, transport, url } = await waitingFor(async (wire) => {
      const connection = new Http2WireConnection(wire);
      connections.push(connection);
      const payload = Buffer.alloc(16_000).toString("latin1");
      for (let i = 0; i < flood; i += 1) await connection.send({ type: 0xfa, stream: 0, payload } as never);
      for (;;) await connection.reply(await connection.readRequest(), { body: "all of it" });
    });
    await using _ = world;
    const text = fetched(transport, url());
    await held(transport);
    answer("there");
    assert.equal(await text, "all of it");
    assert.ok((transport.connections()[0]?.bytesRead ?? 0) > flood * 16_000);
  },
  async "code that is missing"() {
    const { world, transport, url } = await waitingFor(echo);
    await using _ = world;
    const failed = [1, 2].map(() => rejection(fetched(transport, url())));
    await held(transport);
    answer("missing");
    for (const error of await Promise.all(failed)) {
      assert.equal(error["code"], "ERR_TRUNKLINE_PROTOCOL");
      assert.match(
        error.message,
        / failed: The server at https:\S+ chose HTTP\/2, and Trunkline's code for it cannot be loaded: no such chunk; deploy all files .*, or set http2: false$/,
      );
    }
    await world.server.waitForOpen(0);
    assert.equal(transport.connections()[0]?.closed?.reason, "dial-failed");
    // From here on HTTP/2 is not offered, so that the same transport goes on over HTTP/1.1, and one warning says so.
    const server = await world.another({ tls: offersBoth.tls });
    const responses = await Promise.all([1, 2].map(() => clientOf(transport).get(server.url("/"))));
    for (const response of responses) {
      assert.equal(response.connection.protocol, "http/1.1");
      assert.equal(await response.text(), "ok");
    }
    const told = warnings.filter(({ code }) => code === "TRUNKLINE_HTTP2_NOT_LOADED");
    assert.deepEqual(
      told.map(({ message }) => message),
      [
        "Trunkline's code for HTTP/2 cannot be loaded, so new connections speak HTTP/1.1: no such chunk; deploy all files of the package or of the bundle together, or set http2: false",
      ],
    );
  },
  async "HTTP/1.1 beside it"() {
    const { world, transport, url } = await waitingFor(echo);
    await using _ = world;
    const plain = await world.another();
    const secure = await world.another({ tls: { key, cert } });
    const text = fetched(transport, url("/h2"));
    await held(transport);
    for (const server of [plain, secure]) assert.equal(await fetched(transport, server.url("/")), "ok");
    answer("there");
    assert.equal(await text, "/h2");
  },
};

const [, , name = ""] = process.argv;
const scenario = scenarios[name];
if (scenario === undefined) console.log(JSON.stringify(Object.keys(scenarios)));
else {
  await scenario();
  console.log("done");
}
