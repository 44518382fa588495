import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  Client,
  type CookieJar,
  HTTPError,
  Request,
  Response,
  TimeoutError,
  Transport,
} from "../../src/index.js";
import { FriendlyServer, type MockAnswer, type MockRequest, mockTransport } from "../../src/testing/index.js";
import { rejection, World } from "../transport/support.js";

// Ported by meaning: client_test.go. docs/go-tests.md has the table.

const to = (location: string, status = 302): MockAnswer => ({ status, headers: { location } });

function site(answer: (request: MockRequest) => MockAnswer | string, options = {}) {
  const transport = mockTransport(answer);
  return { transport, requests: transport.requests, client: new Client({ ...options, transport }) };
}

const lines = (requests: readonly MockRequest[]): string[] =>
  requests.map((request) => `${request.method} ${new URL(request.url).pathname} ${request.text()}`.trimEnd());

describe("requests and responses", () => {
  test("Go TestClient: a GET's body is readable; TestClientHead: a HEAD has the headers and no body", async () => {
    await using server = await FriendlyServer.start({ headers: { "last-modified": "sometime" } });
    await using transport = new Transport();
    const client = new Client({ transport });
    assert.match(await client.get(server.url("/json")).text(), /hello/);
    const head = await client.head(server.url("/json"));
    assert.equal(head.headers.get("last-modified"), "sometime");
    assert.equal(await head.text(), "");
  });

  test("Go TestGetRequestFormat, TestPostRequestFormat, TestPostFormRequestFormat: method, URL, fields and body", async () => {
    const { client, requests } = site(() => "x");
    await client.get("http://dummy.faketld/");
    await client.post("http://dummy.faketld/", {
      body: '{"key":"value"}',
      headers: { "content-type": "application/json" },
    });
    await client.post("http://dummy.faketld/", { form: { foo: "bar", bar: ["bar2", "baz"] } });
    assert.deepEqual(
      requests.map((r) => [r.method, r.url, r.headers.get("content-type"), r.text()]),
      [
        ["GET", "http://dummy.faketld/", null, ""],
        ["POST", "http://dummy.faketld/", "application/json", '{"key":"value"}'],
        ["POST", "http://dummy.faketld/", "application/x-www-form-urlencoded", "foo=bar&bar=bar2&bar=baz"],
      ],
    );
  });

  test("Go TestStreamingGet: chunks reach the reader as they are sent", async () => {
    await using world = await World.start();
    const gates = Array.from({ length: 3 }, () => world.server.gate());
    world.server.onConnection(1, async (connection) => {
      await connection.readRequest();
      await connection.reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (const [i, gate] of gates.entries()) {
        await connection.reply(`1\r\n${i}\r\n`);
        await gate.promise;
      }
      await connection.reply("0\r\n\r\n");
    });
    const seen: string[] = [];
    for await (const chunk of await new Client({ transport: world.transport() }).get(world.server.url())) {
      seen.push(String(Buffer.from(chunk)));
      gates[seen.length - 1]?.open();
    }
    assert.deepEqual(seen, ["0", "1", "2"]);
  });

  test("Go TestClientHeadContentLength: the length of a HEAD is what its field says", async () => {
    await using server = await FriendlyServer.start({
      routes: {
        length: (_, response, argument) => {
          if (argument === "") response.writeHead(200, { "transfer-encoding": "chunked" });
          else response.writeHead(200, { "content-length": argument });
          response.end();
        },
      },
    });
    await using transport = new Transport();
    for (const [path, length] of [
      ["/length/1234", "1234"],
      ["/length/0", "0"],
      ["/length/", null],
    ] as const) {
      const response = await new Client({ transport }).head(server.url(path));
      assert.equal(response.headers.get("content-length"), length);
    }
  });

  test("Go TestClientPopulatesNilResponseBody: a response of a round tripper without a body reads as empty", async () => {
    const client = new Client({ transport: { roundTrip: async () => new Response(null) } });
    const response = await client.get("http://dummy.test/");
    assert.equal(response.body, null);
    assert.equal(await response.text(), "");
  });

  test("Go TestClientCallsCloseOnlyOnce: closing a response again does nothing", async () => {
    let closed = 0;
    const body = (): ReadableStream<Uint8Array> => new ReadableStream({ cancel: () => void (closed += 1) });
    const client = new Client({ transport: { roundTrip: async () => new Response(body()) } });
    const response = await client.get("http://dummy.test/");
    const reading = response.text().catch(() => undefined);
    await Promise.all([response.close(), response.close()]);
    await reading;
    await response.close();
    assert.equal(closed, 1);
  });
});

describe("redirects", () => {
  test("Go TestClientRedirects: are followed up to a limit, listened to, and a listener's error rejects", async () => {
    const { client, requests } = site((r) =>
      to(`/?n=${Number(new URL(r.url).searchParams.get("n") ?? 0) + 1}`),
    );
    for (const call of [
      () => client.get("http://a.test/"),
      () => client.head("http://a.test/"),
      () => client.do(new Request("http://a.test/")),
    ]) {
      assert.equal((await rejection(call())).code, "ERR_TRUNKLINE_TOO_MANY_REDIRECTS");
    }
    assert.equal(requests[1]?.headers.get("referer"), "http://a.test/");
    const seen: string[] = [];
    const stop = new Error("no redirects!");
    const call = client.get("http://a.test/", {
      onRedirect: ({ from, number }) => {
        seen.push(`${number} ${from.search}`);
        if (number === 3) throw stop;
      },
    });
    assert.equal(await rejection(call), stop);
    assert.deepEqual(seen, ["1 ", "2 ?n=1", "3 ?n=2"]);
  });

  test("Go TestClientRedirectsContext: an abort between two hops ends the call", async () => {
    const controller = new AbortController();
    const { client } = site(() => to("/"));
    const onRedirect = (): void => controller.abort(new Error("enough"));
    await assert.rejects(client.get("http://a.test/", { signal: controller.signal, onRedirect }), /enough/);
  });

  for (const [method, table] of [
    [
      "POST",
      { 301: "GET /next", 302: "GET /next", 303: "GET /next", 307: "POST /next c", 308: "POST /next c" },
    ],
    [
      "DELETE",
      {
        301: "DELETE /next c",
        302: "DELETE /next c",
        303: "GET /next",
        307: "DELETE /next c",
        308: "DELETE /next c",
      },
    ],
  ] as const) {
    test(`Go ${method === "POST" ? "TestPostRedirects" : "TestDeleteRedirects"}: method and body by status, none without Location`, async () => {
      for (const [status, next] of Object.entries(table)) {
        const { client, requests } = site((r) =>
          r.url.endsWith("/next") ? "x" : to("/next", Number(status)),
        );
        await client.fetch("http://a.test/", { method, body: "c" });
        assert.deepEqual(lines(requests), [`${method} / c`, next]);
      }
      const { client, requests } = site(() => ({ status: 307 }));
      assert.equal((await client.fetch("http://a.test/", { method, body: "c" })).status, 307);
      assert.equal(requests.length, 1);
    });
  }

  test("Go TestClientRedirectTypes: each method on each status", async () => {
    for (const [status, get] of [
      [301, ["POST"]],
      [302, ["POST"]],
      [303, ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]],
      [307, []],
      [308, []],
    ] as const) {
      for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        const { client, requests } = site((r) => (r.number === 1 ? to("/", status) : "x"));
        await client.fetch("http://a.test/", { method });
        const expected = (get as readonly string[]).includes(method) ? "GET" : method;
        assert.equal(requests[1]?.method, expected, `${method} ${status}`);
      }
    }
  });

  test("Go TestClientRedirectUseResponse: a listener may take the redirect's own response", async () => {
    const { client } = site((r) => (r.number === 1 ? { ...to("/other"), body: "wanted" } : "unwanted"));
    const response = await client.get("http://a.test/", { onRedirect: () => "stop" });
    assert.deepEqual([response.status, await response.text()], [302, "wanted"]);
  });

  test("Go TestClientRedirectNoLocation: a redirect without Location is an answer", async () => {
    for (const status of [301, 308]) {
      const response = await site(() => ({ status, headers: { foo: "Bar" } })).client.get("http://a.test/");
      assert.deepEqual([response.status, response.headers.get("foo")], [status, "Bar"]);
    }
  });

  test("Go TestClientRedirect308NoGetBody: a body that cannot be sent again rejects", async () => {
    const { client } = site(() => to("/next", 308));
    const error = await rejection(client.post("http://a.test/", { body: new Blob(["x"]).stream() }));
    assert.equal(error.code, "ERR_TRUNKLINE_BODY_NOT_REPLAYABLE");
  });

  test("Go TestRedirectGetBody: a body that can be opened again is, at each hop", async () => {
    const { client, requests } = site((r) => (r.number < 4 ? to("/", 307) : "x"));
    await client.post("http://a.test/", { body: new Blob(["whole"]) });
    assert.deepEqual(lines(requests), Array(4).fill("POST / whole"));
  });

  test("Go TestClientRedirectEatsBody_h1: the next request goes over the connection of a redirect with a body", async () => {
    await using world = await World.start({
      script: [
        "readRequest",
        { reply: "HTTP/1.1 302 Found\r\nLocation: /foo\r\nContent-Length: 2048\r\n\r\n" },
        { reply: "a".repeat(2048) },
        "readRequest",
        { replyOk: "foo" },
      ],
    });
    assert.equal(await new Client({ transport: world.transport() }).get(world.server.url()).text(), "foo");
    assert.equal(world.server.connections, 1);
  });

  test("Go TestReferer: the URL before, without its user part; never from https to http; the caller's own stays", async () => {
    for (const [from, next, own, referer] of [
      ["http://a.test/x", "http://a.test/y", undefined, "http://a.test/x"],
      ["http://user@a.test/x", "http://a.test/y", undefined, "http://a.test/x"],
      ["http://user:pw@a.test/x", "http://a.test/y", undefined, "http://a.test/x"],
      ["http://a.test/x", "https://a.test/y", undefined, "http://a.test/"],
      ["http://a.test/x", "http://b.test/y", undefined, "http://a.test/"],
      ["https://a.test/x", "https://a.test/y", undefined, "https://a.test/x"],
      ["https://a.test/x", "http://a.test/y", undefined, null],
      ["https://a.test/x", "http://a.test/y", "http://own.test/", null],
      ["http://a.test/x", "http://a.test/y", "http://own.test/", "http://own.test/"],
      ["https://a.test/x", "https://b.test/y", "http://own.test/", "http://own.test/"],
    ] as const) {
      const { client, requests } = site((r) => (r.number === 1 ? to(next) : "x"), {
        allowInsecureRedirects: true,
      });
      await client.get(from, own === undefined ? {} : { headers: { referer: own } });
      assert.equal(requests[1]?.headers.get("referer"), referer, `${from} ${next} ${own}`);
    }
  });

  test("Go TestClientRedirectResponseWithoutRequest: a round tripper's bare response can be a redirect", async () => {
    const transport = {
      roundTrip: async () => new Response(null, { status: 303, headers: { location: "http://[::1" } }),
    };
    const error = await rejection(new Client({ transport }).get("http://a.test/"));
    assert.equal(error.code, "ERR_TRUNKLINE_BAD_REDIRECT");
  });

  test("Go TestClientCopyHeadersOnRedirect: fields go along, credentials to the same origin only", async () => {
    const { client, requests } = site((r) =>
      r.number < 3 ? to(r.number === 1 ? "/two" : "http://b.test/") : "x",
    );
    const headers = {
      "user-agent": "custom",
      "x-foo": "^my^ header",
      cookie: "foo=bar",
      authorization: "secret",
    };
    await client.get("http://a.test/", { headers });
    const names = Object.keys(headers);
    const sent = requests.map((r) => names.filter((name) => r.headers.has(name)));
    assert.deepEqual(sent, [names, names, ["user-agent", "x-foo"]]);
  });

  test("Go TestClientStripHeadersOnRepeatedRedirect, TestShouldCopyHeaderOnRedirect: what was stripped stays so; origins decide, not domains", async () => {
    const hops = ["http://a.test/2", "http://sub.a.test/", "http://a.test/3"];
    const { client, requests } = site((r) =>
      r.number <= hops.length ? to(hops[r.number - 1] as string) : "x",
    );
    await client.get("http://a.test/", { headers: { authorization: "secret" } });
    assert.deepEqual(
      requests.map((r) => r.headers.has("authorization")),
      [true, true, false, false],
    );
    for (const [from, next, kept] of [
      ["http://foo.com/", "http://foo.com/bar", true],
      ["http://foo.com/", "http://foo.com:80/", true],
      ["http://foo.com:1234/", "http://foo.com:4567/", false],
      ["http://foo.com/", "http://bar.com/", false],
      ["http://foo.com/", "http://sub.foo.com/", false],
      ["http://foo.com/", "http://notfoo.com/", false],
      ["http://foo.com/", "https://foo.com/", false],
      ["http://foo.com/", "http://FOO.com/", true],
      ["http://[::1]/", "http://[::1]/x", true],
    ] as const) {
      const one = site((r) => (r.number === 1 ? to(next) : "x"));
      await one.client.get(from, { headers: { authorization: "secret" } });
      assert.equal(one.requests[1]?.headers.has("authorization"), kept, `${from} ${next}`);
    }
  });

  test("Go TestClientStripHeadersOnPostToGetRedirect: what describes the body goes with it", async () => {
    const { client, requests } = site((r) => (r.number === 1 ? to("/get", 302) : "x"));
    const content = {
      "content-type": "a/b",
      "content-encoding": "x",
      "content-language": "en",
      "content-length": "4",
      "content-location": "/l",
    };
    await client.post("http://a.test/", { body: "text", headers: { ...content, "x-kept": "1" } });
    const names = [...Object.keys(content), "x-kept"].filter((name) => requests[1]?.headers.has(name));
    assert.deepEqual(names, ["x-kept"]);
  });

  test("Go TestClientCopyHostOnRedirect: a Host of the caller's own goes with a relative Location only", async () => {
    const { client, requests } = site(
      (r) => [to("/hop"), to("http://a.test/absolute"), "x" as const][r.number - 1] ?? "x",
    );
    await client.get("http://a.test/", { headers: { host: "virtual.test" } });
    assert.deepEqual(
      requests.map((r) => r.headers.get("host")),
      ["virtual.test", "virtual.test", null],
    );
  });
});

describe("cookies", () => {
  test("Go TestClientSendsCookieFromJar, TestRedirectCookiesJar, TestHostMismatchCookies: a jar is asked for each request and hop, by its URL", async () => {
    const { client, requests } = site(
      (r) =>
        r.number === 1
          ? {
              status: 302,
              headers: [
                ["location", "/b"],
                ["set-cookie", "ChocolateChip=tasty"],
              ],
            }
          : "x",
      { cookies: true },
    );
    await client.get("http://a.test/");
    await client.head("http://a.test/");
    await client.post("http://a.test/", { form: {} });
    await client.do(new Request("http://a.test/"));
    await client.get("http://other.test/");
    assert.deepEqual(
      requests.map((r) => r.headers.get("cookie")),
      [null, ...Array(4).fill("ChocolateChip=tasty"), null],
    );
  });

  test("Go TestJarCalls: for each exchange once, to store only where there is something", async () => {
    const calls: string[] = [];
    const jar: CookieJar = {
      cookiesFor: (url) => void calls.push(`for ${url}`) as undefined,
      store: (url, fields) => void calls.push(`store ${url} ${fields.join()}`),
    };
    const { client } = site(
      (r) => {
        if (r.url === "http://first.test/")
          return {
            status: 302,
            headers: [
              ["location", "http://second.test/"],
              ["set-cookie", "name=val"],
            ],
          };
        return r.url === "http://second.test/" ? to("http://third.test/") : "x";
      },
      { cookies: jar },
    );
    await client.get("http://first.test/");
    assert.deepEqual(calls, [
      "for http://first.test/",
      "store http://first.test/ name=val",
      "for http://second.test/",
      "for http://third.test/",
    ]);
  });

  test("Go TestClientAltersCookiesOnRedirect: the caller's own cookies go along until a hop changes them", async () => {
    const sets = [
      ["Cookie1=NEW1; Path=/", "Cookie2=NEW2; Path=/"],
      ["Cookie3=NEW3; Path=/"],
      ["Cookie1=; Max-Age=0; Path=/"],
    ];
    const { client, requests } = site(
      (r) => {
        const set = sets[r.number - 1];
        if (set === undefined) return "x";
        return {
          status: 302,
          headers: [["location", "/next"], ...set.map((cookie): [string, string] => ["set-cookie", cookie])],
        };
      },
      { cookies: true },
    );
    await client.get("http://a.test/", { headers: { cookie: "Cookie1=OLD1; Cookie4=OLD4" } });
    assert.deepEqual(
      requests.map((r) => (r.headers.get("cookie") ?? "").split("; ").sort().join(" ")),
      [
        "Cookie1=OLD1 Cookie4=OLD4",
        "Cookie1=NEW1 Cookie2=NEW2 Cookie4=OLD4",
        "Cookie1=NEW1 Cookie2=NEW2 Cookie3=NEW3 Cookie4=OLD4",
        "Cookie2=NEW2 Cookie3=NEW3 Cookie4=OLD4",
      ],
    );
  });
});

describe("credentials and errors", () => {
  test("Go TestEmptyPasswordAuth, TestBasicAuth, TestBasicAuthHeadersPreserved: a URL's user part is Basic, a field of one's own wins", async () => {
    const { client, requests } = site(() => "x");
    await client.get("http://gopher:@dummy.test/");
    await client.get("http://My%20User:My%20Pass@dummy.test/");
    await client.get("http://user:pass@dummy.test/", { headers: { authorization: "Basic own" } });
    assert.deepEqual(
      requests.map((r) => r.headers.get("authorization")),
      [`Basic ${btoa("gopher:")}`, `Basic ${btoa("My User:My Pass")}`, "Basic own"],
    );
    assert.deepEqual(new Set(requests.map((r) => r.url)), new Set(["http://dummy.test/"]));
  });

  test("Go TestStripPasswordFromError: no error shows a password", async () => {
    await using transport = new Transport({
      lookup: (_host, _options, callback) => callback(new Error("no such host"), []),
    });
    for (const url of [
      "http://user:password@dummy.test/path",
      "http://:password@dummy.test/",
      "http://user:pass%20word@dummy.test/",
    ]) {
      const error = await rejection(new Client({ transport }).get(url));
      assert.doesNotMatch(`${error.message} ${error.url} ${error.stack}`, /pass/);
      const refused = new Client({ transport: mockTransport(() => ({ status: 500 })), throwOnError: true });
      const status = await rejection(refused.get(url));
      assert.ok(status instanceof HTTPError);
      assert.doesNotMatch(status.message, /pass/);
    }
    assert.doesNotMatch(
      String(await rejection(new Client().get("ftp://user:password@dummy.test/"))),
      /password/,
    );
  });
});

describe("time limits", () => {
  test("Go TestClientTimeout, TestClientTimeout_Headers: one limit for redirects, head and body", async () => {
    await using server = await FriendlyServer.start({
      routes: {
        slow: (_, response, argument) => {
          if (argument === "body") response.writeHead(200, { "content-length": "100" }).write("some");
        },
      },
    });
    await using transport = new Transport();
    const client = new Client({ transport, timeout: 400 });
    const response = await client.get(server.url("/redirect/1?to=/slow/body"));
    const inBody = await rejection(response.text());
    const inHead = await rejection(client.get(server.url("/slow/head")));
    for (const [error, phase] of [
      [inBody, "body"],
      [inHead, "headers"],
    ] as const) {
      assert.ok(error instanceof TimeoutError);
      assert.deepEqual([error.timeout, error.phase], ["timeout", phase]);
    }
    transport.destroy();
  });

  test("Go TestClientTimeoutCancel, TestClientDoCanceledVsTimeout: an abort before the limit is not a time limit", async () => {
    await using server = await FriendlyServer.start({ routes: { never: () => undefined } });
    await using transport = new Transport();
    const controller = new AbortController();
    const call = new Client({ transport, timeout: 60_000 }).get(server.url("/never"), {
      signal: controller.signal,
    });
    controller.abort();
    const error = await rejection(call);
    assert.ok(!(error instanceof TimeoutError));
    assert.equal((error as Error).name, "AbortError");
    const late = new AbortController();
    const timedOut = await rejection(
      new Client({ transport, timeout: 5 }).get(server.url("/never"), { signal: late.signal }),
    );
    assert.ok(timedOut instanceof TimeoutError);
    transport.destroy();
  });

  test("Go TestClientTimeoutDoesNotExpire: a limit that is not reached is not felt, and leaves no timer", async () => {
    const { client } = site(() => "x", { timeout: 3_600_000 });
    assert.equal(await client.get("http://a.test/").text(), "x");
    assert.equal(process.getActiveResourcesInfo().filter((name) => name === "Timeout").length, 0);
  });

  test("Go TestClientPropagatesTimeoutToContext: a round tripper's request aborts when the time is over", async () => {
    let signal: AbortSignal | undefined;
    const transport = {
      roundTrip: (request: Request) => {
        signal = request.signal;
        return new Promise<Response>(() => undefined);
      },
    };
    await rejection(new Client({ transport, timeout: 5 }).get("http://a.test/"));
    assert.ok(signal?.reason instanceof TimeoutError);
  });
});
