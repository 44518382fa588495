import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import type { Init } from "../../src/index.js";
import { createAuthority } from "../../src/testing/index.js";
import { clientOf, closedOnes, rejection, turn, World } from "../transport/support.js";

// Ported by meaning: how requests are written. docs/go-tests.md has the table.

/** A stream that counts how it ended. */
function counted(chunks: readonly string[] = ["x"]): {
  body: AsyncGenerator<Uint8Array>;
  ended: () => number;
} {
  let ended = 0;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      for (const chunk of chunks) yield Buffer.from(chunk);
    } finally {
      ended += 1;
    }
  }
  return { body: source(), ended: () => ended };
}

test("Go TestTransportClosesRequestBody: the source of a body is run to its end, once", async () => {
  await using world = await World.start();
  const { body, ended } = counted(["a", "b"]);
  await clientOf(world.transport()).post(world.server.url(), { body }).text();
  assert.equal(ended(), 1);
});

test("Go TestTransportClosesBodyOnError: a source that fails fails the call, and the server sees a cut body", async () => {
  await using world = await World.start();
  let cut = false;
  world.server.script(async (connection) => {
    const head = await connection.readHead();
    assert.equal(head.header("transfer-encoding"), "chunked");
    await connection.stall();
    cut = !connection.unread.toString().includes("0\r\n\r\n");
  });
  const fake = new Error("fake error");
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(1000, "a");
    await turn();
    throw fake;
  }
  const transport = world.transport();
  const error = await rejection(clientOf(transport).post(world.server.url(), { body: body() }));
  assert.match(error.message, /fake error/);
  assert.equal(error["cause"], fake);
  await world.server.waitForOpen(0);
  await turn();
  assert.equal(cut, true);
  assert.equal((await closedOnes(transport, 1))[0]?.closed?.by, "caller");
});

for (const [name, url, init, message] of [
  ["invalid method", undefined, { method: " " }, /method/],
  ["nil URL", "", {}, /URL/],
  ["invalid header name", undefined, { method: "POST", headers: { " ": "v" } }, /header/i],
  ["invalid header value", undefined, { method: "POST", headers: { k: "\x01" } }, /\bk\b/],
  ["unknown scheme", "foo://host/", { method: "POST" }, /foo/],
  ["missing host (also TestTransportNoHost)", "http://", { method: "POST" }, /http/],
] as readonly (readonly [string, string | undefined, Init, RegExp])[]) {
  test(`Go TestTransportClosesBodyOnInvalidRequests: ${name} is named, nothing is dialed, the stream is cancelled or untouched`, async () => {
    await using world = await World.start();
    const transport = world.transport();
    let pulled = false;
    const body = new ReadableStream<Uint8Array>(
      {
        pull: () => {
          pulled = true;
        },
      },
      { highWaterMark: 0 },
    );
    const error = await rejection(clientOf(transport).fetch(url ?? world.server.url(), { ...init, body }));
    assert.match(error.message, message);
    assert.equal(pulled, false);
    assert.equal(transport.connections().length, 0);
  });
}

test("Go TestTransportFlushesBodyChunks: the server has each piece before the next one is made", async () => {
  await using world = await World.start();
  const gates = [1, 2, 3].map(() => world.server.gate());
  world.server.script(async (connection) => {
    const { raw } = await connection.readHead();
    assert.ok(raw.length > 0);
    for (const [index, gate] of gates.entries()) {
      await connection.expect(`7\r\nnum${index}...\r\n`.replace("7", `num${index}...`.length.toString(16)));
      gate.open();
    }
    await connection.expect("0\r\n\r\n");
    await connection.replyOk("ok");
    await connection.stall();
  });
  async function* body(): AsyncGenerator<Uint8Array> {
    for (const [index, gate] of gates.entries()) {
      yield Buffer.from(`num${index}...`);
      await gate.promise;
    }
  }
  assert.equal(await clientOf(world.transport()).post(world.server.url(), { body: body() }).text(), "ok");
});

test("Go TestTransportFlushesRequestHeader: the head is with the server before the first byte of the body exists", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  world.server.script(async (connection) => {
    const head = await connection.readHead();
    gate.open();
    await connection.readBody(head);
    await connection.replyOk("ok");
    await connection.stall();
  });
  async function* body(): AsyncGenerator<Uint8Array> {
    await gate.promise;
    yield Buffer.from("x");
  }
  assert.equal(await clientOf(world.transport()).post(world.server.url(), { body: body() }).text(), "ok");
});

test("Go TestTransportRequestWriteRoundTrip: bodies of each kind and size arrive intact", async () => {
  await using world = await World.start();
  world.server.script(async (connection) => {
    for await (const request of connection.eachRequest()) await connection.replyOk(request.body);
  });
  const client = clientOf(world.transport());
  for (const size of [1, 100, 10_000, 65_536, 1_000_000]) {
    const bytes = Buffer.alloc(size, "q");
    for (const body of [bytes, bytes.toString(), new Blob([bytes]), counted([bytes.toString()]).body]) {
      assert.ok(bytes.equals(await client.post(world.server.url(), { body }).bytes()));
    }
  }
});

test("Go TestTransportEmptyMethod: without a method the wire says GET", async () => {
  await using world = await World.start();
  let method = "";
  world.server.script(async (connection) => {
    ({ method } = await connection.readRequest());
    await connection.replyOk("ok");
    await connection.stall();
  });
  await (await clientOf(world.transport()).fetch(world.server.url())).text();
  assert.equal(method, "GET");
});

test("Go TestTransportRejectsAlphaPort: a port that is not a number is refused", async () => {
  await using world = await World.start();
  assert.match(
    (await rejection(clientOf(world.transport()).get("http://dummy.test:123foo/"))).message,
    /123foo/,
  );
});

test("Go TestRequestSanitization: a Host with line breaks cannot inject a field", async () => {
  await using world = await World.start();
  const transport = world.transport();
  const error = await rejection(
    clientOf(transport).get(world.server.url(), { headers: { Host: "localhost\r\nX-Evil: evil" } }),
  );
  assert.ok(error instanceof TypeError);
  assert.equal(transport.connections().length, 0);
});

test("Go TestValidateClientRequestTrailers: line breaks in a trailer are an error, and no response comes", async () => {
  for (const trailers of [{ "X-Trailer": "a\r\nB: b" }, { "X\r\nTrailer": "a" }]) {
    await using world = await World.start();
    const transport = world.transport();
    const call = clientOf(transport).post(world.server.url(), { body: "x", trailers });
    assert.ok((await rejection(call)) instanceof TypeError);
    assert.equal(transport.connections().length, 0);
  }
  await using world = await World.start({
    script: async (connection) => {
      await connection.readHead();
      await connection.stall();
    },
  });
  const late = clientOf(world.transport()).post(world.server.url(), {
    body: "x",
    trailers: () => ({ "X-T": "a\r\nb" }),
  });
  assert.equal((await rejection(late))["code"], "ERR_TRUNKLINE_REQUEST_BODY");
});

test("Go TestIs408, TestTransportIgnores408: a 408 on an idle connection ends it without noise, and only such a one is named so", async () => {
  for (const [bytes, reason] of [
    ["HTTP/1.0 408 Timeout\r\n\r\n", "server-idle-timeout"],
    ["HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n", "server-idle-timeout"],
    ["HTTP/1.8 408 X\r\n\r\n", "unsolicited-data"],
    ["HTTP/2.0 408 X\r\n\r\n", "unsolicited-data"],
    ["HTTP/1.1 4", "unsolicited-data"],
    ["HTTP/1.1 200 OK\r\n\r\n", "unsolicited-data"],
  ] as const) {
    await using world = await World.start();
    const gate = world.server.gate();
    world.server.onConnection(1, [
      "readRequest",
      { replyOk: "ok" },
      { wait: gate },
      { reply: bytes },
      "stall",
    ]);
    const transport = world.transport();
    const client = clientOf(transport);
    await client.get(world.server.url()).text();
    gate.open();
    const [record] = await closedOnes(transport, 1);
    assert.equal(record?.closed?.reason, reason, bytes);
    assert.equal(await client.get(world.server.url()).text(), "ok");
  }
});

test("Go TestTransportIDNA_h1: a name beyond ASCII is Punycode for the dial, the certificate and the Host field", async () => {
  const authority = createAuthority();
  const { key, cert } = authority.issue({ names: ["xn--9caa.com"] });
  await using world = await World.start({ tls: { key, cert } });
  let host: string | undefined;
  world.server.script(async (connection) => {
    host = (await connection.readRequest()).header("host");
    await connection.replyOk("ok");
    await connection.stall();
  });
  const dialed: string[] = [];
  const transport = world.transport({
    tls: { ca: authority.cert },
    dial: async (target) => {
      dialed.push(`${target.host}:${target.port}`);
      return connect({ host: "127.0.0.1", port: world.server.port });
    },
  });
  assert.equal(await clientOf(transport).get("https://\u00e9\u00e9.com/").text(), "ok");
  assert.deepEqual(dialed, ["xn--9caa.com:443"]);
  assert.equal(host, "xn--9caa.com");
  assert.equal(transport.snapshot().origins[0]?.origin, "https://xn--9caa.com");
});
