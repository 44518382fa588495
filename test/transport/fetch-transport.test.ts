import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client, fetchTransport, NetworkError, Request } from "../../src/index.js";
import { World } from "./support.js";

type Fetch = typeof globalThis.fetch;

/** A fetch that answers by `answer`, and keeps what it was called with. */
function faked(answer: (url: string, init: RequestInit) => Response | Promise<Response>) {
  const calls: { url: string; init: RequestInit }[] = [];
  const fetch = (async (url: string, init: RequestInit) => {
    calls.push({ url, init });
    return answer(url, init);
  }) as unknown as Fetch;
  return { calls, fetch };
}

describe("fetchTransport", () => {
  test("hands over method, headers in their order, body and signal, and asks for redirects as they are", async () => {
    const { calls, fetch } = faked(() => new Response("ok", { status: 201, headers: { "x-a": "b" } }));
    const client = new Client({ transport: fetchTransport(fetch), decompress: false });
    const signal = new AbortController().signal;
    const response = await client.post("http://u:p@a.test/b?c", {
      json: { x: 1 },
      headers: { "X-K": "v" },
      signal,
    });
    assert.deepEqual([response.status, response.headers.get("x-a"), await response.text()], [201, "b", "ok"]);
    const [{ url, init }] = calls as [{ url: string; init: RequestInit }];
    assert.equal(url, "http://a.test/b?c");
    assert.deepEqual([init.method, init.redirect, String(init.body)], ["POST", "manual", '{"x":1}']);
    assert.deepEqual(init.headers, [
      ["X-K", "v"],
      ["content-type", "application/json"],
      ["authorization", "Basic dTpw"],
    ]);
  });

  test("redirects, cookies and retries are the client's", async () => {
    let count = 0;
    const { calls, fetch } = faked((url) => {
      if (url.endsWith("/a"))
        return new Response(null, { status: 302, headers: { location: "/b", "set-cookie": "k=v" } });
      count += 1;
      return count === 1 ? new Response("busy", { status: 503 }) : new Response("there");
    });
    const client = new Client({
      transport: fetchTransport(fetch),
      cookies: true,
      retry: { attempts: 2, backoff: { base: 1, max: 1 } },
    });
    assert.equal(await client.get("http://a.test/a").text(), "there");
    assert.deepEqual(
      calls.map(({ url }) => url),
      ["http://a.test/a", "http://a.test/b", "http://a.test/b"],
    );
    assert.ok(JSON.stringify(calls[2]?.init.headers).includes("k=v"));
  });

  test("failures of the fetch are NetworkErrors, before and within the body; others stay as they are", async () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    for (const [error, code, phase] of [
      [new TypeError("fetch failed", { cause: refused }), "ERR_TRUNKLINE_CONNECTION_REFUSED", "connect"],
      [new TypeError("Failed to fetch"), "ERR_TRUNKLINE_FETCH", "headers"],
    ] as const) {
      const client = new Client({ transport: fetchTransport(faked(() => Promise.reject(error)).fetch) });
      await assert.rejects(
        client.get("http://a.test/"),
        (given) =>
          given instanceof NetworkError && given.code === code && given.phase === phase && given.retryable,
      );
    }
    const mistake = new TypeError("a mistake of the mock's");
    const client = new Client({ transport: fetchTransport(faked(() => Promise.reject(mistake)).fetch) });
    await assert.rejects(client.get("http://a.test/"), (error) => error === mistake);
    await using world = await World.start();
    world.server.script(["readRequest", { reply: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n12" }, "end"]);
    const real = new Client({ transport: fetchTransport(globalThis.fetch) });
    await assert.rejects(
      real.get(world.server.url()).text(),
      (error) => error instanceof NetworkError && error.phase === "body" && error.responseStarted,
    );
  });

  test("an abort rejects with the signal's reason; a limit of time holds", async () => {
    const never = faked(() => new Promise<Response>(() => undefined)).fetch;
    const reason = new Error("mine");
    const client = new Client({ transport: fetchTransport(never) });
    const controller = new AbortController();
    const call = client.get("http://a.test/", { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(call, (error) => error === reason);
    await assert.rejects(
      client.get("http://a.test/", { signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    );
    await assert.rejects(client.get("http://a.test/", { timeout: 5 }), { name: "TimeoutError" });
  });

  test("the global fetch is looked up at each call; another stays", async () => {
    const original = globalThis.fetch;
    const [late, named] = [fetchTransport(), fetchTransport(globalThis.fetch)];
    globalThis.fetch = faked(() => new Response("replaced")).fetch;
    try {
      for (const transport of [late, named])
        assert.equal(await new Client({ transport }).get("http://a.test/").text(), "replaced");
    } finally {
      globalThis.fetch = original;
    }
  });

  test("what fetch lacks is refused, and the body is closed", async () => {
    const { calls, fetch } = faked(() => new Response(null, { status: 200 }));
    const client = new Client({ transport: fetchTransport(fetch) });
    let closed = false;
    const body = new ReadableStream({ cancel: () => void (closed = true) });
    for (const init of [{ trailers: { a: "b" } }, { onInformational: () => undefined }, { trace: {} }]) {
      await assert.rejects(client.post("http://a.test/", { body: "x", ...init }), /over fetchTransport/);
    }
    await assert.rejects(client.post("http://a.test/", { body, expectContinue: true }), /expectContinue/);
    assert.equal(closed, true);
    assert.equal(calls.length, 0);
    assert.throws(() => fetchTransport({} as never), /must be a function/);
    const hidden = Object.defineProperty(new Response(null), "type", { value: "opaqueredirect" });
    const hiding = new Client({ transport: fetchTransport(faked(() => hidden).fetch) });
    await assert.rejects(hiding.get("http://a.test/"), /opaqueredirect/);
  });

  test("a body of known length is handed over whole, a stream as a stream", async () => {
    const { calls, fetch } = faked(() => new Response(null));
    const transport = fetchTransport(fetch);
    for (const body of [new Blob(["blob"]), new FormData(), new ReadableStream(), "text"])
      await transport.roundTrip(
        new Request("http://a.test/", { method: "POST", body: body as never, duplex: "half" }),
      );
    assert.deepEqual(
      calls.map(({ init }) => init.body instanceof Uint8Array),
      [true, true, false, true],
    );
  });
});
