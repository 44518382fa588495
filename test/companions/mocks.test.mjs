import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { Client, fetchTransport, NetworkError, Transport } from "trunkline";
import { getGlobalDispatcher, MockAgent, setGlobalDispatcher } from "undici";
import { serve } from "./server.mjs";

let server;
before(async () => {
  server = await serve();
});
after(() => server.close());

/** nock 15 and the newer interceptors need Node 22. */
const since22 = { skip: typeof Promise.withResolvers !== "function" };

/** Over its own sockets, a client reaches a real server. */
async function reachesServer() {
  const transport = new Transport();
  const client = new Client({ transport });
  assert.equal((await client.get(`${server.origin}/a`).json()).url, "/a");
  assert.equal((await client.post(`${server.origin}/b`, { json: { x: 1 } }).json()).body, '{"x":1}');
  const large = "x".repeat(300_000);
  assert.equal((await client.post(`${server.origin}/c`, { body: large }).json()).body, large);
  await assert.rejects(
    client.get(`${server.origin}/die`),
    (error) => error instanceof NetworkError && error.code === "ERR_TRUNKLINE_SERVER_CLOSED",
  );
  assert.equal((await client.get(`${server.origin}/d`).json()).url, "/d");
  await transport.close();
}

describe("msw", () => {
  const handlers = [
    http.get("http://mocked.test/x", () => HttpResponse.json({ mocked: true })),
    http.post("http://mocked.test/echo", async ({ request }) => HttpResponse.text(await request.text())),
    http.get(
      "http://mocked.test/moved",
      () => new HttpResponse(null, { status: 302, headers: { location: "/x" } }),
    ),
    http.get("http://mocked.test/error", () => HttpResponse.error()),
  ];

  test("fetchTransport: mocks answer, whether it was made before or after", async () => {
    const transports = [fetchTransport(), fetchTransport(globalThis.fetch)];
    const mocks = setupServer(...handlers);
    mocks.listen({ onUnhandledRequest: "bypass" });
    try {
      for (const transport of [...transports, fetchTransport(globalThis.fetch)]) {
        const client = new Client({ transport, baseURL: "http://mocked.test", retry: { attempts: 1 } });
        assert.deepEqual(await client.get("/x").json(), { mocked: true });
        assert.equal(await client.post("/echo", { json: { a: 1 } }).text(), '{"a":1}');
        assert.equal(await client.post("/echo", { body: new Blob(["blob"]) }).text(), "blob");
        assert.deepEqual(await client.get("/moved").json(), { mocked: true });
        await assert.rejects(
          client.get("/error"),
          (error) => error instanceof NetworkError && error.code === "ERR_TRUNKLINE_FETCH",
        );
        assert.equal((await client.get(`${server.origin}/real`).json()).url, "/real");
        await assert.rejects(client.get(`${server.origin}/die`), NetworkError);
      }
    } finally {
      mocks.close();
    }
  });

  test("a Transport goes on reaching real servers", async () => {
    const mocks = setupServer(...handlers);
    mocks.listen({ onUnhandledRequest: "bypass" });
    try {
      await reachesServer();
    } finally {
      mocks.close();
    }
  });
});

describe("undici's MockAgent", () => {
  test("fetchTransport: mocks answer", async () => {
    const before = getGlobalDispatcher();
    const agent = new MockAgent();
    agent.disableNetConnect();
    setGlobalDispatcher(agent);
    agent.get("http://mocked.test").intercept({ path: "/x", method: "GET" }).reply(200, { mocked: true });
    try {
      const client = new Client({ transport: fetchTransport(globalThis.fetch) });
      assert.deepEqual(await client.get("http://mocked.test/x").json(), { mocked: true });
    } finally {
      setGlobalDispatcher(before);
      await agent.close();
    }
  });
});

describe("nock", since22, () => {
  test("fetchTransport: mocks answer; a Transport goes on reaching real servers", async () => {
    const { default: nock } = await import("nock");
    try {
      nock("http://mocked.test").get("/x").reply(200, { mocked: true });
      const client = new Client({ transport: fetchTransport(globalThis.fetch) });
      assert.deepEqual(await client.get("http://mocked.test/x").json(), { mocked: true });
      await reachesServer();
    } finally {
      nock.restore();
    }
  });
});

describe("@mswjs/interceptors", since22, () => {
  test("a Transport goes on reaching real servers while sockets are intercepted", async () => {
    const { SocketInterceptor } = await import("@mswjs/interceptors/net");
    const interceptor = new SocketInterceptor();
    interceptor.apply();
    try {
      await reachesServer();
      interceptor.on("connection", ({ controller }) => controller.passthrough());
      await reachesServer();
    } finally {
      interceptor.dispose();
    }
  });
});
