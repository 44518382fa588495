// A Request of ours given to the platform's fetch and Request, which read the private state of their own class alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, Request, Transport } from "../../src/index.js";
import { WireServer } from "../../src/testing/index.js";

const PARTS =
  "The platform's fetch and Request cannot read a Request of trunkline: give them its parts, as in " +
  "fetch(request.url, request), or send it with trunkline's fetch";

const failure = async (act: () => unknown): Promise<string> => {
  try {
    await act();
  } catch (error) {
    assert.ok(error instanceof TypeError);
    return error.message;
  }
  return assert.fail("it did not fail");
};

test("globalThis.fetch: says what to do with a Request of ours, that of a middleware too, before any other was made", async () => {
  await using server = await WireServer.start();
  await using transport = new Transport();
  server.onConnection(1, async (connection) => {
    await connection.readRequest();
    await connection.replyOk("x");
  });
  const messages: string[] = [];
  const client = new Client({
    transport,
    use: [
      (next) => ({
        roundTrip: async (request) => {
          messages.push(await failure(() => globalThis.fetch(request as never)));
          messages.push(await failure(() => new globalThis.Request(request as never)));
          return next.roundTrip(request);
        },
      }),
    ],
  });
  await client.get(server.url("/")).text();
  const own = new Request(server.url("/"), { method: "POST", body: "x" });
  messages.push(await failure(() => globalThis.fetch(own as never)));
  messages.push(await failure(() => new globalThis.Request(own as never)));
  messages.push(await failure(() => new globalThis.Request(own as never, { headers: { a: "b" } })));
  assert.deepEqual(messages, [PARTS, PARTS, PARTS, PARTS, PARTS]);
  assert.equal(await own.text(), "x"); // nothing of it was taken
  assert.equal(server.requests, 1);
});

test("globalThis.fetch: sends a Request of ours that is given in its parts", async () => {
  await using server = await WireServer.start({
    script: async (connection) => {
      const sent = await connection.readRequest();
      await connection.replyOk(`${sent.method} ${sent.target} ${sent.header("x-a")} ${sent.body.toString()}`);
    },
  });
  const own = new Request(server.url("/p?q=1"), { method: "PUT", body: "hello", headers: { "x-a": "1" } });
  assert.equal(await (await globalThis.fetch(own.url, own as never)).text(), "PUT /p?q=1 1 hello");
  assert.equal(own.bodyUsed, true);
  const again = new globalThis.Request(
    server.url("/"),
    new Request("http://a.test/", { headers: { "x-a": "2" } }) as never,
  );
  assert.equal(await (await globalThis.fetch(again)).text(), "GET / 2 ");
});

test("Request: is an instance of the platform's and has its text, for everybody else", () => {
  const own = new Request("http://a.test/");
  assert.ok(own instanceof globalThis.Request);
  assert.ok(Object.prototype.isPrototypeOf.call(globalThis.Request.prototype, own));
  assert.deepEqual(
    [String(own), `${own}`, Object.prototype.toString.call(own)],
    Array(3).fill("[object Request]"),
  );
  class Named extends Request {
    override toString(): string {
      return this.url;
    }
  }
  assert.equal(String(new Named("http://a.test/")), "http://a.test/");
  assert.equal(new globalThis.URL(new Named("http://a.test/x") as never).href, "http://a.test/x");
});
