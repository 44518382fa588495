// Three ways to test code that makes requests: without a network, against a server that does exactly what the test says,
// and with a clock that moves only when the test says so.
// Run it with `node examples/testing.mjs`; in a clone, `npm run build` first.
import assert from "node:assert/strict";
import { Client, Transport } from "trunkline";
import { FakeRuntime, mockTransport, onRuntime, WireServer } from "trunkline/testing";

/** The code under test: it takes the client it uses. */
async function nameOf(client, id) {
  const user = await client.get(`/users/${id}`).json();
  return user.name;
}

// 1. Without a network.
const transport = mockTransport((request) => ({ json: { name: `user of ${request.url}` } }));
const mocked = new Client({ transport, baseURL: "https://api.example.com" });
assert.equal(await nameOf(mocked, 7), "user of https://api.example.com/users/7");
assert.equal(transport.requests[0]?.method, "GET");
console.log("mocked: one request, no network");

// 2. Against a server that writes these bytes. It closes the idle connection, and the next request opens another.
{
  const server = await WireServer.start();
  for (const number of [1, 2]) {
    server.onConnection(number, async (connection) => {
      await connection.readRequest();
      await connection.replyOk('{"name":"Ada"}');
      await connection.end();
    });
  }
  const real = new Transport();
  const client = new Client({ transport: real, baseURL: server.origin });
  assert.equal(await nameOf(client, 1), "Ada");
  await server.connection(1).then((connection) => connection.closed);
  assert.equal(await nameOf(client, 2), "Ada");
  const [first] = real.connections();
  console.log(`scripted: 2 connections, the first ended as ${first?.closed?.reason}`);
  await real.close();
  await server.close();
}

// 3. With a virtual clock: a connect timeout of ten seconds passes at once.
{
  const runtime = new FakeRuntime();
  runtime.host("slow.test", ["192.0.2.1"]);
  runtime.address("192.0.2.1", { blackHole: true });
  const client = new Client({ transport: new Transport(onRuntime(runtime)) });
  const failed = assert.rejects(client.get("http://slow.test/"), { code: "ERR_TRUNKLINE_CONNECT_TIMEOUT" });
  await runtime.advance(10_000);
  await failed;
  console.log(`virtual clock: ${runtime.now()} ms passed`);
}
