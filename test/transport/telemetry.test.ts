import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, test } from "node:test";
import { Client, Request } from "../../src/index.js";
import { World } from "./support.js";

const CHANNELS = [
  "undici:request:create",
  "undici:client:sendHeaders",
  "undici:request:headers",
  "undici:request:trailers",
  "undici:request:error",
] as const;

interface Message {
  readonly request: {
    readonly origin: string;
    readonly path: string;
    readonly method: string;
    readonly headers: readonly string[];
    addHeader(name: string, value: string): void;
  };
  readonly headers?: string;
  readonly socket?: { readonly remotePort?: number };
  readonly response?: {
    readonly statusCode: number;
    readonly headers: Buffer[];
    readonly statusText: string;
  };
  readonly trailers?: Buffer[];
  readonly error?: Error & { code?: string };
}

/** What was published while `run` ran, in order; `onCreate` is a subscriber's part. */
async function published(
  run: () => Promise<void>,
  onCreate?: (message: Message) => void,
): Promise<[channel: string, message: Message][]> {
  const seen: [string, Message][] = [];
  const listeners = CHANNELS.map((name) => {
    const listener = (message: unknown): void => {
      seen.push([name.replace(/^undici:\w+:/, ""), message as Message]);
      if (name === "undici:request:create") onCreate?.(message as Message);
    };
    subscribe(name, listener);
    return [name, listener] as const;
  });
  try {
    await run();
  } finally {
    for (const [name, listener] of listeners) unsubscribe(name, listener);
  }
  return seen;
}

const names = (seen: readonly [string, Message][]): string[] => seen.map(([name]) => name);

describe("undici's channels", () => {
  test("one exchange: create, sendHeaders, headers, trailers, each about the same request", async () => {
    await using world = await World.start();
    world.server.script([
      { expect: /^GET \/a\?b=1 .*User-Agent: trunkline.*x-trace: 1.*\r\n\r\n/s },
      {
        reply:
          "HTTP/1.1 201 Made\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-End: 1\r\n\r\n",
      },
    ]);
    const client = new Client({ transport: world.transport() });
    const seen = await published(
      async () => assert.equal(await client.get(world.server.url("/a?b=1")).text(), "ok"),
      ({ request }) => request.addHeader("x-trace", "1"),
    );
    assert.deepEqual(names(seen), ["create", "sendHeaders", "headers", "trailers"]);
    const [create, sent, answered, over] = seen.map(([, message]) => message) as [
      Message,
      Message,
      Message,
      Message,
    ];
    for (const { request } of [sent, answered, over]) assert.equal(request, create.request);
    const { request } = create;
    assert.deepEqual(
      [request.origin, request.path, request.method],
      [new URL(world.server.url()).origin, "/a?b=1", "GET"],
    );
    assert.match(request.headers.join(","), /User-Agent,trunkline,Accept-Encoding,gzip.*,x-trace,1$/);
    assert.match(sent.headers ?? "", /^GET \/a\?b=1 HTTP\/1\.1\r\n.*x-trace: 1\r\n$/s);
    assert.equal(sent.socket?.remotePort, Number(new URL(world.server.url()).port));
    assert.equal(answered.response?.statusCode, 201);
    assert.equal(answered.response?.statusText, "Made");
    assert.deepEqual(answered.response?.headers.map(String), ["X-A", "b", "Transfer-Encoding", "chunked"]);
    assert.deepEqual(over.trailers?.map(String), ["X-End", "1"]);
  });

  test("a head and body in one read, a HEAD and a 204: headers come before trailers", async () => {
    await using world = await World.start();
    world.server.script([
      { repeat: ["readRequest", { reply: "HTTP/1.1 204 No Content\r\n\r\n" }], times: 2 },
      { repeat: ["readRequest", { replyOk: "ok" }] },
    ]);
    const client = new Client({ transport: world.transport() });
    for (const method of ["HEAD", "GET", "POST"]) {
      const seen = await published(async () => void (await client.fetch(world.server.url(), { method })));
      assert.deepEqual(names(seen), ["create", "sendHeaders", "headers", "trailers"]);
    }
  });

  test("each hop of a redirect is a request of its own, and what was added goes with one of them", async () => {
    await using world = await World.start();
    world.server.script([
      "readRequest",
      { reply: "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n" },
      { expect: /^GET \/b .*x-own: 1\r\n.*x-trace: 2\r\n(?!.*x-trace).*\r\n\r\n/s },
      { replyOk: "ok" },
    ]);
    const client = new Client({ transport: world.transport() });
    let count = 0;
    const request = new Request(world.server.url("/a"), { headers: { "x-own": "1" } });
    const seen = await published(
      async () => void (await client.do(request)),
      (message) => message.request.addHeader("x-trace", String(++count)),
    );
    assert.deepEqual(names(seen), [
      "create",
      "sendHeaders",
      "headers",
      "trailers",
      "create",
      "sendHeaders",
      "headers",
      "trailers",
    ]);
    assert.equal(request.headers.has("x-trace"), false);
  });

  test("failures: the system's error where there is one, an abort as an AbortError, ours else", async () => {
    await using world = await World.start();
    const gone = await world.another();
    await gone.close();
    world.server.script([
      "readRequest",
      { reply: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n12" },
      "stall",
    ]);
    const client = new Client({ transport: world.transport() });
    const refused = await published(async () => void (await client.get(gone.url()).catch(() => undefined)));
    assert.deepEqual(names(refused), ["create", "error"]);
    assert.equal(refused[1]?.[1].error?.code, "ECONNREFUSED");

    const closed = await published(async () => await (await client.get(world.server.url())).close());
    assert.deepEqual(names(closed), ["create", "sendHeaders", "headers", "error"]);
    assert.equal(closed[3]?.[1].error?.name, "AbortError");

    const controller = new AbortController();
    const aborted = await published(async () => {
      const response = await client.get(world.server.url(), { signal: controller.signal });
      controller.abort();
      await response.text().catch(() => undefined);
    });
    assert.equal(aborted.at(-1)?.[1].error, controller.signal.reason);

    const refusedHere = await published(
      async () =>
        void (await client
          .get(world.server.url(), { headers: { "transfer-encoding": "identity" } })
          .catch(() => undefined)),
    );
    assert.deepEqual(names(refusedHere), ["create", "error"]);
  });

  test("create runs in the caller's async context, with the chain too; what a subscriber throws hurts nobody", async () => {
    await using world = await World.start();
    const local = new AsyncLocalStorage<string>();
    const client = new Client({ transport: world.transport() });
    for (const each of [client, client.extend({ retry: true })]) {
      const found: unknown[] = [];
      await published(
        () => local.run("mine", async () => void (await each.get(world.server.url()).text())),
        () => found.push(local.getStore()),
      );
      assert.deepEqual(found, ["mine"]);
    }
  });
});
