import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { byHand, WireFailure, WireServer } from "./index.js";

const dial = async (server: WireServer): Promise<Socket> => {
  const socket = connect({ host: "127.0.0.1", port: server.port, noDelay: true });
  await once(socket, "connect");
  return socket;
};

const everything = async (socket: Socket): Promise<string> => {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
};

test("WireServer: answers each request with ok and counts, when it has no script", async () => {
  await using server = await WireServer.start();
  const socket = await dial(server);
  for (let count = 1; count <= 3; count += 1) {
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const [chunk] = (await once(socket, "data")) as [Buffer];
    assert.equal(chunk.toString(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  }
  assert.deepEqual([server.connections, server.open, server.requests], [1, 1, 3]);
  socket.destroy();
  await server.waitForOpen(0);
  assert.deepEqual(
    server.log.map((event) => event.event),
    ["accepted", "request", "reply", "request", "reply", "request", "reply", "fin-received", "closed"],
  );
  assert.equal(server.log.at(-1)?.detail, "fin");
});

test("WireServer: gives each numbered connection its own script, the rest the default", async () => {
  await using server = await WireServer.start({ script: [{ reply: "default" }, "end"] });
  server.onConnection(2, [{ reply: "second" }, "end"]);
  assert.equal(await everything(await dial(server)), "default");
  assert.equal(await everything(await dial(server)), "second");
  server.script([{ reply: "changed" }, "end"]);
  assert.equal(await everything(await dial(server)), "changed");
  assert.throws(() => server.onConnection(2, byHand), /connection 2 was already accepted/);
});

test("WireConnection.readRequest: returns head, chunked body and trailers, however they are cut", async () => {
  await using server = await WireServer.start({ script: byHand });
  const socket = await dial(server);
  const raw =
    "POST /x?y HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a:  2 \r\nTransfer-Encoding: chunked\r\n\r\n3;e=1\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n";
  const connection = await server.connection(1);
  const reading = connection.readRequest();
  for (const byte of raw) socket.write(byte);
  const request = await reading;
  assert.deepEqual([request.method, request.target, request.version], ["POST", "/x?y", "HTTP/1.1"]);
  assert.deepEqual(request.headers, ["Host", "a", "X-A", "1", "x-a", "2", "Transfer-Encoding", "chunked"]);
  assert.equal(request.header("x-A"), "1, 2");
  assert.equal(request.header("x-b"), undefined);
  assert.equal(request.body.toString(), "abcde");
  assert.deepEqual(request.trailers, ["T", "v"]);
  assert.equal(request.raw.toString(), raw);
  socket.end("PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nxyzrest");
  assert.equal((await connection.readRequest()).body.toString(), "xyz");
  await connection.closed;
  assert.equal(connection.unread.toString(), "rest");
  assert.equal(connection.bytesRead, raw.length + 44);
  assert.equal(connection.requests, 2);
});

test("WireConnection.eachRequest: ends without a failure when the peer closes between requests", async () => {
  const targets: string[] = [];
  const server = await WireServer.start({
    script: async (connection) => {
      for await (const request of connection.eachRequest()) targets.push(request.target);
    },
  });
  const socket = await dial(server);
  socket.end("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  await (await server.connection(1)).closed;
  await server.close();
  assert.deepEqual(targets, ["/1", "/2"]);
});

const failureOf = async (
  script: Parameters<WireServer["script"]>[0],
  sent: string,
  patience = 10_000,
): Promise<string> => {
  const server = await WireServer.start({ script, patience });
  const socket = await dial(server);
  socket.on("error", () => {});
  socket.write(sent);
  await once(socket, "close");
  const failure: unknown = await server.close().catch((error: unknown) => error);
  assert.ok(failure instanceof WireFailure, String(failure));
  assert.equal(server.failures[0], failure);
  return failure.message;
};

test("WireConnection.expect: fails with both byte strings at the first byte that differs", async () => {
  assert.equal(
    await failureOf([{ expect: "GET /a HTTP/1.1\r\n" }], "GET /b HTTP/1.1\r\n"),
    'connection 1: the peer sent something else, first difference at byte 5:\n  expected "GET /a HTTP/1.1\\r\\n"\n  received "GET /b HTTP/1.1\\r\\n"',
  );
});

test("WireConnection.expect: fails with what came when nothing matches in time", async () => {
  assert.equal(
    await failureOf([{ expect: /POST/ }], "GET", 20),
    'connection 1: nothing more came in 20 ms:\n  expected /POST/\n  received "GET"',
  );
});

test("WireConnection.expect: takes bytes, a pattern and a function, and leaves the rest", async () => {
  await using server = await WireServer.start({ script: byHand });
  const socket = await dial(server);
  const connection = await server.connection(1);
  socket.write("abc--defghi");
  assert.equal((await connection.expect("ab")).toString(), "ab");
  assert.equal((await connection.expect(/-+/g)).toString(), "c--");
  assert.equal((await connection.expect((bytes) => (bytes.length >= 2 ? 2 : false))).toString(), "de");
  assert.equal((await connection.expect(() => true)).toString(), "fghi");
});

test("WireConnection.readRequest: fails when the peer closes inside a request", async () => {
  const server = await WireServer.start();
  const socket = await dial(server);
  socket.end("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab");
  await once(socket.resume(), "close");
  await assert.rejects(server.close(), /the peer closed its side after 2 of 5 bytes of a request body/);
});

test("WireConnection.drip: sends one byte a write, each when its gate lets it", async () => {
  await using server = await WireServer.start({ script: byHand });
  const socket = await dial(server);
  const connection = await server.connection(1);
  const writes: string[] = [];
  socket.on("data", (chunk: Buffer) => writes.push(chunk.toString()));
  const gate = server.gate();
  const dripping = connection.drip("abc", { gate });
  await once(socket, "data");
  assert.deepEqual([writes, gate.opened], [["a"], false]);
  gate.open();
  await dripping;
  const sent: number[] = [];
  await connection.drip("defg", { size: 2, gate: (count) => void sent.push(count) });
  await connection.end();
  await once(socket, "close");
  assert.equal(writes.join(""), "abcdefg");
  assert.deepEqual(sent, [0, 2]);
});

test("WireConnection: end, halfClose, reset and the peer's own endings each have their name", async () => {
  await using server = await WireServer.start({ script: byHand });
  const peer = async (): Promise<Socket> => {
    const socket = await dial(server);
    socket.on("error", () => {});
    return socket.resume();
  };
  const one = await peer();
  await (await server.connection(1)).end();
  assert.equal(await (await server.connection(1)).closed, "end");

  const two = await peer();
  await (await server.connection(2)).reply("bytes before the reset");
  await (await server.connection(2)).reset();
  const [error] = (await once(two, "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNRESET");
  assert.equal(await (await server.connection(2)).closed, "reset-sent");

  const three = await peer();
  three.resetAndDestroy();
  assert.equal(await (await server.connection(3)).closed, "reset");

  const four = connect({ host: "127.0.0.1", port: server.port, allowHalfOpen: true }).resume();
  const connection = await server.connection(4);
  await connection.halfClose();
  await once(four, "end");
  four.write("still");
  await connection.expect("still");
  four.end();
  assert.equal(await connection.closed, "end");

  await peer();
  const last = await server.connection(5);
  await server.close();
  assert.equal(await last.closed, "server-close");
  one.destroy();
});

test("WireConnection.reply: goes on after the peer's FIN when the server is half-open", async () => {
  await using server = await WireServer.start({
    script: ["readRequest", { replyOk: "late", headers: ["A", "1", "A", "2"] }, "end"],
    halfOpen: true,
  });
  const socket = connect({ host: "127.0.0.1", port: server.port, allowHalfOpen: true });
  socket.end("GET / HTTP/1.1\r\n\r\n");
  assert.equal(await everything(socket), "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nA: 1\r\nA: 2\r\n\r\nlate");
});

test("WireConnection.pause: lets the peer meet back-pressure until resume", async () => {
  await using server = await WireServer.start({ script: byHand });
  const socket = await dial(server);
  const connection = await server.connection(1);
  connection.pause();
  const block = Buffer.alloc(32 << 20);
  socket.end(block);
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(connection.bytesRead, 0);
  assert.ok(socket.writableLength > 0);
  connection.resume();
  assert.equal(await connection.closed, "fin");
  assert.equal(connection.bytesRead, block.length);
});

test("WireServer.close: ends scripts at a gate, at a stall and in a read without a failure", async () => {
  const server = await WireServer.start({ script: ["stall"] });
  const gate = server.gate();
  server.onConnection(1, [{ wait: gate }]);
  server.onConnection(2, ["readRequest"]);
  const sockets = [await dial(server), await dial(server), await dial(server)];
  await server.waitForConnections(3);
  const closed = Promise.all(sockets.map((socket) => once(socket.resume(), "close")));
  await server.close();
  await closed;
  assert.equal(server.open, 0);
});

test("WireServer.until: says what it waited for and what there was", async () => {
  await using server = await WireServer.start({ patience: 20 });
  await assert.rejects(
    server.waitForConnections(2),
    /waited 20 ms for 2 connections; the server has accepted 0, open 0/,
  );
});
