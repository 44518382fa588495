// Programs whose globals are not Node's: jsdom and polyfills replace classes, jest runs in a realm of its own, and
// --frozen-intrinsics forbids writing to Error.
import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import {
  Client,
  createFetch,
  fetchTransport,
  NetworkError,
  Request,
  Response,
  Transport,
} from "../../src/index.js";
import { FriendlyServer } from "../../src/testing/index.js";

/** Replaces a global while `run` runs. */
async function replaced(name: string, value: unknown, run: () => Promise<void>): Promise<void> {
  const own = Object.getOwnPropertyDescriptor(globalThis, name);
  if (own === undefined) throw new Error(`there is no global ${name}`);
  Object.defineProperty(globalThis, name, { ...own, value });
  try {
    await run();
  } finally {
    Object.defineProperty(globalThis, name, own);
  }
}

/** An event target and signal that Node knows nothing of. */
class ForeignSignal {
  aborted = false;
  reason: unknown = undefined;
  readonly #listeners: (() => void)[] = [];
  addEventListener(_type: string, listener: () => void): void {
    this.#listeners.push(listener);
  }
  removeEventListener(): void {}
  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    for (const listener of this.#listeners) listener();
  }
}

test("Client.fetch: takes a signal whose EventTarget replaces the global one", async () => {
  await using server = await FriendlyServer.start();
  await using transport = new Transport();
  const client = new Client({ transport });
  await replaced("EventTarget", ForeignSignal, async () => {
    const signal = new ForeignSignal() as unknown as AbortSignal;
    assert.equal((await client.get(server.url("/json"), { signal })).status, 200);
  });
});

test("Client.fetch: ends with the reason of a foreign signal, also where the client has a time limit", async () => {
  await using server = await FriendlyServer.start();
  await using transport = new Transport();
  for (const client of [new Client({ transport }), new Client({ transport, timeout: 60_000 })]) {
    const before = new ForeignSignal();
    const reason = new Error("enough");
    before.abort(reason);
    const get = (signal: ForeignSignal) =>
      client.get(server.url("/json"), { signal: signal as unknown as AbortSignal });
    await assert.rejects(get(before).text(), (error) => error === reason);
    const during = new ForeignSignal();
    const call = get(during).text();
    const { signal } = new Request("http://a.test/", { signal: during as unknown as AbortSignal });
    during.abort(reason);
    await assert.rejects(call, (error) => error === reason);
    assert.equal(signal.reason, reason);
  }
});

test("Client.post: sends a form where Uint8Array is of another realm than Buffer", async () => {
  await using server = await FriendlyServer.start();
  await using transport = new Transport();
  const client = new Client({ transport });
  const form = new FormData();
  form.append("a", "1");
  form.append("f", new Blob(["file"]), "f.txt");
  const fields = new FormData();
  fields.append("a", "1");
  await replaced("Uint8Array", runInNewContext("Uint8Array"), async () => {
    for (const body of [form, fields]) {
      assert.match(await client.post(server.url("/echo"), { body }).text(), /name=\\?"a\\?"/);
    }
  });
});

test("a blob without stream() is read by arrayBuffer(), and refused without either", async () => {
  const kind = { [Symbol.toStringTag]: "Blob", size: 2, type: "" };
  const old = { ...kind, arrayBuffer: async () => new TextEncoder().encode("ok").buffer };
  assert.equal(await new Response(old as never).text(), "ok");
  assert.throws(
    () => new Response(kind as never),
    /^TypeError: Cannot send this Blob: it has neither stream\(\)/,
  );
  const form = new FormData();
  const entries = () => [["f", kind]];
  Object.defineProperty(form, "entries", { value: entries });
  assert.throws(() => new Response(form as never), /^TypeError: Cannot send this Blob/);
});

test("a blob and a form whose classes have no tag, such as happy-dom's, are sent as such", async () => {
  const blob = new Blob(["text"], { type: "a/b" });
  class Untagged {
    readonly size = blob.size;
    readonly type = blob.type;
    readonly name = "f.txt";
    slice = (...range: number[]) => blob.slice(...range);
    stream = () => blob.stream();
    arrayBuffer = () => blob.arrayBuffer();
  }
  const sent = new Response(new Untagged() as never);
  assert.deepEqual([await sent.text(), sent.headers.get("content-type")], ["text", "a/b"]);
  class UntaggedForm {
    entries = () => [["f", new Untagged()]];
    getAll = () => [];
    append = () => undefined;
  }
  const form = await new Response(new UntaggedForm() as never).formData();
  assert.equal(await (form.get("f") as File).text(), "text");
  // URLSearchParams has the same methods, and a tag.
  assert.equal(await new Response(new URLSearchParams({ a: "1" })).text(), "a=1");
});

test("Response.body: is a stream where there is no global ReadableStream", async () => {
  await using server = await FriendlyServer.start();
  await using transport = new Transport();
  const client = new Client({ transport });
  await replaced("ReadableStream", undefined, async () => {
    const response = await client.post(server.url("/echo"), { body: "x" });
    const copy = response.clone();
    let length = 0;
    for await (const chunk of response.body ?? []) length += chunk.length;
    assert.ok(length > 0);
    assert.equal((await copy.bytes()).length, length);
    assert.equal(await new Response(null).text(), "");
  });
});

test("Client.fetch: takes a Request of another implementation, which lacks members of the standard", async () => {
  await using server = await FriendlyServer.start();
  await using transport = new Transport();
  const foreign = {
    [Symbol.toStringTag]: "Request",
    ...{ method: "GET", url: server.url("/json"), headers: [["x-a", "1"]] },
    ...{ body: null, bodyUsed: false },
  };
  const client = new Client({ transport });
  assert.equal((await client.fetch(foreign as never)).status, 200);
  assert.equal(new Request(foreign as never).redirect, "follow");
});

test("Transport: looks at an idle connection where Error cannot be written to", async () => {
  await using server = await FriendlyServer.start();
  await using transport = new Transport();
  const client = new Client({ transport });
  const own = Object.getOwnPropertyDescriptor(Error, "stackTraceLimit") ?? {};
  Object.defineProperty(Error, "stackTraceLimit", { ...own, writable: false });
  try {
    for (let request = 0; request < 3; request += 1) {
      assert.equal((await client.post(server.url("/echo"), { body: "x" })).status, 200);
    }
  } finally {
    Object.defineProperty(Error, "stackTraceLimit", own);
  }
  assert.equal(transport.snapshot().totals.opened, 1);
});

test("fetchTransport: knows a failure whose errors are of another realm", async () => {
  const make = runInNewContext(
    "(message, code) => new TypeError('fetch failed', { cause: Object.assign(new Error(message), { code }) })",
  ) as (message: string, code: string) => unknown;
  for (const [system, code] of [
    ["ECONNREFUSED", "ERR_TRUNKLINE_CONNECTION_REFUSED"],
    ["ERR_HTTP2_STREAM_ERROR", "ERR_TRUNKLINE_STREAM_RESET"],
  ] as const) {
    const client = new Client({ transport: fetchTransport(() => Promise.reject(make("it broke", system))) });
    const error = await client.get("http://a.test/").catch((reason: unknown) => reason);
    assert.ok(error instanceof NetworkError);
    assert.equal(error.code, code);
    assert.match(error.message, /failed over the given fetch: it broke$/);
  }
});

test("fetchTransport: a client over it may take the place of the global fetch", async () => {
  let calls = 0;
  const platform = async (url: unknown) => {
    calls += 1;
    return new globalThis.Response(String(url));
  };
  await replaced("fetch", platform, async () => {
    for (const transport of [fetchTransport(), fetchTransport(globalThis.fetch)]) {
      globalThis.fetch = createFetch(new Client({ transport, headers: { a: "b" } }));
      for (const each of [globalThis.fetch, createFetch(new Client({ transport }))]) {
        assert.equal(await (await each("http://a.test/x")).text(), "http://a.test/x");
      }
      globalThis.fetch = platform as never;
    }
  });
  assert.equal(calls, 4);
});
