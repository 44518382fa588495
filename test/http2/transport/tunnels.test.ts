import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { Response, Transport } from "../../../src/index.js";
import type { Http2Frame, Http2WireConnection, WireConnection } from "../../../src/testing/index.js";
import { clientOf, fetched, rejection, turns, until } from "../../transport/support.js";
import { echoPaths, H2World, overTls, recordOf, sent, settled, TRUST } from "./h2-world.js";

const ASK = {
  headers: {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
  },
};
const OFFERED = { settings: { enableConnectProtocol: 1 } } as const;

function upgradedOf(response: Response): NonNullable<Response["upgraded"]> {
  assert.ok(response.upgraded !== undefined, "a tunnel");
  return response.upgraded;
}

/** Opens every tunnel that is asked for; `then` goes on with it. */
function opening(
  then: (connection: Http2WireConnection, stream: number) => Promise<void> | void = () => undefined,
) {
  return async (connection: Http2WireConnection): Promise<void> => {
    for (;;) {
      const request = await connection.readHead();
      if (request.method !== "CONNECT") {
        await connection.reply(request, { body: request.path });
        continue;
      }
      await connection.send({ type: "HEADERS", stream: request.stream, status: 200 });
      await then(connection, request.stream);
    }
  };
}

async function textOf(stream: NonNullable<Response["upgraded"]>): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

test("a websocket is asked for by extended CONNECT, and its stream is the caller's, both ways", async () => {
  await using world = await H2World.start(
    opening(async (connection, stream) => {
      await connection.send({ type: "DATA", stream, data: "hello" });
      await connection.until(
        () => sent(connection, "DATA").some(({ endStream }) => endStream === true),
        "the end of the client's side",
      );
      await connection.send({ type: "DATA", stream, data: " and bye", endStream: true });
    }),
    OFFERED,
  );
  const transport = world.transport();
  const response = await clientOf(transport).get(world.url("/chat?x=1"), ASK);
  assert.equal(response.status, 200);
  assert.equal(response.connection.protocol, "h2");
  const upgraded = upgradedOf(response);
  const text = textOf(upgraded);
  upgraded.end("ping");
  assert.equal(await text, "hello and bye");
  const connection = await world.connection();
  const [head] = sent(connection, "HEADERS");
  assert.deepEqual(head?.headers?.slice(0, 10), [
    ...[":method", "CONNECT", ":protocol", "websocket", ":scheme", "http"],
    ...[":authority", `127.0.0.1:${world.server.port}`, ":path", "/chat?x=1"],
  ]);
  const names = head?.headers?.filter((_, index) => index % 2 === 0) ?? [];
  for (const name of ["connection", "upgrade", "sec-websocket-key", "content-length"])
    assert.ok(!names.includes(name), name);
  assert.ok(names.includes("sec-websocket-version"));
  assert.equal(Buffer.concat(sent(connection, "DATA").map(({ data }) => data as Buffer)).toString(), "ping");
  assert.deepEqual(sent(connection, "RST_STREAM"), []);
  // The connection goes on, and the stream is off it.
  assert.equal(await fetched(transport, world.url("/after")), "/after");
  assert.equal(world.server.connections, 1);
  await settled(transport);
});

const ENDINGS: readonly (readonly [string, (stream: number) => Http2Frame[]])[] = [
  ["with its head", (stream: number) => [{ type: "HEADERS", stream, status: 200, endStream: true }]],
  [
    "after some octets",
    (stream: number) => [
      { type: "HEADERS", stream, status: 200 },
      { type: "DATA", stream, data: "bye", endStream: true },
    ],
  ],
];
for (const [what, frames] of ENDINGS) {
  test(`a server that ends its side ${what} is answered: the tunnel ends in order, and close() with it`, async () => {
    await using world = await H2World.start(async (connection) => {
      const { stream } = await connection.readHead();
      await connection.send(...frames(stream));
      await connection.stall();
    }, OFFERED);
    const transport = world.transport();
    const upgraded = upgradedOf(await clientOf(transport).get(world.url(), ASK));
    const told: string[] = [];
    for (const event of ["end", "finish", "close"]) upgraded.on(event, () => told.push(event));
    upgraded.resume();
    await once(upgraded, "end");
    upgraded.end("bye");
    await until(() => told.includes("close"), "the end of the tunnel");
    assert.deepEqual(told, ["end", "finish", "close"]);
    const connection = await world.connection();
    await until(() => sent(connection, "DATA").some(({ endStream }) => endStream === true), "the end");
    assert.deepEqual(sent(connection, "RST_STREAM"), []);
    await settled(transport);
    await transport.close();
  });
}

test("an abort of the call's signal, once the tunnel is open, leaves it to the caller", async () => {
  await using world = await H2World.start(
    opening(async (connection, stream) => {
      await connection.until(() => sent(connection, "DATA").length > 0, "what is written after the abort");
      await connection.send({ type: "DATA", stream, data: "heard", endStream: true });
    }),
    OFFERED,
  );
  const controller = new AbortController();
  const { signal } = controller;
  const upgraded = upgradedOf(await clientOf(world.transport()).get(world.url(), { ...ASK, signal }));
  controller.abort(new Error("too late"));
  upgraded.end("still there");
  assert.equal(await textOf(upgraded), "heard");
  const connection = await world.connection();
  assert.equal(sent(connection, "RST_STREAM").length, 0);
});

test("what is written to a tunnel that the server has ended and then reset fails", async () => {
  for (const written of ["before", "after"]) {
    let reset: (() => Promise<void>) | undefined;
    await using world = await H2World.start(
      async (connection) => {
        const { stream } = await connection.readHead();
        await connection.send({ type: "HEADERS", stream, status: 200, endStream: true });
        reset = () => connection.send({ type: "RST_STREAM", stream, code: 0 });
        await connection.stall();
      },
      { ...OFFERED, credit: false },
    );
    const transport = world.transport();
    const upgraded = upgradedOf(await clientOf(transport).get(world.url(), ASK));
    const failure = once(upgraded, "error");
    await once(upgraded.resume(), "end");
    // More than the server's window takes.
    if (written === "before") upgraded.end(Buffer.alloc(300_000));
    await reset?.();
    await until(() => transport.snapshot().totals.streams === 0, "the end of the stream");
    if (written === "after") upgraded.end("late");
    const [error] = (await failure) as [Error & { code: string }];
    assert.equal(error.code, "ERR_TRUNKLINE_STREAM_RESET");
    assert.match(error.message, /ended the tunnel and takes no more/);
    await settled(transport);
  }
});

test("over TLS, other requests go on beside the tunnel, which counts as a stream", async () => {
  await using world = await H2World.start(opening(), { ...OFFERED, server: overTls(["h2", "http/1.1"]) });
  const transport = world.world.transport(TRUST);
  const upgraded = upgradedOf(await clientOf(transport).get(world.url(), ASK));
  assert.equal(await fetched(transport, world.url("/beside")), "/beside");
  assert.equal(transport.snapshot().totals.streams, 1);
  assert.equal(world.server.connections, 1);
  upgraded.destroy();
  await settled(transport);
  const connection = await world.connection();
  await until(() => sent(connection, "RST_STREAM").length === 1, "the reset");
  assert.equal(sent(connection, "RST_STREAM")[0]?.code, 8);
});

test("a server that does not offer it gets the upgrade over HTTP/1.1, and so do those after it", async () => {
  await using world = await H2World.start(() => undefined, { server: overTls(["h2", "http/1.1"]) });
  const two = world.script(echoPaths) as (wire: WireConnection) => Promise<void>;
  const spoken: unknown[] = [];
  world.server.script(async (wire) => {
    const { alpnProtocol } = wire.socket as { alpnProtocol?: unknown };
    spoken.push(alpnProtocol);
    if (alpnProtocol === "h2") return two(wire);
    const request = await wire.readRequest();
    assert.equal(request.header("sec-websocket-key"), ASK.headers["sec-websocket-key"]);
    await wire.reply(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhi",
    );
    await wire.end();
  });
  const transport = world.world.transport(TRUST);
  const client = clientOf(transport);
  for (let i = 0; i < 2; i += 1) {
    const response = await client.get(world.url(), ASK);
    assert.equal(response.status, 101);
    assert.equal(response.connection.protocol, "http/1.1");
    const upgraded = upgradedOf(response);
    assert.equal(await textOf(upgraded), "hi");
    upgraded.end();
  }
  assert.deepEqual(spoken, ["h2", "http/1.1", "http/1.1"]);
  // The connection that was asked is of use to others.
  assert.equal(await fetched(transport, world.url("/x")), "/x");
  assert.equal(spoken.length, 3);
});

test("other protocols than websocket, and requests with a body, go over HTTP/1.1 as ever", async () => {
  await using world = await H2World.start(opening(), { ...OFFERED, server: overTls(["h2", "http/1.1"]) });
  const spoken: unknown[] = [];
  world.server.script(async (wire) => {
    spoken.push((wire.socket as { alpnProtocol?: unknown }).alpnProtocol);
    for (;;) {
      await wire.readRequest();
      await wire.replyOk("no");
    }
  });
  const transport = world.world.transport(TRUST);
  const client = clientOf(transport);
  await client.get(world.url(), { headers: { connection: "upgrade", upgrade: "chat" } }).text();
  await client.post(world.url(), { ...ASK, body: "x" }).text();
  assert.deepEqual(new Set(spoken), new Set(["http/1.1"]));
});

test("a server that refuses the tunnel: its answer is a response like any other", async () => {
  await using world = await H2World.start(async (connection) => {
    const request = await connection.readHead();
    await connection.reply(request, { status: 403, body: "not you" });
    await echoPaths(connection);
  }, OFFERED);
  const transport = world.transport();
  const response = await clientOf(transport).get(world.url(), ASK);
  assert.equal(response.upgraded, undefined);
  assert.equal(response.status, 403);
  assert.equal(await response.text(), "not you");
  assert.equal(await fetched(transport, world.url("/after")), "/after");
  await settled(transport);
  const connection = await world.connection();
  assert.ok(
    sent(connection, "DATA", "RST_STREAM").length > 0,
    "our side of the stream is ended, or the server would count it for ever",
  );
});

test("what nobody reads is not asked for: the tunnel has a window of its own", async () => {
  const size = 1024 * 1024;
  await using world = await H2World.start(
    opening(async (connection, stream) => {
      const data = Buffer.alloc(16_384, "x");
      const window = (): number =>
        262_144 +
        sent(connection, "WINDOW_UPDATE")
          .filter((frame) => frame.stream === stream)
          .reduce((sum, { increment = 0 }) => sum + increment, 0);
      for (let given = 0; given < size; given += data.length) {
        await connection.until(() => window() - given >= data.length, "credit");
        await connection.send({ type: "DATA", stream, data });
      }
      await connection.send({ type: "DATA", stream, endStream: true });
    }),
    OFFERED,
  );
  const transport = world.transport();
  const upgraded = upgradedOf(await clientOf(transport).get(world.url(), ASK));
  await turns(20);
  assert.ok(recordOf(transport).bytesRead < 500_000, `${recordOf(transport).bytesRead} bytes read`);
  let bytes = 0;
  for await (const chunk of upgraded) bytes += (chunk as Buffer).length;
  assert.equal(bytes, size);
  upgraded.end();
  await settled(transport);
});

test("writing waits for the server's credit", async () => {
  await using world = await H2World.start(opening(), {
    settings: { enableConnectProtocol: 1, initialWindowSize: 10 },
  });
  const transport = world.transport();
  const upgraded = upgradedOf(await clientOf(transport).get(world.url(), ASK));
  let written = false;
  upgraded.write("0123456789abcdef", () => {
    written = true;
  });
  const connection = await world.connection();
  await until(() => sent(connection, "DATA").length === 1, "what the window allows");
  assert.equal(sent(connection, "DATA")[0]?.data?.toString(), "0123456789");
  assert.equal(written, false);
  const { stream = 0 } = sent(connection, "HEADERS")[0] ?? {};
  await connection.send({ type: "WINDOW_UPDATE", stream, increment: 100 });
  await until(() => written, "the rest to leave");
  assert.equal(sent(connection, "DATA")[1]?.data?.toString(), "abcdef");
  upgraded.destroy();
  await settled(transport);
});

const endings: readonly (readonly [
  string,
  (connection: Http2WireConnection, stream: number) => Promise<unknown>,
])[] = [
  ["a reset", (connection, stream) => connection.send({ type: "RST_STREAM", stream, code: 2 })],
  ["the end of the connection", (connection) => connection.wire.end()],
];
for (const [what, end] of endings) {
  test(`${what} ends the tunnel with an error`, async () => {
    await using world = await H2World.start(
      opening(async (connection, stream) => void (await end(connection, stream))),
      OFFERED,
    );
    const transport = world.transport();
    const upgraded = upgradedOf(await clientOf(transport).get(world.url(), ASK));
    const [error] = (await once(upgraded, "error")) as [Error];
    assert.match(error.message, /reset stream|ended/);
    await settled(transport);
  });
}

test("GOAWAY spares the tunnel; close() waits for it, destroy() ends it", async () => {
  await using world = await H2World.start(
    opening(async (connection, stream) => {
      await connection.send({ type: "GOAWAY", lastStream: stream });
      await connection.send({ type: "DATA", stream, data: "still here" });
    }),
    OFFERED,
  );
  const transport: Transport = world.transport();
  const upgraded = upgradedOf(await clientOf(transport).get(world.url(), ASK));
  const [chunk] = (await once(upgraded, "data")) as [Buffer];
  assert.equal(String(chunk), "still here");
  let closed = false;
  const closing = transport.close().then(() => {
    closed = true;
  });
  await turns(5);
  assert.equal(closed, false);
  const failed = once(upgraded, "error");
  transport.destroy(new Error("enough"));
  assert.match(String((await failed)[0]), /enough/);
  await closing;
});

test("an abort while the server is silent resets the stream; SETTINGS are waited for", async () => {
  await using world = await H2World.start(
    async (connection) => {
      await turns(3);
      assert.equal(sent(connection, "HEADERS").length, 0, "nothing goes out before SETTINGS");
      await connection.send({ type: "SETTINGS", settings: { enableConnectProtocol: 1 } });
      await connection.readHead();
      await connection.stall();
    },
    { settings: false, answer: false },
  );
  const transport = world.transport();
  const controller = new AbortController();
  const aborted = rejection(clientOf(transport).get(world.url(), { ...ASK, signal: controller.signal }));
  const connection = await world.connection();
  await until(() => sent(connection, "HEADERS").length === 1, "the request");
  controller.abort(new Error("never mind"));
  assert.equal((await aborted).message, "never mind");
  await until(() => sent(connection, "RST_STREAM").length === 1, "the reset");
});

test("a server that breaks each connection before its SETTINGS is left alone after three", async () => {
  await using world = await H2World.start(
    async (connection) => {
      await connection.send({ type: "PING" });
      await connection.stall();
    },
    { settings: false, answer: false },
  );
  const error = await rejection(clientOf(world.transport()).get(world.url(), ASK));
  assert.match(error.message, /instead of its SETTINGS.*; it was sent 3 times/);
  assert.equal(world.server.connections, 3);
});

test("a server that never sends SETTINGS is waited for once", async () => {
  await using world = await H2World.start(
    async (connection) => {
      await connection.stall();
    },
    { settings: false, answer: false },
  );
  const transport = world.stepped({ tlsTimeout: 500 });
  const failed = rejection(clientOf(transport).get(world.url(), ASK));
  await world.connection();
  await until(() => transport.snapshot().totals.streams === 1, "the request on its connection");
  world.clock.advance(500);
  const error = await failed;
  assert.equal(error["timeout"], "tlsTimeout");
  assert.equal(world.server.connections, 1);
});
