import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { optionNames } from "../../src/client/option-table.js";
import { Client, type Init, post, Request, Transport, type TransportOptions } from "../../src/index.js";
import { mockTransport } from "../../src/testing/index.js";

const url = "http://a.test/orders";

/** A client, and what it has sent. */
function recorded(options: ConstructorParameters<typeof Client>[0] = {}) {
  const transport = mockTransport((request) => Response.json({ url: request.url, method: request.method }));
  return { client: new Client({ transport, ...options }), sent: transport.requests };
}

type Loose = (...given: unknown[]) => Promise<unknown>;

describe("verbs: what is not an option is refused, with what it is called here", () => {
  for (const [verb, given, expected] of [
    [
      "post",
      [{ name: "Ada", age: 1 }],
      /"name" in post: there is no such option; did you mean json: \{ name, age \}\?/,
    ],
    ["put", [{ a: 1, b: 1, c: 1, d: 1 }], /did you mean json: \{ a, b, c, … \}\?/],
    ["get", [{ page: 2 }], /"page" in get: .* did you mean query: \{ page \}\?/],
    ["get", [{ params: { q: 1 } }], /did you mean query\?/],
    ["get", [{ searchParams: "q=1" }], /did you mean query\?/],
    ["post", [{ data: { a: 1 } }], /did you mean json/],
    ["post", [{ body: { a: 1 } }], /use json to send it as JSON/],
    ["post", [{ Json: 1 }], /did you mean json\?/],
    ["post", [{ heders: {} }], /did you mean headers\?/],
    ["get", [{ maxRedirect: 1 }], /did you mean maxRedirects\?/],
    ["post", [{ from: "a", to: "b" }], /did you mean json: \{ from, to \}\?/],
    ["post", [{ retry: { attempt: 1 } }], /"attempt" in retry: it is not a member; did you mean attempts\?/],
    ["post", [{ body: [{ a: 1 }] }], /An array of objects cannot be a request body: use json/],
    ["get", [{ dispatcher: {} }], /new Client\(\{ transport \}\)/],
    ["get", [{ ca: "x" }], /new Transport\(\{ tls: \{ ca \} \}\)/],
    ["get", [{ cookies: true }], /"cookies" in get: it is an option of the Client/],
    ["get", [{ baseURL: "http://b.test" }], /option of the Client/],
    ["get", [{ timeout: 0 }], /for no limit omit it or use Infinity/],
    ["get", [{ timeout: "5s" }], /"5s" for timeout/],
    ["get", [{ retry: 3 }], /3 for retry/],
    ["get", [{ query: "a=1" }], /query/],
    ["post", [{ form: "a=1" }], /form/],
    ["get", [{ idempotent: "yes" }], /true or false/],
    ["get", [{ onInformational: {} }], /a function/],
    ["get", [{ trace: "x" }], /callbacks/],
    ["get", [{ method: "POST" }], /"POST" in get: it sends GET/],
    ["post", ["text"], /write post\(url, \{ json, headers \}\)/],
    ["post", [[1, 2]], /must be an object/],
    ["post", [new FormData()], /must be an object/],
    ["post", [new Blob(["x"])], /must be an object/],
    ["post", [new URLSearchParams("a=1")], /must be an object/],
    ["post", [null, { headers: {} }], /third argument to post/],
    ["post", [undefined, undefined], /third argument to post/],
  ] as const) {
    test(`${verb} with ${JSON.stringify(given)}`, async () => {
      const { client, sent } = recorded();
      await assert.rejects((client[verb] as unknown as Loose).call(client, url, ...given), (error: Error) => {
        assert.match(error.message, expected);
        return error instanceof TypeError || error instanceof RangeError;
      });
      assert.equal(sent.length, 0);
    });
  }

  test("verbs take a URL, not a request or a configuration", async () => {
    const { client, sent } = recorded();
    for (const given of [new Request(url), { url }, new globalThis.Request(url)])
      await assert.rejects((client.post as unknown as Loose).call(client, given), /fetch\(request\)/);
    assert.equal(sent.length, 0);
  });

  test("the functions of the module and do are as strict", async () => {
    await assert.rejects((post as unknown as Loose)(url, { name: 1 }), /did you mean json: \{ name \}\?/);
    const { client, sent } = recorded();
    await assert.rejects(client.do(new Request(url), { params: {} } as Init), /did you mean query\?/);
    const answer = await client.do(new Request(url), { method: "PUT", query: { a: 1 } });
    assert.deepEqual(await answer.json(), { url: `${url}?a=1`, method: "PUT" });
    assert.equal(sent.length, 1);
  });

  test("a member that is undefined counts as absent, and fetch's members for browsers are accepted", async () => {
    const { client, sent } = recorded();
    await client.get(url, { params: undefined, cache: "no-store", mode: "cors", method: "get" } as Init);
    assert.equal(sent.length, 1);
  });
});

describe("client.fetch: passes over what it does not know, but for traps and its own of another kind", () => {
  for (const given of [
    { params: { q: 1 } },
    { searchParams: "q=1" },
    { data: { a: 1 } },
    { dispatcher: {} },
    { agent: {} },
    { proxy: "http://p.test" },
    { rejectUnauthorized: false },
    { baseURL: "http://b.test" },
    { timeout: false },
    { timeout: "1s" },
    { retry: "yes" },
    { retry: { attemps: 2 } },
    { retry: { budget: { ration: 0.1 } } },
    { throwOnError: 1 },
    { headers: "a: b" },
    { onProgress: true },
  ]) {
    test(`refuses ${JSON.stringify(given)}`, async () => {
      const { client, sent } = recorded();
      await assert.rejects(
        client.fetch(url, given as unknown as Init),
        (error: Error) => error.message !== "",
      );
      assert.equal(sent.length, 0);
    });
  }

  test("names the member of retry and of retry.budget that does not exist", async () => {
    const { client } = recorded();
    await assert.rejects(
      client.fetch(url, { retry: { attemps: 2 } } as unknown as Init),
      /"attemps" in retry\b/,
    );
    const misspelt = { retry: { budget: { ration: 0.1 } } } as unknown as Init;
    await assert.rejects(client.fetch(url, misspelt), /"ration" in retry\.budget\b/);
  });

  test("takes what is another library's own, and traps without a value", async () => {
    const { client } = recorded();
    const init = {
      next: { revalidate: 1 },
      duplex: "half",
      responseType: "json",
      agent: undefined,
      dispatcher: null,
    };
    assert.equal((await client.fetch(url, init as Init)).status, 200);
  });
});

describe("client.fetch with a request in place of init", () => {
  test("sends that request to the URL, as fetch does", async () => {
    const { client, sent } = recorded({ baseURL: "http://a.test/v1" });
    const init = { method: "POST", body: "x", headers: { "x-a": "b" } };
    for (const request of [
      new Request("http://b.test/", init),
      new globalThis.Request("http://b.test/", init),
    ]) {
      await client.fetch("/there", request as Init);
      const last = sent.at(-1);
      assert.deepEqual(
        [last?.url, last?.method, last?.text(), last?.headers.get("x-a")],
        ["http://a.test/v1/there", "POST", "x", "b"],
      );
    }
  });
});

describe("relative URLs", () => {
  for (const [base, given, joined, resolved] of [
    ["http://a.test/api/v1", "users", "/api/v1/users", "/api/users"],
    ["http://a.test/api/v1", "/users", "/api/v1/users", "/users"],
    ["http://a.test/api/v1/", "/users", "/api/v1/users", "/users"],
    ["http://a.test/api/v1/", "users?a=/b#c", "/api/v1/users?a=/b", "/api/v1/users?a=/b"],
    ["http://a.test/api/v1", "", "/api/v1", "/api/v1"],
    ["http://a.test/api/v1", "?a=1", "/api/v1?a=1", "/api/v1?a=1"],
    ["http://a.test/api/v1/", "?a=1", "/api/v1/?a=1", "/api/v1/?a=1"],
    ["http://a.test/api/v1", "../users", "/api/users", "/users"],
    ["http://a.test", "users", "/users", "/users"],
    ["http://a.test", "/", "/", "/"],
    ["http://a.test/api/v1", "/", "/api/v1/", "/"],
    ["http://a.test/api", "/\\b.test/x", "//b.test/x", "//b.test/x"],
    ["http://a.test/api", " /users\n", "/api/users", "/users"],
    ["http://a.test/api", "h\nttp://b.test/x", "http://b.test/x", "http://b.test/x"],
    ["http://a.test/api", "HTTP://b.test/x", "http://b.test/x", "http://b.test/x"],
  ] as const) {
    test(`${JSON.stringify(given)} with ${base}`, async () => {
      for (const [relativeURLs, expected] of [
        [undefined, joined],
        ["join", joined],
        ["resolve", resolved],
      ] as const) {
        const { client, sent } = recorded({
          baseURL: base,
          ...(relativeURLs === undefined ? {} : { relativeURLs }),
        });
        await client.get(given);
        assert.equal(
          sent[0]?.url.replace(/#.*/, ""),
          new URL(expected, "http://a.test").href.replace(".test//b.test", ".test"),
        );
      }
    });
  }

  test("query is added behind the one that the URL has", async () => {
    const { client, sent } = recorded({ baseURL: "http://a.test/v1" });
    await client.get("/users?a=1", { query: { b: 2 } });
    assert.equal(sent[0]?.url, "http://a.test/v1/users?a=1&b=2");
  });
});

describe("headers without a value", () => {
  test("are not sent in the verbs, nor is the client's own of that name", async () => {
    const { client, sent } = recorded({
      decompress: false,
      headers: { "x-key": "k", "x-off": undefined } as never,
    });
    const headers = { Authorization: undefined, "X-Key": null, "x-here": "1" };
    await client.get(url, { headers } as unknown as Init);
    assert.deepEqual([...(sent[0]?.headers ?? [])], [["x-here", "1"]]);
    await client.do(new Request(url, { headers: { a: "b" } }), { headers } as unknown as Init);
    assert.deepEqual([...(sent[1]?.headers ?? [])], [["x-here", "1"]]);
    await client.get(url);
    assert.deepEqual([...(sent[2]?.headers ?? [])], [["x-key", "k"]]);
    const asPairs = [
      ["authorization", undefined],
      ["X-KEY", null],
      ["x-here", "1"],
    ];
    await client.get(url, { headers: asPairs } as unknown as Init);
    assert.deepEqual([...(sent[3]?.headers ?? [])], [["x-here", "1"]]);
    await client.extend({ headers: { "X-Key": undefined, "x-more": "1" } as never }).get(url);
    assert.deepEqual([...(sent[4]?.headers ?? [])], [["x-more", "1"]]);
  });
});

describe("Transport: options of other clients", () => {
  for (const [options, expected] of [
    [{ rejectUnauthorized: false }, /did you mean tls: \{ rejectUnauthorized \}\?/],
    [{ ca: "x" }, /did you mean tls: \{ ca \}\?/],
    [{ maxConnection: 1 }, /did you mean maxConnections\?/],
    [{ tls: { rejectUnauthorised: false } }, /did you mean rejectUnauthorized\?/],
    [{ http2: { maxStream: 1 } }, /did you mean maxStreams\?/],
    [{ recorder: { connection: 1 } }, /did you mean connections\?/],
    [{ cert: "x" }, /tls: \{ cert \}/],
    [{ key: "x" }, /tls: \{ key \}/],
    [{ allowH2: true }, /http2|HTTP\/1\.1 alone/],
    [{ keepAliveMsecs: 1 }, /idleTimeout/],
    [{ timeout: 1 }, /timeout of the Client or the call/],
    [{ params: {} }, /query of each call/],
    [{ fetch: () => 1 }, /fetchTransport\(fetch\)/],
    [{ baseURL: "x" }, /baseURL of the Client/],
    [{ pipelining: 1 }, /Trunkline has none/],
    [{ headersTimeout: 0 }, /use Infinity for no limit/],
    [{ bodyTimeout: false }, /use Infinity for no limit/],
    [{ connectTimeout: null }, /use Infinity for no limit/],
  ] as const) {
    test(`refuses ${JSON.stringify(options)}`, () => {
      assert.throws(() => new Transport(options as never), expected);
    });
  }
});

test("Transport: an option of a Client is answered with where it belongs", () => {
  for (const name of optionNames("client").filter((each) => each !== "transport")) {
    assert.throws(() => new Transport({ [name]: undefined } as TransportOptions), {
      message: new RegExp(`there is no option "${name}"; did you mean ${name} of the Client`),
    });
  }
});
