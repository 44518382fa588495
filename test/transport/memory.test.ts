import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Client, type Init, type Response } from "../../src/index.js";
import { clientOf, rejection, turn, until, World } from "./support.js";

// Memory is bounded: nothing of a call stays when it is over, and what is remembered has a bound in bytes.

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const CLAIM = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx";

interface Way {
  readonly name: string;
  readonly init?: Init;
  readonly act: (response: Response) => Promise<unknown>;
}

const WAYS: readonly Way[] = [
  { name: "close()", act: (response) => response.close() },
  { name: "body.cancel()", act: async (response) => response.body?.cancel() },
  {
    name: "maxResponseBytes, of a body that announces more",
    init: { maxResponseBytes: 1000 },
    act: async () => undefined,
  },
  {
    name: "a break out of the iteration",
    act: async (response) => {
      for await (const chunk of response) {
        void chunk;
        break;
      }
    },
  },
];

for (const { name, init, act } of WAYS) {
  test(`memory: nothing of a response ended by ${name} stays`, async () => {
    await using world = await World.start({ script: ["readRequest", { reply: CLAIM }, "stall"] });
    const transport = world.transport();
    const client = clientOf(transport);
    const held: WeakRef<object>[] = [];
    const one = async (): Promise<void> => {
      try {
        const response = await client.get(world.server.url(), init);
        held.push(new WeakRef(response));
        await act(response);
      } catch (error) {
        held.push(new WeakRef(error as Error));
      }
    };
    for (let i = 0; i < 30; i += 1) await one();
    const left = (): number => held.filter((ref) => ref.deref() !== undefined).length;
    for (let i = 0; i < 20 && left() > 1; i += 1) {
      await turn();
      collectGarbage();
    }
    // The engine may hold on to the last one.
    assert.ok(left() <= 1, `${left()} of ${held.length} stayed`);
  });
}

test("memory: of a long URL, a long method and a long error code a part is remembered", async () => {
  await using world = await World.start();
  const transport = world.transport();
  const client = clientOf(transport);
  await client.get(world.server.url(`/${"p".repeat(30_000)}?token=${"s".repeat(20_000)}`)).text();
  await client
    .fetch(world.server.url(), { method: `X${"M".repeat(5000)}` })
    .then((response) => response.text());
  const broken = world.transport({
    lookup: (_host, _options, done) => done(Object.assign(new Error("no"), { code: "E".repeat(9000) }), []),
  });
  await rejection(clientOf(broken).get("http://name.test/"));
  const [long, method] = transport.recording().exchanges;
  assert.equal(long?.path.length, 1025);
  assert.equal(method?.method.length, 65);
  assert.ok(JSON.stringify(transport.recording()).length < 10_000);
  assert.ok(JSON.stringify(broken.recording()).length < 20_000);
});

test("memory: of a name with thousands of addresses few are remembered, and few are in the message", async () => {
  await using world = await World.start();
  const transport = world.transport({
    allowAddress: "public",
    lookup: (_host, _options, done) =>
      done(
        null,
        Array.from({ length: 4000 }, (_, i) => ({ address: `10.0.${i >> 8}.${i & 255}`, family: 4 })),
      ),
  });
  const error = await rejection(clientOf(transport).get("http://name.test/"));
  assert.match(error.message, /10\.0\.0\.7 and 248 more/);
  const [record] = transport.recording().connections;
  assert.equal(record?.dial.attempts.length, 16);
  assert.equal(record?.dial.moreAttempts, 240);
});

test("memory: a host name that no DNS can know is refused before anything is remembered of it", async () => {
  await using world = await World.start();
  const transport = world.transport();
  const error = await rejection(clientOf(transport).get(`http://${"a".repeat(300)}.test/`));
  assert.match(error.message, /its host name has 305 characters, and the maximum is 254/);
  assert.equal(transport.recording().connections.length, 0);
});

test("memory: a body in chunks of one byte is read whole, as a stream and unread", async () => {
  const bytes = 50_000;
  await using world = await World.start();
  world.server.script(async (connection) => {
    for await (const request of connection.eachRequest()) {
      void request;
      await connection.reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      await connection.reply(`${"1\r\na\r\n".repeat(bytes)}0\r\n\r\n`);
    }
  });
  const client = new Client({ transport: world.transport() });
  assert.equal((await client.get(world.server.url()).bytes()).length, bytes);
  let streamed = 0;
  for await (const chunk of await client.get(world.server.url())) streamed += chunk.length;
  assert.equal(streamed, bytes);
  const unread = await client.get(world.server.url());
  await until(() => world.server.requests === 3, "the third request");
  await turn();
  assert.equal(await unread.text(), "a".repeat(bytes));
});
