import assert from "node:assert/strict";
import { test } from "node:test";
import { proxyEnvironment } from "./proxy-environment.js";

function targetOf(url: string): { secure: boolean; hostname: string; port: number } {
  const { protocol, hostname, port } = new URL(url);
  const secure = protocol === "https:";
  return {
    secure,
    hostname: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname,
    port: port === "" ? (secure ? 443 : 80) : Number(port),
  };
}

/** The proxy for a URL, as text; "direct"; or the start of the error. */
function chosen(env: Record<string, string>, url: string): string {
  try {
    return proxyEnvironment(env)?.(targetOf(url))?.name ?? "direct";
  } catch (error) {
    return (error as Error).message.split(/ as |: /)[0] as string;
  }
}

// By meaning, the tables of Go: TestProxyForURL, TestFromEnvironment, TestFromEnvironmentWithRequestMethod,
// TestFromEnvironmentLowerCase, TestInvalidNoProxy, TestAllNoProxy, TestProxyFromEnvironmentLowerCase; and what differs.
const rows: readonly (readonly [env: Record<string, string>, url: string, proxy: string])[] = [
  [{}, "http://example.com/", "direct"],
  [{ HTTP_PROXY: "127.0.0.1:8080" }, "http://example.com/", "http://127.0.0.1:8080"],
  [
    { HTTP_PROXY: "cache.corp.example.com:1234" },
    "http://example.com/",
    "http://cache.corp.example.com:1234",
  ],
  [{ HTTP_PROXY: "cache.corp.example.com" }, "http://example.com/", "http://cache.corp.example.com:80"],
  [
    { HTTP_PROXY: "https://cache.corp.example.com" },
    "http://example.com/",
    "https://cache.corp.example.com:443",
  ],
  [{ HTTP_PROXY: "http://127.0.0.1:8080" }, "http://example.com/", "http://127.0.0.1:8080"],
  [{ HTTP_PROXY: "https://127.0.0.1:8080" }, "http://example.com/", "https://127.0.0.1:8080"],
  [{ HTTP_PROXY: "socks5://127.0.0.1" }, "http://example.com/", "socks5://127.0.0.1:1080"],
  [{ HTTP_PROXY: "socks5h://127.0.0.1" }, "http://example.com/", "socks5h://127.0.0.1:1080"],
  [{ HTTP_PROXY: "http://[::1]:3128" }, "http://example.com/", "http://[::1]:3128"],
  // Go goes direct with such values, or fails as it dials; here it is an error that names the setting.
  [{ HTTP_PROXY: "asdf://127.0.0.1" }, "http://example.com/", 'Cannot use "asdf://127.0.0.1"'],
  [{ HTTP_PROXY: "http://" }, "http://example.com/", 'Cannot use "http://"'],
  [{ HTTP_PROXY: "http://u:secret@exa mple" }, "http://example.com/", 'Cannot use "http://***@exa mple"'],
  [{ HTTP_PROXY: "asdf://x" }, "https://example.com/", "direct"],
  // A trailing dot makes a name absolute; it is the same name.
  [{ HTTP_PROXY: "proxy" }, "http://localhost./", "direct"],
  [{ HTTP_PROXY: "proxy" }, "http://LOCALHOST./", "direct"],
  [{ HTTP_PROXY: "proxy", NO_PROXY: "in.example" }, "http://in.example./", "direct"],
  [{ HTTP_PROXY: "proxy", NO_PROXY: "in.example." }, "http://in.example/", "direct"],
  [{ HTTP_PROXY: "proxy", NO_PROXY: ".in.example." }, "http://a.in.example/", "direct"],
  [{ HTTP_PROXY: "proxy", NO_PROXY: "." }, "http://in.example./", "http://proxy:80"],
  // One setting a scheme.
  [{ HTTP_PROXY: "http.proxy.tld" }, "https://secure.tld/", "direct"],
  [
    { HTTP_PROXY: "http.proxy.tld", HTTPS_PROXY: "secure.proxy.tld" },
    "https://s.tld/",
    "http://secure.proxy.tld:80",
  ],
  [
    { HTTP_PROXY: "http.proxy.tld", HTTPS_PROXY: "secure.proxy.tld" },
    "http://i.tld/",
    "http://http.proxy.tld:80",
  ],
  [{ HTTPS_PROXY: "https://secure.proxy.tld" }, "https://secure.tld/", "https://secure.proxy.tld:443"],
  [{ HTTPS_PROXY: "secure.proxy.tld" }, "http://insecure.tld/", "direct"],
  // Upper case first; an empty value is none.
  [{ HTTP_PROXY: "upper", http_proxy: "lower" }, "http://example.com/", "http://upper:80"],
  [{ HTTP_PROXY: "", http_proxy: "lower" }, "http://example.com/", "http://lower:80"],
  [{ http_proxy: "lower" }, "http://example.com/", "http://lower:80"],
  [{ https_proxy: "lower" }, "https://example.com/", "http://lower:80"],
  [{ http_proxy: "proxy", no_proxy: "example.com" }, "http://example.com/", "direct"],
  [
    { http_proxy: "proxy", NO_PROXY: "other", no_proxy: "example.com" },
    "http://example.com/",
    "http://proxy:80",
  ],
  // curl's ALL_PROXY stands in for either.
  [{ ALL_PROXY: "socks5h://all" }, "http://example.com/", "socks5h://all:1080"],
  [{ ALL_PROXY: "socks5h://all", HTTP_PROXY: "http" }, "http://example.com/", "http://http:80"],
  [{ all_proxy: "all", HTTP_PROXY: "http" }, "https://example.com/", "http://all:80"],
  // CGI: HTTP_PROXY may be a request's header.
  [
    { HTTP_PROXY: "http://10.1.2.3:8080", REQUEST_METHOD: "GET" },
    "http://example.com/",
    "Cannot use HTTP_PROXY",
  ],
  [
    { http_proxy: "http://10.1.2.3:8080", REQUEST_METHOD: "GET" },
    "http://example.com/",
    "Cannot use http_proxy",
  ],
  [{ HTTPS_PROXY: "https://cache", REQUEST_METHOD: "GET" }, "https://example.com/", "https://cache:443"],
  [
    { HTTP_PROXY: "http://10.1.2.3", REQUEST_METHOD: "GET", NO_PROXY: "example.com" },
    "http://example.com/",
    "direct",
  ],
  [{ ALL_PROXY: "http://cache", REQUEST_METHOD: "GET" }, "http://example.com/", "http://cache:80"],
  // NO_PROXY
  [{ HTTP_PROXY: "proxy", NO_PROXY: "example.com" }, "http://example.com/", "direct"],
  [{ HTTP_PROXY: "proxy", NO_PROXY: ".example.com" }, "http://example.com/", "http://proxy:80"],
  [{ HTTP_PROXY: "proxy", NO_PROXY: ".example.com" }, "http://www.example.com/", "direct"],
  [{ HTTP_PROXY: "proxy", NO_PROXY: "ample.com" }, "http://example.com/", "http://proxy:80"],
  [{ HTTP_PROXY: "proxy", NO_PROXY: "example.com" }, "http://foo.example.com/", "direct"],
  [{ HTTP_PROXY: "proxy", NO_PROXY: ".foo.com" }, "http://example.com/", "http://proxy:80"],
  [{ HTTP_PROXY: "proxy", NO_PROXY: "bücher.example" }, "http://xn--bcher-kva.example/", "direct"],
  [{ HTTP_PROXY: "proxy", NO_PROXY: "xn--bcher-kva.example" }, "http://bücher.example/", "direct"],
  [{ HTTP_PROXY: "proxy", NO_PROXY: "*" }, "http://example.com/", "direct"],
  [{ HTTP_PROXY: "proxy", NO_PROXY: "a.test,*,b.test" }, "http://example.com/", "direct"],
  [{ HTTP_PROXY: "proxy", NO_PROXY: ":1" }, "http://example.com/", "http://proxy:80"],
  [{ HTTP_PROXY: "proxy", NO_PROXY: " , .,*., /8,1.2.3.4/99,x/y" }, "http://example.com/", "http://proxy:80"],
  [{ HTTP_PROXY: "proxy", NO_PROXY: "example.com:80" }, "http://example.com/", "direct"],
  [{ HTTP_PROXY: "proxy", NO_PROXY: "example.com:8080" }, "http://example.com/", "http://proxy:80"],
  // Loopback, whatever is set.
  [{ HTTP_PROXY: "proxy" }, "http://localhost/", "direct"],
  [{ HTTP_PROXY: "proxy" }, "http://LOCALHOST:8080/", "direct"],
  [{ HTTP_PROXY: "proxy" }, "http://127.0.0.1/", "direct"],
  [{ HTTP_PROXY: "proxy" }, "http://127.200.1.1:99/", "direct"],
  [{ HTTP_PROXY: "proxy" }, "http://2130706433/", "direct"],
  [{ HTTP_PROXY: "proxy" }, "http://[::1]/", "direct"],
  [{ HTTP_PROXY: "proxy" }, "http://[::2]/", "http://proxy:80"],
  [{ HTTP_PROXY: "proxy" }, "http://localhost.example/", "http://proxy:80"],
];

for (const [env, url, expected] of rows) {
  test(`proxyEnvironment: ${JSON.stringify(env)} for ${url} is ${expected}`, () => {
    assert.equal(chosen(env, url), expected);
  });
}

// Go: TestUseProxy
test("proxyEnvironment: one mixed NO_PROXY list, host by host", () => {
  const NO_PROXY =
    "foobar.com, .barbaz.net, *.wildcard.io, 192.168.1.1, 192.168.1.2:81, 192.168.1.3:80, 10.0.0.0/30, 2001:db8::52:0:1, [2001:db8::52:0:2]:443, [2001:db8::52:0:3]:80, 2002:db8:a::45/64";
  const table: readonly (readonly [host: string, usesProxy: boolean])[] = [
    ["localhost", false],
    ["127.0.0.1", false],
    ["127.0.0.2", false],
    ["[::1]", false],
    ["[::2]", true],
    ["192.168.1.1", false],
    ["192.168.1.2", true],
    ["192.168.1.3", false],
    ["192.168.1.4", true],
    ["10.0.0.2", false],
    ["10.0.0.4", true],
    ["[2001:db8::52:0:1]", false],
    ["[2001:db8::52:0:2]", true],
    ["[2001:db8::52:0:3]", false],
    ["[2002:db8:a::123]", false],
    ["[fe80::424b:c8be:1643:a1b6]", true],
    ["[::ffff:192.168.1.1]", false],
    ["barbaz.net", true],
    ["www.barbaz.net", false],
    ["foobar.com", false],
    ["www.foobar.com", false],
    ["foofoobar.com", true],
    ["baz.com", true],
    ["localhost.net", true],
    ["local.localhost", true],
    ["barbarbaz.net", true],
    ["wildcard.io", true],
    ["nested.wildcard.io", false],
    ["awildcard.io", true],
  ];
  const proxyFor = proxyEnvironment({ HTTP_PROXY: "proxy", NO_PROXY });
  assert.ok(proxyFor !== undefined);
  for (const [host, usesProxy] of table) {
    assert.equal(proxyFor(targetOf(`http://${host}/`)) !== undefined, usesProxy, host);
  }
});
