import assert from "node:assert/strict";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import type { Response } from "../../src/index.js";
import { clientOf, fetched, turns, World } from "../transport/support.js";

// Ported by meaning: Expect: 100-continue, upgrades and CONNECT. docs/go-tests.md has the table.

test("Go TestTransportExpect100ContinueSent: the body goes out after the 100, then the 200 comes", async () => {
  await using world = await World.start();
  let early = -1;
  world.server.script(async (connection) => {
    const head = await connection.readHead();
    early = connection.unread.length;
    await connection.reply("HTTP/1.1 100 Continue\r\n\r\n");
    const { body } = await connection.readBody(head);
    await connection.replyOk(body);
    await connection.stall();
  });
  const response = await clientOf(world.transport()).put(world.server.url(), {
    body: "request body",
    expectContinue: 10_000,
  });
  assert.equal(await response.text(), "request body");
  assert.equal(early, 0);
});

test("Expect: a header of the caller's holds the body back too, until a 100 or a second has passed", async () => {
  await using world = await World.start();
  const early: number[] = [];
  world.server.script(async (connection) => {
    const asked = await connection.readHead();
    early.push(connection.unread.length);
    await connection.reply("HTTP/1.1 100 Continue\r\n\r\n");
    await connection.readBody(asked);
    await connection.replyOk("asked");
    const head = await connection.readHead();
    early.push(connection.unread.length);
    world.clock.advance(999);
    await turns(5);
    early.push(connection.unread.length);
    world.clock.advance(2);
    const { body } = await connection.readBody(head);
    await connection.replyOk(`late ${body.toString()}`);
    await connection.readHead();
    await connection.reply("HTTP/1.1 417 X\r\nContent-Length: 2\r\n\r\nno");
    early.push(connection.unread.length);
    await connection.stall();
  });
  const client = clientOf(world.stepped());
  const send = (): Promise<Response> =>
    client.put(world.server.url(), { body: "request body", headers: { Expect: "100-continue" } });
  assert.equal(await (await send()).text(), "asked");
  assert.equal(await (await send()).text(), "late request body");
  assert.equal((await send()).status, 417);
  assert.deepEqual(early, [0, 0, 0, 0]);
});

for (const [name, status, close] of [
  ["TestTransportExpect100Continue200ResponseNoConnClose", 200, false],
  ["TestTransportExpect100Continue500ResponseNoConnClose", 500, false],
  ["TestTransportExpect100Continue200ResponseWithConnClose", 200, true],
] as const) {
  test(`Go ${name}, TestNoSniffExpectRequestBody: a final ${status} without a 100 is the answer, the body is not asked for`, async () => {
    await using world = await World.start();
    world.server.onConnection(1, async (connection) => {
      await connection.readHead();
      await connection.reply(
        `HTTP/1.1 ${status} X\r\nContent-Length: 2\r\n${close ? "Connection: close\r\n" : ""}\r\nno`,
      );
      await connection.stall();
    });
    const transport = world.transport();
    let pulled = false;
    async function* body(): AsyncGenerator<Uint8Array> {
      pulled = true;
      yield Buffer.from("x");
    }
    const response = await clientOf(transport).put(world.server.url(), {
      body: body(),
      expectContinue: true,
    });
    assert.equal(response.status, status);
    assert.equal(await response.text(), "no");
    assert.equal(pulled, false);
    assert.equal(await fetched(transport, world.server.url()), "ok");
    assert.equal(world.server.connections, 2);
  });
}

test("Go TestTransportExpect100Continue500ResponseTimeout: with no reply within the time the body goes out", async () => {
  await using world = await World.start({
    script: async (connection) => {
      const head = await connection.readHead();
      const { body } = await connection.readBody(head);
      await connection.reply(`HTTP/1.1 500 X\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      await connection.stall();
    },
  });
  const response = await clientOf(world.transport()).put(world.server.url(), {
    body: "late",
    expectContinue: 10,
  });
  assert.equal(response.status, 500);
  assert.equal(await response.text(), "late");
});

test("Go TestTransportResponseBodyWritableOnProtocolSwitch: after a 101 that was asked for, bytes go both ways", async () => {
  await using world = await World.start({
    script: async (connection) => {
      const head = await connection.readHead();
      assert.equal(head.header("upgrade"), "foo");
      await connection.reply(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\nSome buffered data\n",
      );
      await connection.expect("foo\n");
      await connection.reply("bar\n");
      await connection.stall();
    },
  });
  const response = await clientOf(world.transport()).get(world.server.url(), {
    headers: { Connection: "Upgrade", Upgrade: "foo" },
  });
  assert.equal(response.status, 101);
  const stream = response.upgraded as Duplex;
  let text = "";
  stream.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  stream.write("foo\n");
  while (!text.endsWith("bar\n")) await once(stream, "data");
  assert.equal(text, "Some buffered data\nbar\n");
  stream.end();
  stream.destroy();
});

test("Go TestTransportCONNECTBidi: a tunnel that is answered 200 echoes both ways", async () => {
  await using world = await World.start({
    script: async (connection) => {
      await connection.readHead();
      await connection.reply("HTTP/1.1 200 OK\r\n\r\n");
      for (let i = 0; i < 3; i += 1) {
        await connection.expect(`line ${i}\n`);
        await connection.reply(`echo ${i}\n`);
      }
      await connection.stall();
    },
  });
  const response = await clientOf(world.transport()).fetch(world.server.url(), {
    method: "CONNECT",
    headers: { Host: "pretend.test:443" },
  });
  const stream = response.upgraded as Duplex;
  for (let i = 0; i < 3; i += 1) {
    stream.write(`line ${i}\n`);
    const [chunk] = (await once(stream, "data")) as [Buffer];
    assert.equal(chunk.toString(), `echo ${i}\n`);
  }
  stream.destroy();
});
