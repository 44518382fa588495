import assert from "node:assert/strict";
import { test } from "node:test";
import type { Http2Seen } from "../../../src/testing/index.js";
import { clientOf, closedOnes, fetched, rejection, turns, until } from "../../transport/support.js";
import { burst, echoPaths, H2World, recordOf, sent, settled } from "./h2-world.js";

// What users of other clients met, where no other test is about it; `docs/http2-tests.md` has the list.

test("a POST does not wait for a response that stays open, nor POSTs for each other", async () => {
  let events = 0;
  await using world = await H2World.start(async (connection) => {
    const stream = await connection.readRequest();
    await connection.send({ type: "HEADERS", stream: stream.stream, status: 200 });
    await connection.send({ type: "DATA", stream: stream.stream, data: "data: hello\n\n" });
    events = stream.stream;
    const posts = [
      await connection.readRequest(),
      await connection.readRequest(),
      await connection.readRequest(),
    ];
    for (const post of posts.reverse()) await connection.reply(post, { body: post.body.toString() });
    await connection.stall();
  });
  const transport = world.transport();
  const client = clientOf(transport);
  const open = await client.get(world.url("/events"));
  const reader = open.body?.getReader();
  assert.equal(Buffer.from((await reader?.read())?.value ?? []).toString(), "data: hello\n\n");
  const bodies = await Promise.all(["a", "b", "c"].map((body) => client.post(world.url(), { body }).text()));
  assert.deepEqual(bodies, ["a", "b", "c"]);
  assert.equal(events, 1);
  await reader?.cancel();
  await settled(transport);
  assert.equal(world.server.connections, 1);
});

test("POSTs with a buffer end, one after the other, whatever their size", async () => {
  await using world = await H2World.start(async (connection) => {
    for (;;) {
      const request = await connection.readRequest();
      await connection.reply(request, { body: String(request.body.length) });
    }
  });
  const client = clientOf(world.transport());
  for (const size of [0, 1, 16_383, 16_384, 16_385, 65_535, 65_536, 262_144, 262_145, 1_000_000]) {
    assert.equal(await client.post(world.url(), { body: new Uint8Array(size) }).text(), String(size));
  }
  assert.equal(world.server.connections, 1);
});

test("a body as long as its window, of a server that says no end without credit", async () => {
  const length = 256 * 1024;
  await using world = await H2World.start(async (connection) => {
    for (;;) {
      const { stream } = await connection.readHead();
      const fields = { "content-length": String(length) };
      await connection.send({ type: "HEADERS", stream, status: 200, headers: fields });
      for (let at = 0; at < length; at += 16_384) {
        await connection.send({ type: "DATA", stream, data: Buffer.alloc(16_384) });
      }
      const updates = (): readonly Http2Seen[] =>
        sent(connection, "WINDOW_UPDATE").filter((frame) => frame.stream === stream);
      await connection.until(() => updates().length > 0, "credit for the stream");
      await connection.send({ type: "DATA", stream, endStream: true });
    }
  });
  const client = clientOf(world.transport());
  assert.equal((await client.get(world.url()).bytes()).length, length);
  let bytes = 0;
  for await (const chunk of await client.get(world.url())) bytes += chunk.length;
  assert.equal(bytes, length);
});

/** Whether it sets MAX_FRAME_SIZE (5) to 65,536. */
const asksForLarge = ({ settings = [] }: Http2Seen): boolean =>
  settings.some((value, i) => i % 2 === 1 && settings[i - 1] === 5 && value === 65_536);

test("a long body comes in frames of 65,536 octets, streamed and in one piece, once they were asked for", async () => {
  const [small, large] = [Buffer.alloc(16_384, "x"), Buffer.alloc(65_536, "y")];
  await using world = await H2World.start(async (connection) => {
    for (;;) {
      const { stream } = await connection.readHead();
      await connection.send({ type: "HEADERS", stream, status: 200 });
      for (let i = 0; i < 12; i += 1) await connection.send({ type: "DATA", stream, data: small });
      await connection.until(
        () => sent(connection, "SETTINGS").some(asksForLarge),
        "SETTINGS for large frames",
      );
      for (const endStream of [false, false, true])
        await connection.send({ type: "DATA", stream, data: large, endStream });
    }
  });
  const client = clientOf(world.transport());
  const length = 12 * small.length + 3 * large.length;
  assert.equal((await client.get(world.url()).bytes()).length, length);
  let bytes = 0;
  for await (const chunk of await client.get(world.url())) bytes += chunk.length;
  assert.equal(bytes, length);
  assert.equal(world.server.connections, 1);
});

test("a DATA frame whose last octets are late: those before them are read at once", async () => {
  let text = "";
  await using world = await H2World.start(async (connection) => {
    const { stream } = await connection.readHead();
    await connection.send({ type: "HEADERS", stream, status: 200 });
    const header = Buffer.from([0, 0x40, 0, 0, 0, 0, 0, 0, stream]);
    await connection.wire.reply(Buffer.concat([header, Buffer.alloc(16_375, "a")]));
    await until(() => text.length === 16_375, "a reader that has what came");
    await connection.wire.reply(Buffer.alloc(9, "b"));
    await connection.send({ type: "DATA", stream, endStream: true });
    await connection.stall();
  });
  for await (const chunk of await clientOf(world.transport()).get(world.url())) {
    text += Buffer.from(chunk).toString();
  }
  assert.equal(text, "a".repeat(16_375) + "b".repeat(9));
});

test("a body both ways at once: each piece is answered before the next is sent", async () => {
  await using world = await H2World.start(async (connection) => {
    const { stream } = await connection.readHead();
    await connection.send({ type: "HEADERS", stream, status: 200 });
    for (let i = 0; i < 5; i += 1) {
      await connection.until(() => sent(connection, "DATA").length > i, `piece ${i}`);
      await connection.send({ type: "DATA", stream, data: `echo ${sent(connection, "DATA")[i]?.data}` });
    }
    await connection.until(
      () => sent(connection, "DATA").some(({ endStream }) => endStream === true),
      "the end",
    );
    await connection.send({ type: "DATA", stream, endStream: true });
    await connection.stall();
  });
  let wake: () => void = () => undefined;
  async function* pieces(): AsyncGenerator<string> {
    for (let i = 0; i < 5; i += 1) {
      yield String(i);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  const response = await clientOf(world.transport()).post(world.url(), { body: pieces() });
  let text = "";
  for await (const chunk of response) {
    text += Buffer.from(chunk).toString();
    wake();
  }
  assert.equal(text, "echo 0echo 1echo 2echo 3echo 4");
});

test("an early answer of any status ends the upload, and its own body is read to its end", async () => {
  for (const status of [200, 300, 403]) {
    await using world = await H2World.start(
      async (connection) => {
        const { stream } = await connection.readHead();
        await connection.send({ type: "HEADERS", stream, status });
        for (let i = 0; i < 10; i += 1) {
          await connection.send({ type: "DATA", stream, data: "x".repeat(1000) });
          await turns(2);
        }
        await connection.send({ type: "DATA", stream, endStream: true });
        await echoPaths(connection);
      },
      { credit: false },
    );
    let closed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield new Uint8Array(1000);
      } finally {
        closed = true;
      }
    }
    const transport = world.transport();
    const response = await clientOf(transport).post(world.url(), { body: endless() });
    assert.equal(response.status, status);
    assert.equal((await response.text()).length, 10_000);
    await until(() => closed, "the source to be closed");
    const connection = await world.connection();
    const reset = await connection.frame(({ type }) => type === "RST_STREAM", "the end of the upload");
    assert.ok(reset.code === 0 || reset.code === 8, String(reset.code));
    assert.equal(await fetched(transport, world.url("/after")), "/after");
  }
});

const uploads: readonly (readonly [string, () => AsyncGenerator<string>, Record<string, string>, RegExp])[] =
  [
    [
      "that fails",
      async function* () {
        yield "some";
        throw new Error("the disk is gone");
      },
      {},
      /the disk is gone/,
    ],
    [
      "longer than its content-length",
      async function* () {
        yield "some";
        yield "more";
      },
      { "content-length": "5" },
      /5/,
    ],
    [
      "shorter than its content-length",
      async function* () {
        yield "some";
      },
      { "content-length": "50" },
      /50/,
    ],
  ];
for (const [what, body, headers, words] of uploads) {
  test(`a request body ${what} resets its stream; the server never sees its end, the connection lives`, async () => {
    await using world = await H2World.start(async (connection) => {
      await connection.readHead();
      await echoPaths(connection);
    });
    const transport = world.transport();
    const error = await rejection(clientOf(transport).post(world.url(), { body: body(), headers }));
    assert.equal(error["phase"], "write", error.message);
    assert.match(`${error.message} ${(error.cause as Error | undefined)?.message}`, words);
    const connection = await world.connection();
    const reset = await connection.frame(({ type }) => type === "RST_STREAM", "the reset");
    assert.equal(reset.code, 8);
    assert.ok(!sent(connection, "DATA").some(({ endStream }) => endStream === true));
    assert.equal(await fetched(transport, world.url("/after")), "/after");
    assert.equal(world.server.connections, 1);
  });
}

test("requests made in the very turn in which GOAWAY comes are never lost", async () => {
  await using world = await H2World.start(async (connection) => {
    for (let i = 0; i < 5; i += 1) await connection.reply(await connection.readRequest(), { body: "ok" });
    const frames = connection.frames.filter(({ type }) => type === "HEADERS");
    await connection.send({ type: "GOAWAY", lastStream: frames.at(-1)?.stream ?? 0 });
    await connection.stall();
  });
  const transport = world.transport();
  for (let i = 0; i < 40; i += 1) {
    await burst(transport, world.server.origin, 1);
    await turns(i % 3);
    await clientOf(transport).post(world.url(), { body: "x" }).text();
  }
  assert.ok(world.server.connections >= 16);
});

test("a head that the program's own reader never takes: 60 bodies given up at once, then the connection is used on", async () => {
  await using world = await H2World.start(async (connection) => {
    for (;;) {
      const request = await connection.readRequest();
      if (request.path === "/after") await connection.reply(request, { body: request.path });
      else await connection.reply(request, { body: "x".repeat(100_000) });
    }
  });
  const transport = world.transport();
  const client = clientOf(transport);
  const responses = await Promise.all(Array.from({ length: 60 }, (_, i) => client.get(world.url(`/${i}`))));
  await Promise.all(responses.map((response) => response.close()));
  assert.equal(await fetched(transport, world.url("/after")), "/after");
  await settled(transport);
  assert.equal(recordOf(transport).state, "idle");
  assert.equal(world.server.connections, 1);
});

test("a server that stops reading: a body is pulled no further than its buffers, and bodyTimeout ends its request", async () => {
  await using world = await H2World.start(
    async (connection) => {
      await connection.readHead();
      connection.wire.socket.pause();
      await new Promise((resolve) => connection.wire.socket.once("close", resolve));
    },
    { settings: { initialWindowSize: 2 ** 31 - 1 }, credit: false },
  );
  world.server.script(
    world.script(
      async (connection) => {
        await connection.send({ type: "WINDOW_UPDATE", increment: 2 ** 31 - 1 - 65_535 });
        await connection.readHead();
        connection.wire.socket.pause();
        await new Promise((resolve) => connection.wire.socket.once("close", resolve));
      },
      { settings: { initialWindowSize: 2 ** 31 - 1 }, credit: false },
    ),
  );
  let pulled = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      pulled += 65_536;
      yield new Uint8Array(65_536);
    }
  }
  const transport = world.stepped({ bodyTimeout: 5_000 });
  const failed = rejection(clientOf(transport).post(world.url(), { body: endless() }));
  let before = -1;
  while (before !== pulled) {
    before = pulled;
    await turns(200);
  }
  assert.ok(pulled < 32 * 1024 * 1024, `${pulled} bytes were pulled`);
  world.clock.advance(5_001);
  const error = await failed;
  assert.equal(error["timeout"], "bodyTimeout");
  assert.equal(error["phase"], "write");
  await settled(transport);
});

test("a server that asks for answers and reads none of them is left before that costs memory", async () => {
  await using world = await H2World.start(async (connection) => {
    const { stream } = await connection.readRequest();
    connection.wire.socket.pause();
    await connection.send({ type: "HEADERS", stream, status: 200 });
    const many = Array.from({ length: 500 }, () => [
      { type: "PING", data: "x" } as const,
      // Longer than what counts as tiny, and so not what is refused here.
      { type: "DATA", stream, data: ".".repeat(16) } as const,
    ]).flat();
    while (!connection.wire.socket.destroyed && connection.wire.socket.writable) {
      await connection.send(...many).catch(() => undefined);
      await turns(1);
    }
  });
  const transport = world.transport();
  const response = await clientOf(transport).get(world.url());
  const error = await rejection(response.text());
  assert.equal(error["code"], "ERR_TRUNKLINE_HTTP2_FLOOD", error.message);
  assert.match(error.message, /does not read the answers/);
  const [closed] = await closedOnes(transport, 1);
  assert.equal(closed?.closed?.reason, "limit-exceeded");
  assert.ok((closed?.bytesWritten ?? 0) < 16 * 1024 * 1024, `${closed?.bytesWritten} bytes were written`);
});
