import assert from "node:assert/strict";
import { test } from "node:test";
import { clientOf, closedOnes, fetched, rejection, turn, World } from "../transport/support.js";

// Ported by meaning: races of writing and reading, framing, 1xx. docs/go-tests.md has the table.

const MIB = 1024 * 1024;

test("Go TestIssue3595: a large POST answered 401 unread gives the 401 with its body, not a write error", async () => {
  await using world = await World.start({
    script: async (connection) => {
      await connection.readHead();
      await connection.reply("HTTP/1.1 401 Unauthorized\r\nContent-Length: 20\r\n\r\nsorry, unauthorized.");
      await connection.end();
    },
  });
  for (let i = 0; i < 10; i += 1) {
    const response = await clientOf(world.transport()).post(world.server.url(), {
      body: Buffer.alloc(4 * MIB),
    });
    assert.equal(response.status, 401);
    assert.equal(await response.text(), "sorry, unauthorized.");
  }
});

test("Go TestIssue3644: a body of a response with Connection: close is readable to its end", async () => {
  await using world = await World.start({
    script: async (connection) => {
      await connection.readRequest();
      await connection.replyOk(Buffer.alloc(MIB, "x"), { Connection: "close" });
      await connection.end();
    },
  });
  assert.equal((await clientOf(world.transport()).get(world.server.url()).bytes()).length, MIB);
});

test("Go TestChunkedNoContent: a 204 that says chunked works repeatedly, closed or not", async () => {
  await using world = await World.start({
    script: [
      { repeat: ["readRequest", { reply: "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n" }] },
    ],
  });
  const client = clientOf(world.transport());
  for (const close of [true, false, true, false, true]) {
    const response = await client.get(world.server.url());
    assert.equal(response.status, 204);
    if (close) await response.close();
  }
  // Go keeps the connection. What announces a body may have one behind it (CVE-2026-48931), so here it is not used again.
  assert.equal(world.server.connections, 5);
});

test("Go TestTransportReqCancelerCleanupOnRequestBodyWriteError: an early answer and a failing body leave nothing under way", async () => {
  await using world = await World.start({
    script: async (connection) => {
      await connection.readHead();
      await connection.reply("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
      await connection.stall();
    },
  });
  const gate = world.server.gate();
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("x");
    await gate.promise;
    throw new Error("the source broke");
  }
  const transport = world.transport();
  const response = await clientOf(transport).post(world.server.url(), { body: body() });
  const text = rejection(response.text());
  gate.open();
  assert.match((await text).message, /the source broke/);
  const { totals } = transport.snapshot();
  assert.deepEqual([totals.active, totals.waiting], [0, 0]);
});

test("Go TestHandlerAbortRacesBodyRead: a server that aborts mid-response while it is read gives errors and no hang", async () => {
  await using world = await World.start({
    script: async (connection) => {
      await connection.readRequest();
      await connection.reply("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nsome");
      if (connection.id % 2 === 0) connection.reset();
      else await connection.end();
    },
  });
  const transport = world.transport();
  const calls = Array.from({ length: 50 }, () => rejection(fetched(transport, world.server.url())));
  for (const error of await Promise.all(calls)) assert.equal(error.name, "NetworkError");
  await world.server.waitForOpen(0);
});

test("Go TestBadResponseAfterReadingBody: garbage in answer to a POST is an error, and the body's source ended once", async () => {
  await using world = await World.start({ script: ["readRequest", { reply: "garbage\r\n\r\n" }, "end"] });
  let ended = 0;
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      yield Buffer.from("x");
    } finally {
      ended += 1;
    }
  }
  await rejection(clientOf(world.transport()).post(world.server.url(), { body: body() }));
  await turn();
  assert.equal(ended, 1);
});

test("Go TestConnClosedBeforeRequestIsWritten: a connection that fails at once fails the POST, and the body's source ends once", async () => {
  await using world = await World.start({ script: async (connection) => connection.reset() });
  let ended = 0;
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        yield Buffer.alloc(1000);
        await turn();
      }
    } finally {
      ended += 1;
    }
  }
  const error = await rejection(clientOf(world.transport()).post(world.server.url(), { body: body() }));
  assert.equal(error.name, "NetworkError");
  await turn();
  await turn();
  assert.equal(ended, 1);
});

test("Go TestTransportReturnsPeekError: the socket's own error is the cause of what the caller gets", async () => {
  await using world = await World.start();
  const { Duplex } = await import("node:stream");
  const mine = new Error("read failed in its own way");
  const transport = world.transport({
    dial: async () =>
      new Duplex({
        read: () => undefined,
        write(_chunk, _encoding, done) {
          done();
          this.destroy(mine);
        },
      }),
  });
  const error = await rejection(fetched(transport, "http://any.test/"));
  assert.equal(error["cause"], mine);
});

test("Go TestErrorWriteLoopRace: a source may be changed once the cancelled call has rejected", async () => {
  await using world = await World.start({
    script: async (connection) => {
      await connection.readHead();
      connection.pause();
      await connection.stall();
    },
  });
  for (let i = 0; i < 10; i += 1) {
    const abort = new AbortController();
    let pulls = 0;
    async function* body(): AsyncGenerator<Uint8Array> {
      for (;;) {
        pulls += 1;
        yield Buffer.alloc(1000);
        await turn();
      }
    }
    const call = clientOf(world.transport()).post(world.server.url(), { body: body(), signal: abort.signal });
    const failed = rejection(call);
    await world.server.waitForRequests(i + 1);
    abort.abort();
    await failed;
    await turn();
    await turn();
    const after = pulls;
    await turn();
    await turn();
    assert.equal(pulls, after);
  }
});

test("Go TestTransportHeadResponses: HEAD keeps Content-Length, has no body and is reusable", async () => {
  await using world = await World.start({
    script: [{ repeat: ["readRequest", { reply: "HTTP/1.1 200 OK\r\nContent-Length: 123\r\n\r\n" }] }],
  });
  const client = clientOf(world.transport());
  for (let i = 0; i < 2; i += 1) {
    const response = await client.head(world.server.url());
    assert.equal(response.headers.get("content-length"), "123");
    assert.equal((await response.bytes()).length, 0);
  }
  assert.equal(world.server.connections, 1);
});

test("Go TestTransportHeadChunkedResponse: a chunked coding in answer to HEAD means nothing, twice in a row", async () => {
  await using world = await World.start({
    script: [{ repeat: ["readRequest", { reply: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" }] }],
  });
  const client = clientOf(world.transport());
  const ids = [
    (await client.head(world.server.url())).connection.id,
    (await client.head(world.server.url())).connection.id,
  ];
  assert.equal(ids[0], ids[1]);
});

test("Go TestNoBodyOnChunked304Response: a 304 that says chunked has no body", async () => {
  await using world = await World.start({
    script: [
      {
        repeat: ["readRequest", { reply: "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n" }],
      },
    ],
  });
  const response = await clientOf(world.transport()).get(world.server.url());
  assert.equal(response.body, null);
});

test("Go TestTransportCloseResponseBody: closing an endless body ends the connection at once, without reading on", async () => {
  await using world = await World.start();
  let written = 0;
  let failed = false;
  world.server.script(async (connection) => {
    await connection.readRequest();
    await connection.reply("HTTP/1.1 200 OK\r\n\r\n");
    try {
      for (;;) {
        await connection.reply(Buffer.alloc(10_000, "x"));
        written += 10_000;
      }
    } catch {
      failed = true;
    }
  });
  const response = await clientOf(world.transport()).get(world.server.url());
  const iterator = response[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.return?.();
  await world.server.waitForOpen(0);
  assert.equal(failed, true);
  assert.ok(written < 32 * MIB);
});

test("Go TestTransportRejectsSignInContentLength: Content-Length: +3 is an error", async () => {
  await using world = await World.start({
    script: ["readRequest", { reply: "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc" }, "end"],
  });
  assert.match((await rejection(fetched(world.transport(), world.server.url()))).message, /Content-Length/i);
});

test("Go TestInvalidHeaderResponse: a space before the colon is an error here, where Go keeps the odd name", async () => {
  await using world = await World.start({
    script: ["readRequest", { reply: "HTTP/1.1 200 OK\r\nFoo : bar\r\nContent-Length: 0\r\n\r\n" }, "end"],
  });
  assert.equal((await rejection(fetched(world.transport(), world.server.url())))["phase"], "headers");
});

test("Go TestTransportResponseHeaderLength: a head beyond maxHeaderBytes is an error that says so, one below is not", async () => {
  await using world = await World.start();
  world.server.script(async (connection) => {
    for await (const request of connection.eachRequest()) {
      const long = request.target === "/long" ? 530_000 : 100;
      await connection.replyOk("ok", { "X-Pad": "a".repeat(long) });
    }
  });
  const transport = world.transport({ maxHeaderBytes: 512 * 1024 });
  assert.equal(await fetched(transport, world.server.url()), "ok");
  const error = await rejection(fetched(transport, world.server.url("/long")));
  assert.match(error.message, /524,?288/);
});

test("Go TestIssue4191_InfiniteGetTimeout: an endless body ends with the call's timeout", async () => {
  await using world = await World.start({
    script: async (connection) => {
      await connection.readRequest();
      await connection.reply("HTTP/1.1 200 OK\r\n\r\n");
      for (;;) {
        await connection.reply(Buffer.alloc(1000));
        await turn();
      }
    },
  });
  const response = await clientOf(world.transport()).get(world.server.url(), { timeout: 300 });
  const drain = async (): Promise<void> => {
    for await (const _ of response);
  };
  assert.equal((await rejection(drain())).name, "TimeoutError");
});

test("Go TestIssue4191_InfiniteGetToPutTimeout: an endless GET piped into a PUT ends on both sides", async () => {
  await using world = await World.start();
  world.server.script(async (connection) => {
    const head = await connection.readHead();
    if (head.method === "PUT") return connection.stall();
    await connection.reply("HTTP/1.1 200 OK\r\n\r\n");
    for (;;) {
      await connection.reply(Buffer.alloc(1000));
      await turn();
    }
  });
  const transport = world.transport();
  const response = await clientOf(transport).get(world.server.url());
  const put = clientOf(transport).put(world.server.url(), {
    body: response.body as ReadableStream<Uint8Array>,
    timeout: 60,
  });
  assert.equal((await rejection(put)).name, "TimeoutError");
  await world.server.waitForOpen(0);
  assert.equal(transport.snapshot().totals.active, 0);
});

test("Go TestTransportReading100Continue: stray 100s before the answers on one connection are skipped, answers matched", async () => {
  await using world = await World.start();
  world.server.script(async (connection) => {
    let n = 0;
    for await (const request of connection.eachRequest()) {
      n += 1;
      const stray =
        n % 2 === 0 ? "HTTP/1.1 100 Continue\r\n\r\n" : "HTTP/1.1 100 Continue\r\nX-Odd: yes\r\n\r\n";
      await connection.reply(
        `${stray}HTTP/1.1 200 OK\r\nX-Answer: ${request.target}\r\nContent-Length: 3\r\n\r\nabc`,
      );
    }
  });
  const client = clientOf(world.transport());
  for (let i = 0; i < 5; i += 1) {
    const response = await client.post(world.server.url(`/${i}`), { body: `body ${i}` });
    assert.equal(response.headers.get("x-answer"), `/${i}`);
    assert.equal(await response.text(), "abc");
  }
  assert.equal(world.server.connections, 1);
});

test("Go TestTransportIgnore1xxResponses: an unknown 1xx is skipped and reported", async () => {
  await using world = await World.start({
    script: [
      "readRequest",
      { reply: "HTTP/1.1 123 OneTwoThree\r\nFoo: bar\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" },
      "stall",
    ],
  });
  const seen: unknown[] = [];
  const response = await clientOf(world.transport()).get(world.server.url(), {
    onInformational: (status, headers) => seen.push([status, headers.get("foo")]),
  });
  assert.equal(await response.text(), "ok");
  assert.deepEqual(seen, [[123, "bar"]]);
});

test("Go TestTransportLimits1xxResponses: 1xx without end is an error", async () => {
  await using world = await World.start({
    script: async (connection) => {
      await connection.readRequest();
      for (;;) await connection.reply(`HTTP/1.1 123 X\r\nFoo: ${"a".repeat(100)}\r\n\r\n`);
    },
  });
  const transport = world.transport();
  const error = await rejection(fetched(transport, world.server.url()));
  assert.equal(error["phase"], "headers");
  assert.equal((await closedOnes(transport, 1))[0]?.closed?.reason, "limit-exceeded");
});

test("Go TestTransportTreat101Terminal: a 101 nobody asked for is the answer, and its connection serves no other", async () => {
  await using world = await World.start();
  world.server.onConnection(1, [
    "readRequest",
    { reply: "HTTP/1.1 101 Switching Protocols\r\n\r\n" },
    "stall",
  ]);
  const transport = world.transport();
  assert.equal((await clientOf(transport).get(world.server.url())).status, 101);
  assert.equal(await fetched(transport, world.server.url()), "ok");
  assert.equal(world.server.connections, 2);
});
