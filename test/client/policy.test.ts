import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { describe, mock, test } from "node:test";
import {
  Client,
  type CookieJar,
  HTTPError,
  type Middleware,
  NetworkError,
  type Progress,
  Request,
  Response,
  TimeoutError,
  Transport,
} from "../../src/index.js";
import { FriendlyServer, mockTransport, WireServer } from "../../src/testing/index.js";

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.fail("it resolved"),
    (error: unknown) => error,
  );

describe("throwOnError", () => {
  test("HTTPError: has the response, and says method, URL and status without the query's values", async () => {
    const transport = mockTransport(() => ({ status: 404, statusText: "Not Found", body: "gone" }));
    const client = new Client({ transport, throwOnError: true });
    const error = await rejection(client.get("http://me:pw@a.test/x?token=secret"));
    assert.ok(error instanceof HTTPError);
    assert.equal(
      error.message,
      "GET http://a.test/x?token=*** failed with status 404 Not Found; error.response has the headers and the body",
    );
    assert.equal(error.status, 404);
    assert.equal(await error.response.text(), "gone");
    assert.equal((await client.get("http://a.test/", { throwOnError: false })).status, 404);
  });

  test("HTTPError: is thrown over our own transport too, and a status below 400 is none", async () => {
    await using server = await FriendlyServer.start();
    await using transport = new Transport();
    const client = new Client({ transport, throwOnError: true });
    assert.ok((await rejection(client.get(server.url("/status/500")))) instanceof HTTPError);
    assert.equal(
      await client
        .get(server.url("/bytes/3"))
        .text()
        .then((text) => text.length),
      3,
    );
    const manual = await client.get(server.url("/redirect/1"), { redirect: "manual" });
    assert.equal(manual.status, 302);
    await manual.close();
  });
});

describe("maxResponseBytes", () => {
  test("limit: an announced body beyond it rejects the call, when it is still on its way", async () => {
    await using server = await FriendlyServer.start();
    await using transport = new Transport();
    const client = new Client({ transport, maxResponseBytes: 1000 });
    const error = await rejection(client.get(server.url("/bytes/1000000")));
    assert.ok(error instanceof NetworkError);
    assert.equal(error.code, "ERR_TRUNKLINE_RESPONSE_TOO_LARGE");
    assert.equal((await client.get(server.url("/bytes/1000")).bytes()).length, 1000);
    assert.equal((await client.head(server.url("/bytes/1000000"))).status, 200);
  });

  test("limit: an unannounced body fails at the limit, and its connection closes", async () => {
    await using server = await FriendlyServer.start();
    await using transport = new Transport();
    const client = new Client({ transport });
    const response = await client.get(server.url("/chunked/2000000"), { maxResponseBytes: 100_000 });
    const error = await rejection(response.bytes());
    assert.ok(error instanceof NetworkError);
    assert.equal(error.code, "ERR_TRUNKLINE_RESPONSE_TOO_LARGE");
    assert.equal(transport.snapshot().totals.idle, 0);
  });

  test("limit: counts decoded bytes", async () => {
    await using server = await FriendlyServer.start();
    await using transport = new Transport();
    const client = new Client({ transport });
    const whole = await client.get(server.url("/encoded/gzip")).bytes();
    const response = await client.get(server.url("/encoded/gzip"), { maxResponseBytes: whole.length - 1 });
    assert.equal(
      ((await rejection(response.text())) as NetworkError).code,
      "ERR_TRUNKLINE_RESPONSE_TOO_LARGE",
    );
    assert.throws(() => new Client({ maxResponseBytes: -1 }), RangeError);
  });
});

describe("onProgress", () => {
  test("up and down: each piece is reported, the last one with all bytes", async () => {
    await using server = await FriendlyServer.start();
    await using transport = new Transport();
    const seen: Progress[] = [];
    const body = new Uint8Array(300_000);
    const response = await new Client({ transport }).post(server.url("/echo"), {
      body,
      onProgress: (progress) => seen.push(progress),
    });
    await response.bytes();
    const up = seen.filter((progress) => progress.direction === "up");
    const down = seen.filter((progress) => progress.direction === "down");
    assert.deepEqual(up.at(-1), { direction: "up", bytes: 300_000, total: 300_000 });
    assert.ok(down.length >= 2);
    assert.ok((down.at(-1) as Progress).bytes >= 300_000);
  });

  test("listener: what it throws is the error of the body", async () => {
    const client = new Client({ transport: mockTransport(() => "text") });
    const stop = new Error("stop");
    const response = await client.get("http://a.test/", {
      onProgress: () => {
        throw stop;
      },
    });
    await assert.rejects(response.text(), stop);
  });
});

describe("middleware", () => {
  const named =
    (name: string, log: string[]): Middleware =>
    (next) => ({
      async roundTrip(request) {
        log.push(`${name} ${request.method} ${request.url}`);
        const response = await next.roundTrip(request);
        log.push(`${name} ${response.status} ${response.url}`);
        return response;
      },
    });

  test("use: the first is outermost, sees one request and the last response; extend adds inside", async () => {
    const log: string[] = [];
    const transport = mockTransport((request) =>
      request.url.endsWith("/b") ? "end" : { status: 302, headers: { location: "/b" } },
    );
    const client = new Client({ transport: named("attempt", log)(transport), use: [named("1", log)] });
    await client.extend({ use: [named("2", log)] }).get("http://a.test/");
    assert.deepEqual(log, [
      "1 GET http://a.test/",
      "2 GET http://a.test/",
      "attempt GET http://a.test/",
      "attempt 302 http://a.test/",
      "attempt GET http://a.test/b",
      "attempt 200 http://a.test/b",
      "2 200 http://a.test/b",
      "1 200 http://a.test/b",
    ]);
  });

  test("use: is made once a client, may answer itself, and may send another request", async () => {
    let made = 0;
    const transport = mockTransport((request) => request.headers.get("x-added") ?? "none");
    const use: Middleware[] = [
      (next) => {
        made += 1;
        return {
          roundTrip(request) {
            if (request.url.endsWith("/own")) return Promise.resolve(new Response("own"));
            return next.roundTrip(new Request(request, { headers: { "x-added": "yes" } }));
          },
        };
      },
    ];
    const client = new Client({ transport, use });
    assert.equal(await client.get("http://a.test/own").text(), "own");
    assert.equal(await client.get("http://a.test/").text(), "yes");
    assert.equal(made, 1);
  });

  test("use: what it throws, also at once, and what is not a response, reject the call", async () => {
    const transport = mockTransport(() => "x");
    const oops = new Error("oops");
    const throwing: Middleware = () => ({
      roundTrip() {
        throw oops;
      },
    });
    await assert.rejects(new Client({ transport, use: [throwing] }).get("http://a.test/"), oops);
    const nothing: Middleware = () => ({ roundTrip: async () => undefined as never });
    await assert.rejects(new Client({ transport, use: [nothing] }).get("http://a.test/"), /not a Response/);
    assert.throws(() => new Client({ transport, use: [(() => undefined) as never] }), /middleware 0/);
  });

  test("use: the call's own policy holds below it, when the middleware derives the request", async () => {
    const transport = mockTransport((request) =>
      request.url.endsWith("/b") ? "end" : { status: 302, headers: { location: "/b" } },
    );
    const client = new Client({
      transport,
      use: [(next) => ({ roundTrip: (request) => next.roundTrip(request.clone()) })],
    });
    const error = await rejection(client.get("http://a.test/", { maxRedirects: 0 }));
    assert.equal((error as NetworkError).code, "ERR_TRUNKLINE_TOO_MANY_REDIRECTS");
  });
});

/** A round tripper that never answers. */
const deaf = { roundTrip: () => new Promise<Response>(() => undefined) };

describe("timeout", () => {
  test("a limit beyond what one timer takes is that limit, not a shorter one", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      let settled = false;
      const call = new Client({ transport: deaf, timeout: 2 ** 32 }).get("http://a.test/");
      call.then(
        () => undefined,
        () => {
          settled = true;
        },
      );
      mock.timers.tick(2 ** 31 - 1);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(settled, false);
      mock.timers.tick(2 ** 31 - 1);
      mock.timers.tick(2);
      await assert.rejects(call, /timeout of 4294967296 ms/);
    } finally {
      mock.timers.reset();
    }
  });

  test("foreign round tripper: the signal aborts and the call rejects, also when nobody listens to it", async () => {
    const error = await rejection(
      new Client({ transport: deaf, timeout: 5 }).get("http://a.test/x?secret=1"),
    );
    assert.ok(error instanceof TimeoutError);
    assert.equal(error.timeout, "timeout");
    assert.equal(error.milliseconds, 5);
    assert.match(
      error.message,
      /^GET http:\/\/a\.test timed out: the call took longer than its timeout of 5 ms/,
    );
    let reason: unknown;
    const listening = mockTransport(async () => "late");
    const slow = {
      roundTrip(request: Request): Promise<Response> {
        request.signal.addEventListener("abort", () => {
          reason = request.signal.reason;
        });
        return new Promise<Response>(() => undefined).then(() => listening.roundTrip(request));
      },
    };
    await rejection(new Client({ transport: slow }).get("http://a.test/", { timeout: 5 }));
    assert.ok(reason instanceof TimeoutError);
  });

  test("foreign round tripper: the limit covers the body", async () => {
    const transport = mockTransport(() => ({
      body: (async function* () {
        yield "first";
        await new Promise(() => undefined);
      })(),
    }));
    const response = await new Client({ transport, timeout: 20 }).get("http://a.test/");
    const error = await rejection(response.text());
    assert.ok(error instanceof TimeoutError);
    assert.equal(error.phase, "body");
  });

  test("our transport: one limit for all hops, when a later one hangs", async () => {
    await using server = await WireServer.start({
      script: async (connection) => {
        await connection.readRequest();
        await connection.reply("HTTP/1.1 302 Found\r\nlocation: /2\r\ncontent-length: 0\r\n\r\n");
        await connection.readRequest();
        await connection.closed;
      },
    });
    await using transport = new Transport();
    const error = await rejection(new Client({ transport, timeout: 60 }).get(server.url("/")));
    assert.ok(error instanceof TimeoutError, String(error));
    assert.equal(error.timeout, "timeout");
    assert.equal(error.milliseconds, 60);
    transport.destroy();
  });

  test("middleware: cannot hold the call up beyond the limit, nor beyond an abort", async () => {
    const hang: Middleware = () => ({ roundTrip: () => new Promise(() => undefined) });
    const client = new Client({ transport: mockTransport(() => "x"), use: [hang] });
    assert.ok((await rejection(client.get("http://a.test/", { timeout: 5 }))) instanceof TimeoutError);
    const controller = new AbortController();
    const call = client.get("http://a.test/", { signal: controller.signal });
    controller.abort("enough");
    assert.equal(await rejection(call), "enough");
  });
});

describe("async context", () => {
  test("caller's code: runs in the context of its call: middleware, listeners, jars, tokens", async () => {
    await using server = await FriendlyServer.start();
    await using transport = new Transport();
    const context = new AsyncLocalStorage<string>();
    const seen: Record<string, string | undefined> = {};
    const note = (what: string): void => {
      seen[what] = context.getStore();
    };
    const jar: CookieJar = {
      cookiesFor: () => {
        note("cookiesFor");
        return undefined;
      },
      store: () => note("store"),
    };
    const clients = [
      new Client({ transport, cookies: jar, onRedirect: () => note("onRedirect") }),
      new Client({
        transport,
        use: [
          (next) => ({
            roundTrip: (request) => {
              note("use");
              return next.roundTrip(request);
            },
          }),
        ],
      }),
      new Client({
        transport,
        origins: [server.origin],
        auth: {
          bearer: () => {
            note("bearer");
            return "t";
          },
        },
      }),
    ];
    await context.run("caller", async () => {
      for (const client of clients) {
        const onInformational = (): void => note("onInformational");
        await client.get(server.url("/redirect/1?to=/hints"), { onInformational }).text();
      }
    });
    assert.deepEqual(seen, {
      cookiesFor: "caller",
      onRedirect: "caller",
      onInformational: "caller",
      use: "caller",
      bearer: "caller",
    });
  });
});

describe("request body", () => {
  test("stream: is closed when the call cannot be made", async () => {
    const client = new Client({ transport: mockTransport(() => "x") });
    const closed: string[] = [];
    const stream = (what: string): ReadableStream<Uint8Array> =>
      new ReadableStream({ cancel: () => void closed.push(what) });
    await assert.rejects(client.get("http://a.test/", { body: stream("GET") }), /Cannot send a body/);
    await assert.rejects(client.post("http://a.test/", { body: stream("option"), timeout: -1 }), RangeError);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(closed, ["GET", "option"]);
  });
});

describe("options", () => {
  for (const [options, expected] of [
    [{ prefixUrl: "x" }, /did you mean baseURL\?/],
    [{ Timeout: 1 }, /did you mean timeout\?/],
    [{ cookie: true }, /did you mean cookies\?/],
    [{ maxSockets: 1 }, /did you mean transport: new Transport\(\{ maxConnectionsPerOrigin \}\)\?/],
    [{ maxIdleThings: 1 }, /belong to the Transport/],
    [{ rejectUnauthorized: false }, /new Transport\(\{ tls: \{ rejectUnauthorized \} \}\)/],
    [{ ca: "x" }, /new Transport\(\{ tls: \{ ca \} \}\)/],
    [{ params: {} }, /did you mean query of each call\?/],
    [{ json: {} }, /the same option of each call/],
    [{ fetch: () => 1 }, /transport: fetchTransport\(fetch\)/],
    [{ use: {} }, /array of functions/],
    [{ origins: "http://a.test" }, /array of origins/],
    [{ sensitiveHeaders: "x-key" }, /array of header names/],
    [{ timeout: 0 }, /0 for timeout: .* more than 0; for no limit omit it or use Infinity/],
    [{ timeout: false }, /for no limit omit it/],
    [{ timeout: null }, /for no limit omit it/],
    [{ attemptTimeout: 0 }, /for no limit omit it/],
    [{ timeout: "5s" }, /"5s" for timeout/],
    [{ baseURL: "http://a.test/?key=1" }, /has a query.*relativeURLs: "resolve"/],
    [{ relativeURLs: "append" }, /"join" or "resolve"/],
    [{ timeout: Number.NaN }, /NaN for timeout/],
    [{ maxRedirects: "3" }, /"3" for maxRedirects/],
    [{ throwOnError: 1 }, /true or false/],
    [{ retry: { attempts: 0 } }, /retry\.attempts/],
    [{ retry: { statuses: [42] } }, /not a final status/],
    [{ cookies: {} }, /cookiesFor and store/],
    [{ decompress: "gzip" }, /decompress/],
    [{ auth: { username: "u", password: "p" } }, /nothing limits where it is sent/],
    [{ headers: { authorization: "x" } }, /default authorization header: .* set baseURL, or origins/],
    [{ headers: { cookie: "x" }, origins: ["nonsense"] }, /not a valid URL/],
  ] as const) {
    test(`Client: refuses ${JSON.stringify(options)} and says why`, () => {
      assert.throws(() => new Client(options as never), expected);
    });
  }

  test("headers: the sensitive ones go to the allowed origins only, also when a URL is absolute", async () => {
    const transport = mockTransport((request) => request.headers.get("authorization") ?? "none");
    const headers = { authorization: "secret", "x-plain": "1" };
    const client = new Client({ transport, baseURL: "http://a.test/v1/", headers });
    assert.equal(await client.get("items").text(), "secret");
    assert.equal(await client.get("http://b.test/").text(), "none");
    assert.equal(transport.requests[1]?.headers.get("x-plain"), "1");
    const wider = client.extend({ origins: ["http://b.test"] });
    assert.equal(await wider.get("http://b.test/").text(), "secret");
    assert.equal(await wider.get("http://a.test/").text(), "none");
    assert.equal(await client.do(new Request("http://b.test/")).then((response) => response.text()), "none");
  });

  test("do: the caller's request is not changed", async () => {
    const transport = mockTransport(() => "x");
    const client = new Client({ transport, headers: { "x-plain": "1" }, redirect: "manual" });
    const request = new Request("http://a.test/");
    await client.do(request);
    assert.equal(request.headers.has("x-plain"), false);
    assert.equal(request.redirect, "follow");
    assert.equal(transport.requests[0]?.headers.get("x-plain"), "1");
  });
});

for (const [name, options] of [
  ["an unknown member of retry", { retry: { attempt: 2 } }],
  ["an unknown member of retry.backoff", { retry: { backoff: { minimum: 1 } } }],
  ["an unknown member of decompress", { decompress: { maxSize: 1 } }],
  ["middleware that is no array", { use: 5 }],
  ["middleware that is no function", { use: [{}] }],
  ["a transport that is null", { transport: null }],
] as const) {
  test(`Client: refuses ${name}`, () => {
    assert.throws(() => new Client(options as never), TypeError);
  });
}

test("Transport: preconnect refuses a count that is not a whole number", async () => {
  await using transport = new Transport();
  for (const count of [1.5, -1, Number.NaN]) {
    await assert.rejects(transport.preconnect("http://127.0.0.1:9", count), RangeError);
  }
});
