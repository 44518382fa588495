import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { Client, type Transport } from "../../../src/index.js";
import type { Http2WireConnection } from "../../../src/testing/index.js";
import { clientOf, fetched, rejection, turns, until } from "../../transport/support.js";
import { burst, echoPaths, H2World, overTls, recordOf, sent, settled, TRUST } from "./h2-world.js";

async function livesOn(world: H2World, transport: Transport): Promise<void> {
  assert.equal(await fetched(transport, world.url("/after")), "/after");
  assert.equal(world.server.connections, 1, "connections");
  await settled(transport);
}

const CANCEL = 8;

/** The client has cancelled the stream. */
async function wasReset(world: H2World, stream: number): Promise<void> {
  const connection = await world.connection();
  const frame = await connection.frame(
    (one) => one.type === "RST_STREAM" && one.stream === stream,
    `RST_STREAM ${stream}`,
  );
  assert.equal(frame.code, CANCEL);
}

// ── giving up, at each stage ─────────────────────────────────────────────────────────────────────────────────

test("an abort while the dial goes on: the dial serves the others", async () => {
  await using world = await H2World.start(echoPaths);
  const transport = world.transport();
  const controller = new AbortController();
  const aborted = rejection(clientOf(transport).get(world.url(), { signal: controller.signal }));
  const other = fetched(transport, world.url("/other"));
  controller.abort(new Error("no more"));
  assert.equal((await aborted).message, "no more");
  assert.equal(await other, "/other");
  await livesOn(world, transport);
});

test("an abort before the head has left sends nothing of the request", async () => {
  await using world = await H2World.start(echoPaths);
  const transport = world.transport();
  await fetched(transport, world.url());
  const controller = new AbortController();
  const aborted = rejection(clientOf(transport).get(world.url("/never"), { signal: controller.signal }));
  controller.abort(new Error("no more"));
  assert.equal((await aborted).message, "no more");
  await livesOn(world, transport);
  const connection = await world.connection();
  assert.equal(sent(connection, "HEADERS").length, 2);
  assert.equal(sent(connection, "RST_STREAM").length, 0);
});

for (const [stage, act] of [
  ["before the answer", async (): Promise<void> => undefined],
  [
    "in the body",
    async (connection: Http2WireConnection): Promise<void> =>
      connection.send({ type: "HEADERS", stream: 1, status: 200 }, { type: "DATA", stream: 1, data: "some" }),
  ],
] as const) {
  for (const how of ["an abort", "the call's timeout"] as const) {
    test(`${how} ${stage} resets the stream; what comes late is ignored, the connection lives`, async () => {
      await using world = await H2World.start(async (connection) => {
        await connection.readHead();
        await act(connection);
        await connection.frame(({ type }) => type === "RST_STREAM", "the reset");
        await connection
          .send(
            { type: "HEADERS", stream: 1, status: 200 },
            { type: "DATA", stream: 1, data: "late", endStream: true },
          )
          .catch(() => undefined);
        await echoPaths(connection);
      });
      const transport = world.stepped();
      const controller = new AbortController();
      const client = clientOf(transport);
      const options = how === "an abort" ? { signal: controller.signal } : { timeout: 1_000 };
      const text = client.get(world.url(), options).text();
      const failed = rejection(text);
      const connection = await world.connection();
      await connection.frame(({ type }) => type === "HEADERS", "the request");
      if (stage === "in the body") await until(() => recordOf(transport).bytesRead > 40, "some of the body");
      await turns(5);
      if (how === "an abort") controller.abort(new Error("no more"));
      else world.clock.advance(1_001);
      const error = await failed;
      if (how === "an abort") assert.equal(error.message, "no more");
      else assert.equal(error["timeout"], "timeout", error.message);
      await wasReset(world, 1);
      await livesOn(world, transport);
    });
  }
}

test("bodyTimeout: a response that stops moving is reset, and the connection goes on", async () => {
  await using world = await H2World.start(async (connection) => {
    const { stream } = await connection.readRequest();
    await connection.send({ type: "HEADERS", stream, status: 200 }, { type: "DATA", stream, data: "some" });
    await echoPaths(connection);
  });
  const transport = world.stepped({ bodyTimeout: 1_000 });
  const response = await clientOf(transport).get(world.url());
  const failed = rejection(response.text());
  await turns(5);
  world.clock.advance(1_001);
  assert.equal((await failed)["timeout"], "bodyTimeout");
  await wasReset(world, 1);
  await livesOn(world, transport);
});

test("bodyTimeout: an upload whose server gives no more credit is reset, and the connection goes on", async () => {
  await using world = await H2World.start(
    async (connection) => {
      await connection.readHead();
      await connection.until(
        () => sent(connection, "DATA").reduce((sum, { data }) => sum + (data?.length ?? 0), 0) >= 65_535,
        "a whole window",
      );
      await echoPaths(connection);
    },
    { credit: false },
  );
  const transport = world.stepped({ bodyTimeout: 1_000 });
  const failed = rejection(clientOf(transport).post(world.url(), { body: new Uint8Array(200_000) }));
  const connection = await world.connection();
  await connection.until(
    () => sent(connection, "DATA").reduce((sum, { data }) => sum + (data?.length ?? 0), 0) >= 65_535,
    "a whole window",
  );
  await turns(5);
  world.clock.advance(1_001);
  const error = await failed;
  assert.equal(error["timeout"], "bodyTimeout", error.message);
  assert.match(
    error.message,
    /the server took no byte of the request's body within the bodyTimeout of 1000 ms/,
  );
  assert.equal(error["phase"], "write");
  await wasReset(world, 1);
  await livesOn(world, transport);
});

test("queueTimeout: what finds every stream taken is turned away, and says what holds them", async () => {
  await using world = await H2World.start(
    async (connection) => {
      await connection.reply(await connection.readRequest());
      await connection.readRequest();
      await connection.stall();
    },
    { settings: { maxConcurrentStreams: 1 } },
  );
  const transport = world.stepped({ maxConnectionsPerOrigin: 1, queueTimeout: 500 });
  await fetched(transport, world.url());
  void fetched(transport, world.url("/holds")).catch(() => undefined);
  const failed = rejection(fetched(transport, world.url("/waits")));
  await turns(2);
  world.clock.advance(501);
  const error = await failed;
  assert.equal(error["timeout"], "queueTimeout");
  assert.equal(error["phase"], "queue");
});

test("close() reads a short rest to its end, and resets a long one; the connection lives either way", async () => {
  await using world = await H2World.start(async (connection) => {
    const short = await connection.readRequest();
    await connection.send({
      type: "HEADERS",
      stream: short.stream,
      status: 200,
      headers: ["content-length", "10"],
    });
    await connection.send({ type: "DATA", stream: short.stream, data: "12345" });
    await turns(5);
    await connection.send({ type: "DATA", stream: short.stream, data: "67890", endStream: true });
    const long = await connection.readRequest();
    await connection.send({
      type: "HEADERS",
      stream: long.stream,
      status: 200,
      headers: ["content-length", "1000000"],
    });
    await connection.send({ type: "DATA", stream: long.stream, data: "12345" });
    await echoPaths(connection);
  });
  const transport = world.transport();
  const client = clientOf(transport);
  const short = await client.get(world.url("/short"));
  await short.close();
  const long = await client.get(world.url("/long"));
  await long.close();
  await wasReset(world, 3);
  const connection = await world.connection();
  assert.ok(!connection.frames.some(({ type, stream }) => type === "RST_STREAM" && stream === 1));
  await livesOn(world, transport);
});

// ── back-pressure ────────────────────────────────────────────────────────────────────────────────────────────

test("100 responses that nobody reads hold up nobody else, and cost a window each at most", async () => {
  const chunk = Buffer.alloc(16_384, "x");
  await using world = await H2World.start(
    async (connection) => {
      for (;;) {
        const request = await connection.readRequest();
        if (request.path === "/after" || request.path === "/0") {
          await connection.reply(request, { body: request.path });
          continue;
        }
        await connection.send({ type: "HEADERS", stream: request.stream, status: 200 });
        for (let i = 0; i < 16; i += 1)
          await connection.send({ type: "DATA", stream: request.stream, data: chunk });
      }
    },
    { settings: { maxConcurrentStreams: 200 } },
  );
  const transport = world.transport();
  const client = clientOf(transport);
  await burst(transport, world.server.origin, 1);
  const paused = await Promise.all(Array.from({ length: 100 }, () => client.get(world.url("/paused"))));
  await until(() => recordOf(transport).bytesRead > 100 * 16 * 16_384, "all that the windows allow");
  const connection = await world.connection();
  // Nothing was read, so no stream was given more; the connection was.
  assert.equal(sent(connection, "WINDOW_UPDATE").filter(({ stream }) => stream > 0).length, 0);
  assert.equal(await fetched(transport, world.url("/after")), "/after");
  // One that is read goes on: it gets credit.
  const reader = paused[0]?.body?.getReader();
  for (let got = 0; got < 16 * 16_384; ) got += (await reader?.read())?.value?.length ?? 0;
  void reader?.read().catch(() => undefined);
  await connection.frame(({ type, stream }) => type === "WINDOW_UPDATE" && stream === 3, "credit");
  for (const response of paused.slice(1)) await response.close();
  await reader?.cancel();
  await settled(transport);
  assert.equal(world.server.connections, 1);
});

test("a body is pulled only as the server gives credit", async () => {
  let pulled = 0;
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 100; i += 1) {
      pulled += 16_384;
      yield new Uint8Array(16_384);
    }
  }
  await using world = await H2World.start(
    async (connection) => {
      const request = await connection.readHead();
      await connection.until(
        () => sent(connection, "DATA").reduce((sum, { data }) => sum + (data?.length ?? 0), 0) === 65_535,
        "the first window",
      );
      await turns(10);
      assert.ok(pulled <= 65_535 + 2 * 16_384, `${pulled} were pulled`);
      await connection.send(
        { type: "WINDOW_UPDATE", increment: 10_000_000 },
        { type: "WINDOW_UPDATE", stream: request.stream, increment: 10_000_000 },
      );
      await connection.until(
        () => connection.frames.some(({ type, endStream }) => type === "DATA" && endStream === true),
        "the end",
      );
      await connection.reply(request, { body: String(request.body.length) });
      await connection.stall();
    },
    { credit: false },
  );
  assert.equal(await clientOf(world.transport()).post(world.url(), { body: body() }).text(), "1638400");
});

// ── what a client can do ─────────────────────────────────────────────────────────────────────────────────────

test("Expect: the body waits for 100, a final status first means that it is not sent", async () => {
  await using world = await H2World.start(async (connection) => {
    const first = await connection.readHead();
    assert.equal(first.header("expect"), "100-continue");
    await turns(5);
    assert.equal(sent(connection, "DATA").length, 0);
    await connection.send({ type: "HEADERS", stream: first.stream, status: 100 });
    const whole = connection.until(
      () => connection.frames.some(({ stream, endStream }) => stream === 1 && endStream === true),
      "the body",
    );
    await whole;
    await connection.reply(first, { body: first.body.toString() });
    const second = await connection.readHead();
    await connection.reply(second, { status: 413, body: "no" });
    await echoPaths(connection);
  });
  const transport = world.transport();
  const client = clientOf(transport);
  const yes = await client.post(world.url(), { body: "body", expectContinue: 10_000 });
  assert.equal(await yes.text(), "body");
  const no = await client.post(world.url(), { body: "body", expectContinue: 10_000 });
  assert.equal(no.status, 413);
  assert.equal(await no.text(), "no");
  await livesOn(world, transport);
  assert.equal(sent(await world.connection(), "DATA").filter(({ stream }) => stream === 3).length, 0);
});

test("1xx, trailers both ways, and progress", async () => {
  await using world = await H2World.start(async (connection) => {
    const request = await connection.readRequest();
    assert.deepEqual(request.trailers, ["x-sum", "42"]);
    await connection.send({
      type: "HEADERS",
      stream: request.stream,
      status: 103,
      headers: ["link", "</a.css>; rel=preload"],
    });
    await connection.reply(request, { body: "body", trailers: ["x-end", "yes"] });
    await connection.stall();
  });
  const informational: string[] = [];
  const progress: string[] = [];
  async function* parts(): AsyncGenerator<string> {
    yield "abc";
    yield "def";
  }
  const response = await clientOf(world.transport()).post(world.url(), {
    body: parts(),
    trailers: () => ({ "x-sum": "42" }),
    onInformational: (status, headers) => informational.push(`${status} ${headers.get("link")}`),
    onProgress: ({ direction, bytes }) => progress.push(`${direction} ${bytes}`),
  });
  assert.equal(await response.text(), "body");
  assert.equal((await response.trailers).get("x-end"), "yes");
  assert.deepEqual(informational, ["103 </a.css>; rel=preload"]);
  assert.ok(progress.includes("up 6"), progress.join());
  assert.ok(progress.includes("down 4"), progress.join());
});

test("HEAD, 204, 304 and empty bodies", async () => {
  await using world = await H2World.start(async (connection) => {
    for (;;) {
      const request = await connection.readRequest();
      const { stream } = request;
      const status = Number(request.path.slice(1));
      if (request.method === "HEAD") {
        await connection.send({
          type: "HEADERS",
          stream,
          status: 200,
          headers: ["content-length", "999"],
          endStream: true,
        });
      } else if (status === 200) {
        await connection.send({ type: "HEADERS", stream, status, headers: ["content-length", "0"] });
        await connection.send({ type: "DATA", stream, endStream: true });
      } else {
        await connection.send({ type: "HEADERS", stream, status, endStream: true });
      }
    }
  });
  const transport = world.transport();
  const client = clientOf(transport);
  const head = await client.head(world.url("/200"));
  assert.equal(head.headers.get("content-length"), "999");
  assert.equal(await head.text(), "");
  for (const status of [200, 204, 304, 500]) {
    const response = await client.get(world.url(`/${status}`));
    assert.equal(response.status, status);
    assert.equal(await response.text(), "");
  }
  for (const method of ["post", "put", "patch"] as const)
    await (await client[method](world.url("/200"))).text();
  const connection = await world.connection();
  for (const { headers } of sent(connection, "HEADERS").slice(-3)) {
    assert.equal(headers?.[headers.indexOf("content-length") + 1], "0");
  }
  assert.equal(sent(connection, "DATA").length, 0);
  assert.equal(world.server.connections, 1);
});

test("redirects, cookies, decoding, retries and digest work as over HTTP/1.1", async () => {
  const seen: string[] = [];
  let failures = 1;
  await using world = await H2World.start(async (connection) => {
    for (;;) {
      const request = await connection.readRequest();
      seen.push(`${request.method} ${request.path} ${request.header("cookie") ?? "-"}`);
      const authorization = request.header("authorization");
      if (request.path === "/login") {
        await connection.reply(request, {
          status: 302,
          headers: ["location", "/home", "set-cookie", "a=1", "set-cookie", "b=2"],
        });
      } else if (request.path === "/zip") {
        await connection.reply(request, {
          headers: ["content-encoding", "gzip"],
          body: gzipSync("unzipped"),
        });
      } else if (request.path === "/flaky" && failures-- > 0) {
        await connection.reply(request, { status: 503, headers: ["retry-after", "0"] });
      } else if (request.path === "/digest" && authorization === undefined) {
        await connection.reply(request, {
          status: 401,
          headers: ["www-authenticate", 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5'],
        });
      } else {
        await connection.reply(request, { body: authorization?.slice(0, 6) ?? request.path });
      }
    }
  });
  const transport = world.transport();
  const client = new Client({ transport, cookies: true, retry: true });
  assert.equal(await client.post(world.url("/login"), { body: "x" }).text(), "/home");
  assert.equal(await client.get(world.url("/zip")).text(), "unzipped");
  assert.equal(await client.get(world.url("/flaky")).text(), "/flaky");
  const auth = { username: "u", password: "p", type: "digest" } as const;
  assert.equal(await client.get(world.url("/digest"), { auth }).text(), "Digest");
  assert.equal(seen[1], "GET /home a=1, b=2");
  assert.equal(world.server.connections, 1);
});

test("fields of a connection: host is the authority, close makes it the last request, the rest is refused or dropped", async () => {
  await using world = await H2World.start(async (connection) => {
    for (;;) {
      const request = await connection.readRequest();
      const names = request.fields.filter((_, i) => i % 2 === 0);
      await connection.reply(request, { body: `${request.authority} ${names.join()}` });
    }
  });
  const transport = world.transport();
  const client = clientOf(transport);
  const host = await client.get(world.url(), { headers: { host: "other.test", te: "trailers" } });
  assert.match(await host.text(), /^other\.test :method,:scheme,:authority,:path,user-agent,te,accept/);
  const close = await client.get(world.url(), { headers: { connection: "close" } });
  assert.doesNotMatch(await close.text(), /connection|host/);
  await until(() => recordOf(transport).state === "closed", "the end");
  assert.equal(recordOf(transport).closed?.reason, "request-said-close");
  for (const headers of [{ te: "gzip" }, { "transfer-encoding": "chunked" }, { "keep-alive": "1" }]) {
    await assert.rejects(client.get(world.url(), { headers }), TypeError);
  }
  assert.equal(world.server.connections, 1);
});

test("an upgrade over https takes a connection in HTTP/1.1 beside that in HTTP/2", async () => {
  await using world = await H2World.start(async () => undefined, { server: overTls(["h2", "http/1.1"]) });
  const two = world.script(echoPaths) as (wire: unknown) => Promise<void>;
  world.server.script(async (wire) => {
    if ((wire.socket as { alpnProtocol?: unknown }).alpnProtocol === "h2") return two(wire);
    await wire.readRequest();
    await wire.reply("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    await wire.stall();
  });
  const transport = world.world.transport({ ...TRUST });
  const client = clientOf(transport);
  assert.equal(await client.get(world.url("/a")).text(), "/a");
  const upgraded = await client.get(world.url(), { headers: { connection: "upgrade", upgrade: "echo" } });
  assert.equal(upgraded.status, 101);
  assert.equal(upgraded.connection.protocol, "http/1.1");
  upgraded.upgraded?.destroy();
  assert.equal((await client.get(world.url("/b"))).connection.protocol, "h2");
});
