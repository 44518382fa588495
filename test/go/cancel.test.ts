import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import { Client, Request, type RoundTripper } from "../../src/index.js";
import { clientOf, fetched, rejection, turn, until, World } from "../transport/support.js";

// Ported by meaning: cancellation and time limits. docs/go-tests.md has the table.

test("Go TestTransportResponseHeaderTimeout: fast, slow, then fast again", async () => {
  await using world = await World.start();
  world.server.script(async (connection) => {
    for await (const request of connection.eachRequest()) {
      if (request.target === "/slow") return connection.stall();
      await connection.replyOk("fast");
    }
  });
  const transport = world.stepped({ headersTimeout: 50 });
  assert.equal(await fetched(transport, world.server.url("/fast")), "fast");
  const slow = rejection(fetched(transport, world.server.url("/slow")));
  await world.server.waitForRequests(2);
  world.clock.advance(51);
  const error = await slow;
  assert.equal(error["timeout"], "headersTimeout");
  assert.equal(await fetched(transport, world.server.url("/fast")), "fast");
});

test("Go TestTransportTLSHandshakeTimeout: a server that accepts and says nothing", async () => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await using world = await World.start();
  for (const dial of [undefined, async () => connect({ host: "127.0.0.1", port })]) {
    const transport = world.transport({ tlsTimeout: 40, ...(dial === undefined ? {} : { dial }) });
    const error = await rejection(fetched(transport, `https://127.0.0.1:${port}/`));
    assert.equal(error.name, "TimeoutError");
    assert.equal(error["timeout"], "tlsTimeout");
    assert.equal(error["phase"], "tls");
  }
  server.close();
});

test("Go TestTransportCancelRequest, TestTransportCancelRequestWithBody: mid-body the read rejects with the reason, nothing stays", async () => {
  for (const method of ["GET", "POST"]) {
    await using world = await World.start({
      script: ["readRequest", { reply: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nHello" }, "stall"],
    });
    const transport = world.transport();
    const abort = new AbortController();
    const response = await clientOf(transport).fetch(world.server.url(), {
      method,
      signal: abort.signal,
      ...(method === "POST" ? { body: "some body" } : {}),
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    assert.equal(Buffer.from((await reader.read()).value as Uint8Array).toString(), "Hello");
    const reason = new Error("cancelled");
    abort.abort(reason);
    assert.equal(await rejection(reader.read()), reason);
    assert.equal(transport.snapshot().totals.active, 0);
    await world.server.waitForOpen(0);
  }
});

test("Go TestTransportCancelRequestInDo, TestTransportCancelRequestWithBodyInDo, TestTransportCancelRequestBeforeResponseHeaders: while the head is awaited", async () => {
  for (const body of [undefined, "body"]) {
    await using world = await World.start({ script: ["readRequest", "stall"] });
    const transport = world.transport();
    const abort = new AbortController();
    const call = clientOf(transport).fetch(world.server.url(), {
      method: body === undefined ? "GET" : "POST",
      signal: abort.signal,
      ...(body === undefined ? {} : { body }),
    });
    const failed = rejection(call);
    await world.server.waitForRequests(1);
    const reason = new Error("no more");
    abort.abort(reason);
    assert.equal(await failed, reason); // and not an error about the end of the connection
  }
});

test("Go TestTransportCancelRequestInDial, TestTransportDialCancelRace: at once, and the late connection is not lost", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  const transport = world.transport({
    dial: async ({ host, port }) => {
      await gate.promise;
      return connect({ host, port });
    },
  });
  const abort = new AbortController();
  const call = rejection(clientOf(transport).get(world.server.url(), { signal: abort.signal }));
  abort.abort(new Error("changed my mind"));
  assert.equal((await call).message, "changed my mind");
  gate.open();
  await until(() => transport.snapshot().totals.idle === 1, "the connection to be idle");
  await transport.close();
  await world.server.waitForOpen(0);
});

test("Go TestTransportCancelRequestBeforeDo, TestTransportCheckContextDoneEarly: a signal that is aborted already means no network", async () => {
  await using world = await World.start();
  const transport = world.transport();
  const reason = new Error("from the start");
  const call = clientOf(transport).get(world.server.url(), { signal: AbortSignal.abort(reason) });
  assert.equal(await rejection(call), reason);
  await turn();
  assert.equal(world.server.connections, 0);
});

test("Go TestTransportResponseCancelRace: a cancel right after a small response leaves the next call alone", async () => {
  await using world = await World.start();
  const transport = world.transport();
  for (let i = 0; i < 30; i += 1) {
    const abort = new AbortController();
    const response = await clientOf(transport).get(world.server.url(), { signal: abort.signal });
    abort.abort();
    void response.close();
    assert.equal(await fetched(transport, world.server.url()), "ok");
  }
});

test("Go TestClientTimeoutKillsConn_BeforeHeaders: the call's timeout ends the connection, as the server sees", async () => {
  await using world = await World.start({ script: ["readRequest", "stall"] });
  const transport = world.transport();
  const error = await rejection(new Client({ transport, timeout: 40 }).get(world.server.url()));
  assert.equal(error.name, "TimeoutError");
  await world.server.waitForOpen(0);
  assert.equal(transport.snapshot().totals.idle, 0);
});

test("Go TestClientTimeoutKillsConn_AfterHeaders: in the body too", async () => {
  await using world = await World.start({
    script: ["readRequest", { reply: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome" }, "stall"],
  });
  const transport = world.transport();
  const response = await new Client({ transport, timeout: 300 }).get(world.server.url());
  assert.equal((await rejection(response.text())).name, "TimeoutError");
  await world.server.waitForOpen(0);
});

test("Go TestAltProtoCancellation: the signal reaches a RoundTripper of the user's own", async () => {
  const own: RoundTripper = {
    roundTrip: (request) =>
      new Promise((_resolve, reject) => {
        request.signal.addEventListener("abort", () => reject(request.signal.reason));
      }),
  };
  const abort = new AbortController();
  const reason = new Error("stop");
  const call = rejection(new Client({ transport: own }).get("http://any.test/", { signal: abort.signal }));
  abort.abort(reason);
  assert.equal(await call, reason);
});

test("Go TestTransportAltProto: a RoundTripper of the user's own serves the client's requests", async () => {
  const { Response } = await import("../../src/index.js");
  const own: RoundTripper = {
    roundTrip: async (request) => new Response(`got ${request.method} ${request.url}`),
  };
  const client = new Client({ transport: own });
  assert.equal(await (await client.do(new Request("http://any.test/x"))).text(), "got GET http://any.test/x");
});
