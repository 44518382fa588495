import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Client, fetch, get, HTTPError, NetworkError, Request } from "../../src/index.js";
import { mockTransport, WireServer } from "../../src/testing/index.js";
import { FAILURE_KINDS } from "../transport/failure-kinds.js";
import { World } from "../transport/support.js";

async function innermost(call: () => Promise<unknown>): Promise<void> {
  await call();
}

async function outermost(call: () => Promise<unknown>): Promise<void> {
  await innermost(call);
}

/** The call fails, and the stack of its error names both functions around it. */
async function assertShowsCaller(
  call: () => Promise<unknown>,
  kind: typeof NetworkError | typeof HTTPError = NetworkError,
): Promise<void> {
  const error = await outermost(call).then(
    () => assert.fail("the call did not fail"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof kind, String(error));
  const stack = error.stack ?? "";
  assert.ok(stack.startsWith(`${error.name}: ${error.message}`), stack);
  assert.match(stack, /at async innermost .*caller-frames/);
  assert.match(stack, /at async outermost .*caller-frames/);
}

describe("the stack of a failed call holds the caller's lines", () => {
  test("each way to make a call", async () => {
    const server = await WireServer.start();
    const url = server.url();
    await server.close();
    await using world = await World.start();
    const transport = world.transport();
    const plain = new Client({ transport });
    const chained = plain.extend({ retry: { attempts: 2, backoff: { base: 1, max: 1 } } });
    const wrapped = plain.extend({ use: [(next) => ({ roundTrip: (request) => next.roundTrip(request) })] });
    for (const client of [plain, chained, wrapped]) {
      await assertShowsCaller(() => client.fetch(url));
      await assertShowsCaller(() => client.get(url));
      await assertShowsCaller(() => client.get(url).json());
      await assertShowsCaller(() => client.do(new Request(url)));
      await assertShowsCaller(() => Promise.all([client.get(url)]));
    }
    await assertShowsCaller(() => get(url).text());
    await assertShowsCaller(() => transport.roundTrip(new Request(url)));
    await assertShowsCaller(() => transport.preconnect(url));
  });

  for (const kind of FAILURE_KINDS) {
    test(`each way to fail: ${kind.name}`, async () => {
      await using world = await World.start();
      const client = new Client({ transport: world.transport(kind.options) });
      const url = await kind.url(world);
      await assertShowsCaller(async () => await (await client.get(url)).text());
    });
  }

  test("a body that breaks off, read in each way", async () => {
    await using world = await World.start();
    world.server.script([
      "readRequest",
      { reply: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1234" },
      "end",
    ]);
    const client = new Client({ transport: world.transport() });
    const url = world.server.url();
    await assertShowsCaller(async () => await (await client.get(url)).text());
    await assertShowsCaller(() => client.get(url).json());
    await assertShowsCaller(() => client.get(url).arrayBuffer());
    await assertShowsCaller(async () => {
      for await (const chunk of await client.get(url)) assert.equal(chunk.length, 4);
    });
  });

  test("a status that is an error, a file that is not saved, a download", async () => {
    await using world = await World.start();
    world.server.script(async (connection) => {
      const { target } = await connection.readRequest();
      if (target === "/500") await connection.reply("HTTP/1.1 500 X\r\nContent-Length: 1\r\n\r\nx");
      else await connection.reply("HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n1234");
      await connection.end();
    });
    const transport = world.transport();
    const folder = mkdtempSync(join(tmpdir(), "caller-frames-"));
    try {
      for (const client of [new Client({ transport }), new Client({ transport, retry: { attempts: 1 } })]) {
        const [bad, cut, file] = [world.server.url("/500"), world.server.url("/"), join(folder, "a")];
        await assertShowsCaller(() => client.get(bad, { throwOnError: true }), HTTPError);
        await assertShowsCaller(() => client.get(bad, { throwOnError: true }).text(), HTTPError);
        await assertShowsCaller(async () => (await client.get(cut)).saveTo(file));
        await assertShowsCaller(() => client.download(cut, file));
        await assertShowsCaller(() => client.download(cut, file, { resume: true }));
        await assertShowsCaller(() => client.download(bad, file), HTTPError);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("what is refused before anything is sent, however deep it is looked at", async () => {
    const client = new Client();
    const sync = (call: () => unknown) => async () => await call();
    for (const call of [
      () => client.get("http://["),
      () => client.get("http://a.test", { headers: { "a b": "c" } }),
      () => client.post("http://a.test", { body: "a", json: 1 }),
      () => client.post("http://a.test", { nmae: 1 } as never),
      () => client.get("http://a.test", { timeout: 0 }),
      () => get("http://["),
      () => fetch("http://["),
      () => fetch("http://a.test", { headers: { "a b": "c" } }),
      () => new Client({ baseURL: "http://[" }),
    ]) {
      const error = await outermost(sync(call)).then(
        () => assert.fail("the call did not fail"),
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
      assert.match(error.stack ?? "", /at innermost .*caller-frames/);
      assert.match(error.stack ?? "", /at outermost .*caller-frames/);
    }
  });

  test("an error that is not this package's stays as it is", async () => {
    const mine = new Error("mine");
    const { stack } = mine;
    const client = new Client({ transport: mockTransport(() => Promise.reject(mine)) });
    await assert.rejects(
      client.get("http://a.test/"),
      (error: Error) => error === mine && error.stack === stack,
    );
    await assert.rejects(
      client.get("http://a.test/", { signal: AbortSignal.abort(mine) }),
      (error: Error) => {
        return error === mine && error.stack === stack;
      },
    );
  });
});
