import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTarget, plainRequest } from "../../message/index.js";
import { parseProxy } from "./proxy.js";
import { ProxyChoice } from "./proxy-choice.js";
import { routeName, routeOf } from "./route.js";

const plain = { tlsIdentity: () => undefined };

test("parseProxy: takes scheme, host, port and credentials apart, and names the proxy without them", () => {
  const proxy = parseProxy("https://al%40ice:p%3Ass@proxy.corp", "the option proxy");
  assert.deepEqual(
    [proxy.scheme, proxy.host, proxy.port, proxy.username, proxy.password, proxy.name],
    ["https", "proxy.corp", 443, "al@ice", "p:ss", "https://proxy.corp:443"],
  );
  assert.equal(parseProxy("http://[::1]:8080", "x").host, "::1");
  assert.equal(parseProxy(" proxy:3128 ", "x").name, "http://proxy:3128");
});

test("parseProxy: refuses what cannot be used, without showing a password", () => {
  for (const [value, what] of [
    ["", /is not a URL/],
    ["ftp://proxy", /its scheme is ftp/],
    ["socks4://u:secret@proxy", /its scheme is socks4/],
    ["http://a%3Ab:secret@proxy", /contains a colon/],
    ["http://a:secret%0d%0aX:y@proxy", /control character/],
    ["socks5://:secret@proxy", /SOCKS requires a user name/],
    [`socks5://u:secret${"x".repeat(256)}@proxy`, /at most 255 bytes/],
  ] as const) {
    assert.throws(
      () => parseProxy(value, "the option proxy"),
      (error: Error) =>
        error instanceof TypeError && what.test(error.message) && !error.message.includes("secret"),
      value,
    );
  }
});

test("ProxyChoice: a function chooses for each request, and what it throws or returns wrongly is an error", () => {
  const target = parseTarget("http://a.test/x");
  const request = plainRequest("GET", target);
  const of = (option: ConstructorParameters<typeof ProxyChoice>[0]): string | undefined =>
    new ProxyChoice(option).of(request, target)?.name;
  assert.equal(
    of((each) => (each.url.endsWith("/x") ? "http://p:1" : null)),
    "http://p:1",
  );
  assert.equal(
    of(() => null),
    undefined,
  );
  assert.equal(
    of(() => new URL("socks5://p")),
    "socks5://p:1080",
  );
  assert.equal(of(false), undefined);
  assert.equal(of("http://p:2"), "http://p:2");
  assert.throws(() => of(() => "ftp://p"), /returned: its scheme is ftp/);
  assert.throws(
    () =>
      of(() => {
        throw new Error("mine");
      }),
    /mine/,
  );
  assert.throws(() => new ProxyChoice(5 as never), /must be a URL, a function/);
});

// By meaning Go's TestCacheKeys and TestProxyAuthKeys: what may stand in for what.
test("routeOf: plain requests share a forwarding proxy's connections, tunnels are the target's own", () => {
  const to = (url: string, proxy?: string, settings: Parameters<typeof routeOf>[2] = plain) =>
    routeOf(parseTarget(url), proxy === undefined ? undefined : parseProxy(proxy, "x"), settings);
  const name = (...args: Parameters<typeof to>): string => to(...args).name;
  const key = (...args: Parameters<typeof to>): string => to(...args).key;
  assert.equal(key("http://a.test/", "http://p:1"), key("http://b.test/", "http://p:1"));
  assert.notEqual(key("https://a.test/", "http://p:1"), key("https://b.test/", "http://p:1"));
  assert.notEqual(key("http://a.test/", "socks5://p:1"), key("http://b.test/", "socks5://p:1"));
  assert.notEqual(key("http://a.test/", "http://p:1"), key("http://a.test/", "http://p:2"));
  assert.notEqual(key("http://a.test/", "http://u:1@p:1"), key("http://a.test/", "http://u:2@p:1"));
  assert.notEqual(key("http://a.test/", "http://p:1"), key("http://p:1/"));
  assert.notEqual(key("http://a.test/", "http://p:1"), key("http://a.test/", "https://p:1"));
  assert.equal(to("http://a.test/", "http://u:secret@p:1").origin, "http://p:1");
  assert.equal(name("http://a.test/", "http://u:secret@p:1"), "proxy http://p:1");
  assert.equal(routeName(key("https://a.test/", "http://u:secret@p:1")), "proxy http://p:1");
  assert.equal(routeName(key("https://a.test/")), "direct");
  const settings = { localAddress: "127.0.0.2", tlsIdentity: () => "custom" };
  assert.equal(
    name("https://a.test/", "https://p:1", settings),
    "proxy https://p:1 tls:custom local:127.0.0.2",
  );
  assert.equal(name("http://a.test/", undefined, settings), "direct local:127.0.0.2");
  assert.equal(name("http://a.test/", "http://p:1", { ...plain, socketPath: "/run/s" }), "unix:/run/s");
});
