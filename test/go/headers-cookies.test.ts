import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import {
  Client,
  type CookieStore,
  Headers,
  type Init,
  openCookieJar,
  Request,
  type StoredCookie,
} from "../../src/index.js";
import type { WireHead } from "../../src/testing/index.js";
import { clientOf, fetched, rejection, World } from "../transport/support.js";

// Ported by meaning: header_test.go, cookie_test.go, and how request_test.go has credentials as a field.
// docs/go-tests.md has the table.

const NOW = Date.UTC(2013, 0, 1);
const SITE = "http://www.host.test/dir/page";

/** The head of a request as a server at the URL's host, or a proxy, gets it. */
async function head(
  init: Init,
  url: string = SITE,
  proxied = false,
  cookies?: CookieStore,
): Promise<WireHead> {
  await using world = await World.start();
  let got: WireHead | undefined;
  world.server.script(async (connection) => {
    got = await connection.readRequest();
    await connection.replyOk("ok");
  });
  const dial = async () => connect({ host: "127.0.0.1", port: world.server.port });
  const transport = world.transport(proxied ? { proxy: world.server.url() } : { proxy: false, dial });
  const client = new Client({ transport, ...(cookies === undefined ? {} : { cookies }) });
  await (await client.fetch(url, init)).text();
  return got as WireHead;
}

/** The names and values sent, as lines, without the fields that this client adds by itself. */
function lines({ headers }: WireHead): string[] {
  const all: string[] = [];
  for (let i = 0; i < headers.length; i += 2) all.push(`${headers[i]}: ${headers[i + 1]}`);
  return all.filter((line) => !/^(Host|User-Agent|Accept|Accept-Encoding): /.test(line));
}

for (const [what, headers, sent] of [
  ["none", {}, []],
  ["order and case are the caller's", { "X-B": "2", "x-A": "1", ETAG: "e" }, ["X-B: 2", "x-A: 1", "ETAG: e"]],
  [
    "a repeated name is a line each time",
    [
      ["X-K", "v2"],
      ["Other", "o"],
      ["x-k", "v1"],
    ],
    ["X-K: v2", "Other: o", "x-k: v1"],
  ],
  ["an empty value is sent", { Blank: "" }, ["Blank: "]],
  ["values lose the white space around them", { k: "\t v \r\n" }, ["k: v"]],
  ["bytes beyond ASCII are Latin-1", { k: "é" }, ["k: é"]],
] as readonly (readonly [string, Exclude<Init["headers"], undefined>, readonly string[]])[]) {
  test(`Go TestHeaderWrite: ${what}`, async () => {
    assert.deepEqual(lines(await head({ headers })), sent);
  });
}

test("Go TestHeaderWrite: listed, the fields are sorted and joined", () => {
  const headers = new Headers([
    ["X-K", "v2"],
    ["Date", "d"],
    ["x-k", "v1"],
  ]);
  assert.deepEqual(
    [...headers],
    [
      ["date", "d"],
      ["x-k", "v2, v1"],
    ],
  );
});

test("Go TestHeaderWrite: a line break within a value, or a name that is none, is refused and never made a space", () => {
  for (const value of ["a\r\nb", "a\nb", "a\rb", "a\0b"])
    assert.throws(() => new Headers({ k: value }), TypeError);
  for (const name of ["", " k", "k:", "k\r\n", "naïve"])
    assert.throws(() => new Headers([[name, "v"]]), TypeError);
});

test("Go TestNilHeaderClone, TestCloneOrMakeHeader: nothing is an empty list, and a copy shares nothing", () => {
  assert.deepEqual([...new Headers(undefined), ...new Request(SITE).headers], []);
  const original = new Headers([["X-Key", "v"]]);
  const copy = new Headers(original);
  copy.append("X-Key", "w");
  original.set("Other", "o");
  assert.deepEqual([...copy], [["x-key", "v, w"]]);
  const request = new Request(SITE, { headers: original });
  request.clone().headers.delete("other");
  assert.equal(request.headers.get("other"), "o");
});

for (const [value, closes] of [
  ["close", true],
  ["Close", true],
  ["CLOSE ", true],
  ["\tclose", true],
  ["foo, close", true],
  ["foo,close,bar", true],
  ["close ,foo", true],
  ["foo\r\nConnection: close", true],
  [",, ,close,,", true],
  ["keep-alive", false],
  ["", false],
  [" , ,", false],
  ["closed", false],
  ["not-close", false],
  ["close-not", false],
  ["foo close", false],
] as const) {
  test(`Go TestHasToken, TestForeachHeaderElement: Connection: ${JSON.stringify(value)} ${closes ? "ends" : "keeps"} the connection`, async () => {
    await using world = await World.start();
    world.server.script(async (connection) => {
      for await (const _ of connection.eachRequest())
        await connection.reply(
          `HTTP/1.1 200 OK\r\nConnection: ${value}\r\nContent-Length: 1\r\n\r\n${connection.id}`,
        );
    });
    const transport = world.transport();
    assert.equal(await fetched(transport, world.server.url()), "1");
    assert.equal(await fetched(transport, world.server.url()), closes ? "2" : "1");
  });
}

test("Go TestForeachHeaderElement: a request's Connection list is read the same, and only what is understood passes", async () => {
  assert.deepEqual(lines(await head({ headers: { Connection: ", close,," } })), ["Connection: close"]);
  await using world = await World.start();
  const call = clientOf(world.transport()).get(world.server.url(), { headers: { Connection: "close, foo" } });
  assert.match((await rejection(call)).message, /"foo"/);
});

for (const [username, password, encoded] of [
  ["Aladdin", "open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="],
  ["Aladdin", "open:sesame", "QWxhZGRpbjpvcGVuOnNlc2FtZQ=="],
  ["jürgen", "pä$$", "asO8cmdlbjpww6QkJA=="],
  ["", "secret", "OnNlY3JldA=="],
  ["", "", "Og=="],
] as const) {
  test(`Go TestSetBasicAuth, TestGetBasicAuth: ${JSON.stringify([username, password])} is encoded so that a server reads it back`, async () => {
    assert.equal((await head({ auth: { username, password } })).header("authorization"), `Basic ${encoded}`);
    assert.equal(Buffer.from(encoded, "base64").toString(), `${username}:${password}`);
  });
}

test("Go TestNoPanicOnRoundTripWithBasicAuth: a URL's credentials go as a field and nowhere else, by a proxy too", async () => {
  for (const proxied of [false, true]) {
    const sent = await head({}, "http://f%C3%B6:b%3Aar@www.host.test/", proxied);
    assert.equal(sent.header("authorization"), "Basic ZsO2OmI6YXI=");
    assert.equal(sent.target, proxied ? "http://www.host.test/" : "/");
    assert.equal(sent.header("host"), "www.host.test");
  }
});

const expires = (time: string): string => `a=b; Expires=${time}`;
const SIXTH = Date.UTC(2034, 10, 6, 8, 49, 37);

for (const [field, time] of [
  [expires("Mon, 06 Nov 2034 08:49:37 GMT"), SIXTH],
  [expires("Monday, 06-Nov-34 08:49:37 GMT"), SIXTH],
  [expires("Mon Nov  6 08:49:37 2034"), SIXTH],
  [expires("Mon, 06-Nov-2034 08:49:37 GMT"), SIXTH],
  [expires("Mon, 36 Nov 2034 08:49:37 GMT"), undefined],
  [expires("Mon, 06 Nov 2034 28:49:37 GMT"), undefined],
  [expires("soon"), undefined],
] as const) {
  test(`Go TestParseTime: ${field}`, async () => {
    const [cookie] = (await jarOf(field)).list();
    assert.equal(cookie?.expires, time);
  });
}

async function jarOf(...fields: readonly string[]): Promise<CookieStore> {
  const jar = await openCookieJar({ now: () => NOW });
  jar.store(SITE, fields);
  return jar;
}

const READ: readonly (readonly [string, Partial<StoredCookie>])[] = [
  [
    "Cookie-1=v$1",
    { name: "Cookie-1", value: "v$1", path: "/dir", hostOnly: true, secure: false, httpOnly: false },
  ],
  [
    "NID=99=YsDT5i3E-CXax-; expires=Wed, 23-Nov-2033 01:05:03 GMT; path=/; domain=.host.test; HttpOnly",
    {
      value: "99=YsDT5i3E-CXax-",
      expires: 2_016_320_703_000,
      path: "/",
      domain: "host.test",
      hostOnly: false,
      httpOnly: true,
    },
  ],
  [
    ".ASPXAUTH=7E3AA; expires=Wed, 07-Mar-2033 14:25:06 GMT; path=/; HttpOnly",
    { name: ".ASPXAUTH", value: "7E3AA", expires: 1_993_818_306_000, httpOnly: true },
  ],
  ["a=b; path=/;HTTPONLY ; unknown=x; ;", { value: "b", path: "/", httpOnly: true }],
  ["a=b; SameSite=Lax", { sameSite: "lax" }],
  ["a=b; SameSite=STRICT", { sameSite: "strict" }],
  ["a=b; samesite=foo", { name: "a" }],
  ["a=b; Max-Age=10", { expires: NOW + 10_000 }],
  ["a=b; Max-Age=10; Expires=Wed, 23-Nov-2033 01:05:03 GMT", { expires: NOW + 10_000 }],
  ["a=b; Max-Age=ten", { name: "a" }],
  ["a=b; Path=dir/without/slash", { path: "/dir" }],
  ["a=b; Partitioned", { value: "b" }],
  ["empty-value=", { name: "empty-value", value: "" }],
  ["special-1=a z", { value: "a z" }],
  ["special-5=a,z", { value: "a,z" }],
  ["special-7=a,", { value: "a," }],
  ["  spaced  =  v  ", { name: "spaced", value: "v" }],
];

for (const [field, expected] of READ) {
  test(`Go TestReadSetCookies, TestParseSetCookie: ${field}`, async () => {
    const [cookie, ...more] = (await jarOf(field)).list();
    assert.deepEqual({ ...cookie, ...expected }, cookie);
    assert.deepEqual(more, []);
    for (const member of ["expires", "sameSite"] as const)
      assert.equal(cookie?.[member], expected[member], member);
  });
}

for (const value of ['" z"', '"a "', '" "', '",z"', '","', '"quoted"', '"']) {
  test(`Go TestSetCookieDoubleQuotes, TestReadSetCookies: ${value} keeps its quotes and goes back with them`, async () => {
    const jar = await jarOf(`a=${value}; Path=/`);
    assert.equal(jar.list()[0]?.value, value);
    assert.equal((await head({}, SITE, false, jar)).header("cookie"), `a=${value}`);
  });
}

for (const [what, field] of [
  ["an empty field", ""],
  ["white space", "   "],
  ["no pair", "nopair"],
  ["an empty name", "=v"],
  ["a control character in the value", "a=b\x01c"],
  ["DEL in the value", "a=b\x7fc"],
  ["a control character in the path", "a=b; Path=/x\x1f"],
  ["another site's domain", "a=b; Domain=other.test"],
  ["a sibling's domain", "a=b; Domain=mail.host.test"],
  ["a public suffix", "a=b; Domain=test"],
  ["__Secure- without Secure", "__Secure-a=b"],
  ["__Host- without Secure", "__Host-a=b; Path=/"],
  ["more than 8 KiB", `a=${"b".repeat(9000)}`],
  ["a past date", "a=b; Expires=Wed, 23-Nov-2011 01:05:03 GMT"],
  ["Max-Age 0", "a=b; Max-Age=0"],
  ["a negative Max-Age", "a=b; Max-Age=-1"],
] as const) {
  test(`Go TestCookieValid, TestCookieSanitizeValue, TestCookieSanitizePath: a cookie with ${what} is not kept, its neighbour is`, async () => {
    const jar = await jarOf(field, "other=1");
    assert.deepEqual(
      jar.list().map(({ name }) => name),
      ["other"],
    );
  });
}

for (const [fields, sent] of [
  [[], undefined],
  [["c1=v1"], "c1=v1"],
  [["c1=v1", "c2=v2"], "c1=v1; c2=v2"],
  [["c1=v1", "c2=v2", "c3=v3"], "c1=v1; c2=v2; c3=v3"],
  [["c1=v1", "c1=v2"], "c1=v2"],
] as const) {
  test(`Go TestAddCookie: ${fields.length} cookies (${fields.join(" ")}) are one field`, async () => {
    assert.equal((await head({}, SITE, false, await jarOf(...fields))).header("cookie"), sent);
  });
}

for (const [own, sent] of [
  ["a=own", "a=own; b=2; c=3"],
  ["a=own; c=own", "a=own; c=own; b=2"],
  ["a=own;c=own", "a=own;c=own; b=2"],
  [' a="own";  x ', 'a="own";  x; b=2; c=3'],
  ["other", "other; a=1; b=2; c=3"],
  ["aa=own; A=own", "aa=own; A=own; a=1; b=2; c=3"],
  ["", "a=1; b=2; c=3"],
] as const) {
  test(`Go TestReadCookies, TestParseCookie: the caller's Cookie ${JSON.stringify(own)} is read by name and wins over the jar`, async () => {
    const jar = await jarOf("a=1", "b=2", "c=3");
    assert.equal((await head({ headers: { Cookie: own } }, SITE, false, jar)).header("cookie"), sent);
  });
}
