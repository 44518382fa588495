import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client, type ClientOptions, NetworkError, type RedirectHop, Transport } from "../../src/index.js";
import { FriendlyServer, type MockAnswer, type MockRequest, mockTransport } from "../../src/testing/index.js";

type Route = MockAnswer | ((request: MockRequest) => MockAnswer);

/** A client over routes by URL; what is no route answers 200 with its own URL. */
function world(routes: Record<string, Route>, options: ClientOptions = {}) {
  const transport = mockTransport((request) => {
    const route = routes[request.url];
    if (route === undefined) return { body: request.url };
    return typeof route === "function" ? route(request) : route;
  });
  return { transport, client: new Client({ ...options, transport }) };
}

const to = (location: string, status = 302): MockAnswer => ({ status, headers: { location } });

async function code(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => assert.fail("it resolved"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof NetworkError, String(error));
  return error.code;
}

describe("redirects", () => {
  for (const [method, status, expected, body] of [
    ["GET", 301, "GET", ""],
    ["POST", 301, "GET", ""],
    ["POST", 302, "GET", ""],
    ["POST", 303, "GET", ""],
    ["POST", 307, "POST", "x=1"],
    ["POST", 308, "POST", "x=1"],
    ["PUT", 301, "PUT", "x=1"],
    ["PUT", 302, "PUT", "x=1"],
    ["PUT", 303, "GET", ""],
    ["PATCH", 302, "PATCH", "x=1"],
    ["DELETE", 303, "GET", ""],
    ["HEAD", 303, "HEAD", ""],
    ["HEAD", 302, "HEAD", ""],
  ] as const) {
    test(`follow: ${method} becomes ${expected} on ${status}`, async () => {
      const { client, transport } = world({ "http://a.test/": to("/b", status) });
      const hasBody = method === "POST" || method === "PUT" || method === "PATCH";
      const response = await client.fetch("http://a.test/", { method, ...(hasBody ? { body: "x=1" } : {}) });
      assert.equal(response.url, "http://a.test/b");
      assert.equal(response.redirected, true);
      assert.equal(response.attempts, 2);
      const last = transport.requests[1] as MockRequest;
      assert.equal(last.method, expected);
      assert.equal(last.text(), body);
      assert.equal(last.headers.has("content-type"), body !== "");
    });
  }

  const several = (...locations: string[]): MockAnswer => ({
    status: 302,
    headers: locations.map((location): [string, string] => ["location", location]),
  });

  test("follow: trailers, and the field that announces them, go with the body that a 303 drops", async () => {
    const { client, transport } = world({ "http://a.test/": to("/b", 303) });
    await client.post("http://a.test/", { body: "x", headers: { trailer: "x-a" }, trailers: { "x-a": "1" } });
    assert.equal(transport.requests[0]?.headers.get("trailer"), "x-a");
    assert.equal(transport.requests[1]?.headers.has("trailer"), false);
  });

  test("Location: one that is repeated, in any spelling of the same place, is followed", async () => {
    for (const locations of [
      ["/b", "/b"],
      ["/b", "http://a.test/b", "b"],
      ["", "/b"],
    ]) {
      const { client, transport } = world({ "http://a.test/": several(...locations) });
      assert.equal((await client.get("http://a.test/")).url, "http://a.test/b");
      assert.equal(transport.requests.length, 2);
    }
  });

  test("Location: different ones are an error, that names none of them, and a response to who asks for it", async () => {
    for (const locations of [
      ["/b", "/c"],
      ["/b", "/b", "http://b.test/b"],
      ["/b#1", "/b#2"],
    ]) {
      const { client, transport } = world({ "http://a.test/": several(...locations) });
      assert.equal(await code(client.get("http://a.test/")), "ERR_TRUNKLINE_BAD_REDIRECT");
      assert.equal(transport.requests.length, 1);
      assert.equal((await client.get("http://a.test/", { redirect: "manual" })).status, 302);
    }
  });

  test("follow: a body once dropped stays dropped, when a 307 comes later", async () => {
    const { client, transport } = world({
      "http://a.test/": to("/b", 303),
      "http://a.test/b": to("/c", 307),
    });
    await client.post("http://a.test/", { json: { a: 1 } });
    assert.deepEqual(
      transport.requests.map((request) => `${request.method} ${request.text()}`),
      ['POST {"a":1}', "GET ", "GET "],
    );
  });

  test("follow: 300, 304 and a 3xx without Location are answers", async () => {
    const { client } = world({
      "http://a.test/300": { status: 300, headers: { location: "/x" } },
      "http://a.test/304": { status: 304, headers: { location: "/x" } },
      "http://a.test/302": { status: 302 },
      "http://a.test/308": { status: 308, headers: { location: "" } },
    });
    for (const status of [300, 304, 302, 308]) {
      const response = await client.get(`http://a.test/${status}`);
      assert.equal(response.status, status);
      assert.equal(response.redirected, false);
    }
  });

  test("follow: a stream that a 307 asks for again rejects and says what to do; a 303 drops it", async () => {
    const { client } = world({ "http://a.test/307": to("/x", 307), "http://a.test/303": to("/x", 303) });
    const stream = () => new Blob(["data"]).stream();
    const error = await client
      .post("http://a.test/307", { body: stream() })
      .catch((reason: unknown) => reason);
    assert.ok(error instanceof NetworkError);
    assert.equal(error.code, "ERR_TRUNKLINE_BODY_NOT_REPLAYABLE");
    assert.match(error.message, /^POST http:\/\/a\.test failed: .*string, bytes or a Blob$/);
    assert.equal((await client.post("http://a.test/303", { body: stream() })).status, 200);
  });

  test("credentials: are stripped when the origin changes, and do not come back", async () => {
    const { client, transport } = world(
      {
        "http://a.test/": to("http://a.test/1"),
        "http://a.test/1": to("http://a.test:81/2"),
        "http://a.test:81/2": to("http://a.test/3"),
      },
      { sensitiveHeaders: ["X-Api-Key"] },
    );
    await client.get("http://a.test/", {
      headers: {
        authorization: "t",
        cookie: "c=1",
        "proxy-authorization": "p",
        "x-api-key": "k",
        "x-other": "o",
      },
    });
    const seen = transport.requests.map((request) =>
      ["authorization", "cookie", "proxy-authorization", "x-api-key", "x-other"].map((name) =>
        request.headers.get(name),
      ),
    );
    const all = ["t", "c=1", "p", "k", "o"];
    const stripped = [null, null, null, null, "o"];
    assert.deepEqual(seen, [all, all, stripped, stripped]);
  });

  test("credentials: of a URL go along to the same origin only", async () => {
    const { client, transport } = world({
      "http://a.test/": to("/1"),
      "http://a.test/1": to("http://b.test/"),
    });
    const response = await client.get("http://me:secret@a.test/");
    assert.equal(response.url, "http://b.test/");
    assert.deepEqual(
      transport.requests.map((request) => request.headers.get("authorization")),
      [`Basic ${btoa("me:secret")}`, `Basic ${btoa("me:secret")}`, null],
    );
  });

  test("Host: the caller's own stays for a relative Location, and goes for an absolute one", async () => {
    const { client, transport } = world({
      "http://a.test/": to("/1"),
      "http://a.test/1": to("http://a.test/2"),
    });
    await client.get("http://a.test/", { headers: { host: "virtual.test" } });
    assert.deepEqual(
      transport.requests.map((request) => request.headers.get("host")),
      ["virtual.test", "virtual.test", null],
    );
  });

  test("Referer: is the whole URL to the same origin, the origin to another; the caller's own stays", async () => {
    const routes = {
      "http://u:p@a.test/x?q=1": to("/never"),
      "http://a.test/x?q=1": to("/y"),
      "http://a.test/y": to("https://b.test/z"),
    };
    const { client, transport } = world(routes);
    await client.get("http://u:p@a.test/x?q=1#f");
    await client.get("http://a.test/x?q=1", { headers: { referer: "http://own.test/" } });
    assert.deepEqual(
      transport.requests.map((request) => request.headers.get("referer")),
      [
        null,
        "http://a.test/x?q=1",
        "http://a.test/",
        "http://own.test/",
        "http://own.test/",
        "http://own.test/",
      ],
    );
  });

  test("https to http: is refused unless allowed, and carries no Referer then", async () => {
    const routes = { "https://a.test/": to("http://a.test/") };
    assert.equal(await code(world(routes).client.get("https://a.test/")), "ERR_TRUNKLINE_INSECURE_REDIRECT");
    const { client, transport } = world(routes, { allowInsecureRedirects: true });
    await client.get("https://a.test/", { headers: { referer: "https://own.test/" } });
    assert.equal(transport.requests[1]?.headers.get("referer"), null);
  });

  for (const location of [
    "ftp://a.test/",
    "file:///etc/passwd",
    "data:,x",
    "http://[::1",
    "javascript:1",
    "unix:/s",
  ]) {
    test(`Location ${location}: is refused`, async () => {
      const { client, transport } = world({ "http://a.test/": to(location) });
      assert.equal(await code(client.get("http://a.test/")), "ERR_TRUNKLINE_BAD_REDIRECT");
      assert.equal(transport.requests.length, 1);
    });
  }

  test("Location: raw UTF-8 bytes are read as such", async () => {
    const location = Buffer.from("/ü", "utf8").toString("latin1");
    const { client } = world({ "http://a.test/": to(location) });
    assert.equal((await client.get("http://a.test/")).url, "http://a.test/%C3%BC");
  });

  test("maxRedirects: 20 are followed by default, the 21st rejects; 0 follows none", async () => {
    const chain: Record<string, Route> = {};
    for (let i = 0; i < 21; i += 1) chain[`http://a.test/${i}`] = to(`/${i + 1}`);
    const { client } = world(chain);
    assert.equal((await client.get("http://a.test/1")).attempts, 21);
    assert.equal(await code(client.get("http://a.test/0")), "ERR_TRUNKLINE_TOO_MANY_REDIRECTS");
    assert.equal(
      await code(client.get("http://a.test/20", { maxRedirects: 0 })),
      "ERR_TRUNKLINE_TOO_MANY_REDIRECTS",
    );
  });

  test("redirect: manual gives the 3xx with its body, error rejects; a call's wins over the client's", async () => {
    const routes = { "http://a.test/": { ...to("/b"), body: "moved" } };
    const { client } = world(routes, { redirect: "manual" });
    const response = await client.get("http://a.test/");
    assert.equal(response.status, 302);
    assert.equal(await response.text(), "moved");
    assert.equal(
      await code(client.get("http://a.test/", { redirect: "error" })),
      "ERR_TRUNKLINE_REDIRECT_REFUSED",
    );
    assert.equal((await client.get("http://a.test/", { redirect: "follow" })).status, 200);
    assert.throws(() => new Client({ redirect: "never" as "error" }), /follow, manual or error/);
  });

  test("onRedirect: sees each hop, may change the next request, stop, or veto", async () => {
    const { client, transport } = world({
      "http://a.test/": to("/1#part"),
      "http://a.test/1#part": to("/2"),
    });
    const seen: string[] = [];
    const listener = ({ number, from, request, response }: RedirectHop): unknown => {
      seen.push(`${number} ${response.status} ${from.pathname} ${request.url}`);
      request.headers.set("x-hop", String(number));
      return number === 2 ? "stop" : undefined;
    };
    const stopped = await client.get("http://a.test/", { onRedirect: listener });
    assert.equal(stopped.status, 302);
    assert.deepEqual(seen, ["1 302 / http://a.test/1#part", "2 302 /1 http://a.test/2#part"]);
    assert.equal(transport.requests[1]?.headers.get("x-hop"), "1");
    const veto = new Error("not there");
    await assert.rejects(client.get("http://a.test/", { onRedirect: () => Promise.reject(veto) }), veto);
  });

  test("follow: a redirect's small body is read, when the next request goes over the same connection", async () => {
    await using server = await FriendlyServer.start();
    await using transport = new Transport();
    const client = new Client({ transport });
    const response = await client.get(server.url("/redirect/5"));
    assert.equal(response.attempts, 6);
    assert.equal(response.status, 200);
    await response.text();
    assert.equal(server.connections, 1);
    assert.equal(server.requests, 6);
  });

  test("signal: an abort between hops rejects with its reason", async () => {
    const controller = new AbortController();
    const { client, transport } = world({ "http://a.test/": to("/1") });
    const call = client.get("http://a.test/", {
      signal: controller.signal,
      onRedirect: () => controller.abort("enough"),
    });
    await assert.rejects(call, (reason) => reason === "enough");
    assert.equal(transport.requests.length, 1);
  });
});
