import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, NetworkError, Response, Transport } from "../index.js";
import { FakeRuntime, type MockHandler, mockTransport, onRuntime } from "./index.js";

const clientOf = (handler: MockHandler): { client: Client; transport: ReturnType<typeof mockTransport> } => {
  const transport = mockTransport(handler);
  return { client: new Client({ transport }), transport };
};

test("mockTransport: gives the handler the whole request and keeps it", async () => {
  const { client, transport } = clientOf(
    (request) => `${request.number} ${request.method} ${request.text()}`,
  );
  assert.equal(
    await client.post("http://a.test/x?y", { json: { a: 1 }, headers: { "X-A": "b" } }).text(),
    '1 POST {"a":1}',
  );
  assert.equal(await client.get("http://a.test/").text(), "2 GET ");
  const [first] = transport.requests;
  assert.deepEqual(first?.json(), { a: 1 });
  assert.deepEqual([first?.url, first?.headers.get("x-a")], ["http://a.test/x?y", "b"]);
  assert.equal(first?.headers.get("content-type"), "application/json");
  assert.equal(transport.requests.length, 2);
});

test("mockTransport: an answer as data becomes a response with all that a real one has", async () => {
  const { client } = clientOf(() => ({
    status: 404,
    statusText: "Nope",
    json: { a: [1] },
    headers: [
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
    ],
    trailers: { "x-sum": "5" },
  }));
  const response = await client.get("http://a.test/missing");
  assert.ok(response instanceof Response);
  assert.deepEqual([response.status, response.statusText, response.ok], [404, "Nope", false]);
  assert.equal(response.url, "http://a.test/missing");
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
  assert.deepEqual(await response.json(), { a: [1] });
  assert.equal((await response.trailers).get("x-sum"), "5");
  assert.equal(response.connection.protocol, "http/1.1");
  assert.equal(response.why().reused, false);
  assert.equal(response.timings.queued, 0);
});

test("mockTransport: takes our Response and the platform's, and gives HEAD and 204 no body", async () => {
  const { client } = clientOf((request) => {
    if (request.url.endsWith("/ours")) return new Response("ours", { status: 201, headers: { A: "1" } });
    if (request.url.endsWith("/204")) return { status: 204 };
    return new globalThis.Response("platform's", { headers: { a: "2" } });
  });
  const ours = await client.get("http://a.test/ours");
  assert.deepEqual([ours.status, ours.headers.get("a"), await ours.text()], [201, "1", "ours"]);
  const theirs = await client.get("http://a.test/theirs");
  assert.deepEqual([theirs.status, theirs.headers.get("a"), await theirs.text()], [200, "2", "platform's"]);
  assert.equal((await client.head("http://a.test/theirs")).body, null);
  assert.equal((await client.get("http://a.test/204")).body, null);
});

test("mockTransport: rejects with what the handler throws, and with the reason of an abort meanwhile", async () => {
  const broken = new NetworkError("the network is down", {
    code: "ERR_TRUNKLINE_DIAL_FAILED",
    phase: "connect",
  });
  await assert.rejects(
    clientOf(() => {
      throw broken;
    }).client.get("http://a.test/"),
    (error) => error === broken,
  );
  await assert.rejects(
    clientOf(() => ({ status: 101 })).client.get("http://a.test/"),
    /needs a status from 200 to 599/,
  );
  await assert.rejects(
    clientOf(() => ({ body: "a", json: 1 })).client.get("http://a.test/"),
    /json or body, not both/,
  );
  const controller = new AbortController();
  const { client } = clientOf(async () => {
    controller.abort(new Error("enough"));
    return new Promise<string>(() => {});
  });
  await assert.rejects(client.get("http://a.test/", { signal: controller.signal }), /enough/);
  await assert.rejects(client.get("http://a.test/", { signal: controller.signal }), /enough/);
});

test("onRuntime: a transport lives on the fake runtime alone", async () => {
  const runtime = new FakeRuntime();
  runtime.host("a.test", ["2001:db8::1", "192.0.2.1"]);
  runtime.address("2001:db8::1", { blackHole: true });
  runtime.address("192.0.2.1", { after: 20, latency: 15 });
  runtime.onConnect((socket) => {
    socket.peer.on("data", () => socket.peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  });
  const client = new Client({ transport: new Transport(onRuntime(runtime, { idleTimeout: 1000 })) });
  for (let count = 0; count < 2; count += 1) {
    assert.equal(await runtime.run(client.get("http://a.test/").text()), "ok");
  }
  await runtime.advance(5000);
  assert.deepEqual(runtime.log, [
    "at(0) lookup a.test",
    "at(0) resolved a.test 2001:db8::1 192.0.2.1",
    "at(0) dial [2001:db8::1]:80",
    "at(250) dial 192.0.2.1:80",
    "at(270) connected 192.0.2.1:80",
    "at(270) cancelled [2001:db8::1]:80",
    "at(1330) closed 192.0.2.1:80",
  ]);
  assert.deepEqual(runtime.openSockets, []);
});
