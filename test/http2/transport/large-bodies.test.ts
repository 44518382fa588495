import assert from "node:assert/strict";
import { test } from "node:test";
import type { Http2Frame, Http2WireConnection } from "../../../src/testing/index.js";
import { clientOf, until } from "../../transport/support.js";
import { H2World, sent } from "./h2-world.js";

const [SMALL, LARGE] = [16_384, 65_536];
/** Twelve small frames, after which the client asks for large ones, and three of those. */
const sizes = [...Array<number>(12).fill(SMALL), LARGE, LARGE, LARGE];
const LENGTH = 12 * SMALL + 3 * LARGE;

/** Octets of which each says where it belongs. */
function content(stream: number): Buffer {
  const octets = Buffer.alloc(LENGTH);
  for (let at = 0; at < LENGTH; at += 4) octets.writeUInt32BE((stream << 24) | at, at);
  return octets;
}

const head = (stream: number): Http2Frame => ({
  type: "HEADERS",
  stream,
  status: 200,
  headers: ["content-length", String(LENGTH)],
});

/** The frame with this number of the stream's body. */
function frame(stream: number, index: number): Http2Frame {
  const from = sizes.slice(0, index).reduce((sum, size) => sum + size, 0);
  const data = content(stream).subarray(from, from + (sizes[index] as number));
  return { type: "DATA", stream, data, endStream: index === sizes.length - 1 };
}

async function largeAsked(connection: Http2WireConnection): Promise<void> {
  await connection.until(
    () => sent(connection, "SETTINGS").some(({ settings = [] }) => settings.includes(LARGE)),
    "SETTINGS for large frames",
  );
}

/** Reads with a reader of the web stream, and takes the memory of each chunk away. */
async function readAway(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(Buffer.from(structuredClone(chunk, { transfer: [chunk.buffer] })));
  }
  return Buffer.concat(chunks);
}

test("large bodies whose frames alternate: each reader gets its own octets, also one that takes their memory", async () => {
  await using world = await H2World.start(async (connection) => {
    const streams = [(await connection.readHead()).stream, (await connection.readHead()).stream];
    await connection.send(...streams.map(head));
    for (let index = 0; index < 12; index += 1) {
      await connection.send(...streams.map((stream) => frame(stream, index)));
    }
    await largeAsked(connection);
    for (let index = 12; index < 15; index += 1) {
      await connection.send(...streams.map((stream) => frame(stream, index)));
    }
    await connection.stall();
  });
  const client = clientOf(world.transport());
  const responses = await Promise.all([client.get(world.url("/a")), client.get(world.url("/b"))]);
  const iterate = async (): Promise<Buffer> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of responses[1]) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  const [a, b] = await Promise.all([
    readAway(responses[0].body as ReadableStream<Uint8Array<ArrayBuffer>>),
    iterate(),
  ]);
  assert.ok(a.equals(content(1)), "the first");
  assert.ok(b.equals(content(3)), "the second");
});

test("a body that is given up inside a large frame: the rest of the frame is nobody's, and the next body is whole", async () => {
  let given = false;
  await using world = await H2World.start(
    async (connection) => {
      const { stream } = await connection.readHead();
      await connection.send(head(stream));
      for (let index = 0; index < 12; index += 1) await connection.send(frame(stream, index));
      await largeAsked(connection);
      const data = content(stream).subarray(12 * SMALL, 12 * SMALL + LARGE);
      await connection.wire.reply(Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, stream, ...data.subarray(0, 30_000)]));
      await connection.until(() => sent(connection, "RST_STREAM").length > 0, "the reset");
      await connection.wire.reply(data.subarray(30_000));
      const next = await connection.readHead();
      await connection.send(head(next.stream));
      for (let index = 0; index < 12; index += 1) await connection.send(frame(next.stream, index));
      await connection.until(
        () => sent(connection, "WINDOW_UPDATE").some(({ stream: of }) => of === next.stream),
        "credit for the second body",
      );
      for (let index = 12; index < 15; index += 1) await connection.send(frame(next.stream, index));
      await connection.stall();
    },
    { answer: false },
  ); // an answer would come between the halves of the frame
  const client = clientOf(world.transport());
  const first = await client.get(world.url("/a"));
  let received = 0;
  for await (const chunk of first) {
    received += chunk.length;
    if (received < 12 * SMALL + 30_000) continue;
    given = true;
    break;
  }
  await until(() => given, "the first body given up");
  const octets = await readAway(
    (await client.get(world.url("/b"))).body as ReadableStream<Uint8Array<ArrayBuffer>>,
  );
  assert.ok(octets.equals(content(3)));
  assert.equal(world.server.connections, 1);
});
