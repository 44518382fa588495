import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { NetworkError } from "../../src/errors/index.js";
import { Client, fetch, Headers, Request, Response, Transport } from "../../src/index.js";
import { redactPath } from "../../src/trace/index.js";
import { thrown } from "./thrown.js";

/** All that a program's log could show of an error: its text, its properties, its causes, hidden ones too. */
function shownOf(error: unknown): string {
  const { message, stack } = error as Error;
  return [
    message,
    stack,
    String(error),
    JSON.stringify(error),
    inspect(error, { depth: 20, showHidden: true }),
  ].join("\n");
}

const SECRET = "hunter2";

/** URLs with a secret that no parser takes, by the slip. */
const broken: Readonly<Record<string, string>> = {
  "a port too large": `http://user:${SECRET}@host:99999/`,
  "an @ in the password": `http://user:a@${SECRET}@ho st/`,
  "a / in the password": `http://user:a/${SECRET}@host/`,
  "a # in the password": `http://user:a#${SECRET}@host/`,
  "a ? in the password": `http://user:a?${SECRET}@host/`,
  "a \\ in the password": `http://user:a\\${SECRET}@host/`,
  "an @ as %40": `http://user:${SECRET}%40host/`,
  "no scheme": `user:${SECRET}@host/path`,
  "no scheme, with slashes": `//user:${SECRET}@ho st/`,
  "another scheme": `ftp://user:${SECRET}@host/`,
  "no host": `http://user:${SECRET}@/`,
  "a bad address": `http://user:${SECRET}@[::1/`,
  "a space in front": `  http://user:${SECRET}@ho st/`,
  "a token in the query": `http://ho st/?token=${SECRET}`,
  "a token in the query, another scheme": `ws://host/?token=${SECRET}&b=1`,
  "a token in the fragment": `http://ho st/#access_token=${SECRET}`,
};

const takers: Readonly<Record<string, (url: string) => unknown>> = {
  "client.get": (url) => new Client().get(url),
  "client.fetch": (url) => new Client().fetch(url),
  "client.get, with query": (url) => new Client().get(url, { query: { a: 1 } }),
  fetch: (url) => fetch(url),
  "a Request": (url) => fetch(new Request(url)),
  baseURL: (url) => new Client({ baseURL: url }),
  origins: (url) => new Client({ origins: [url] }),
  preconnect: (url) => new Transport().preconnect(url),
  proxy: (url) => new Transport({ proxy: url }),
  "the proxy a function returns": (url) =>
    new Client({ transport: new Transport({ proxy: () => url }) }).get("http://127.0.0.1:9/"),
  tlsByOrigin: (url) => new Transport({ tlsByOrigin: { [url]: {} } }),
  "a member of tlsByOrigin": (url) => new Transport({ tlsByOrigin: { [url]: { nothing: 1 } as never } }),
  "Response.redirect": (url) => Response.redirect(url),
};

for (const [taker, take] of Object.entries(takers)) {
  test(`errors about URLs: ${taker} shows no secret of a URL that cannot be used`, async () => {
    for (const [slip, url] of Object.entries(broken)) {
      const error = await thrown(() => take(url));
      // A proxy needs no scheme, and a redirect may lead anywhere: these two can use some of them.
      assert.ok(error !== undefined || /^(?:proxy|Response.redirect)$/.test(taker), slip);
      if (error === undefined) continue;
      const shown = shownOf(error);
      assert.ok(!shown.includes(SECRET), `${slip}: ${shown}`);
    }
  });
}

test("errors about URLs: a relative URL that cannot be resolved shows nothing of the baseURL's password", async () => {
  const client = new Client({ baseURL: `http://user:${SECRET}@host/` });
  const shown = shownOf(await thrown(() => client.get("//[bad")));
  assert.ok(!shown.includes(SECRET), shown);
});

test("errors about URLs: say what was given, but for the secret, and keep Node's code", async () => {
  const error = (await thrown(() => new Request(`http://user:${SECRET}@host:99999/a?b=c`))) as TypeError;
  assert.equal(error.message, 'Cannot request "http://***@host:99999/a?b=***": it is not a valid URL');
  assert.equal((error.cause as { code?: string }).code, "ERR_INVALID_URL");
});

test("errors about options: a proxyAuth that holds a password, and a header line given as a name, show neither", async () => {
  for (const act of [
    () => new Transport({ proxyAuth: `user:${SECRET}` as never }),
    () => new Headers({ [`Authorization: Bearer ${SECRET}`]: "" }),
    () => new Client({ auth: `user:${SECRET}` as never, baseURL: "http://a.example" }),
  ]) {
    const shown = shownOf(await thrown(act));
    assert.ok(/^Cannot|is not a valid header name/.test(shown) && !shown.includes(SECRET), shown);
  }
});

test("NetworkError: url shows names of query parameters, no values, password or fragment", () => {
  const of = (url: string): string | undefined =>
    new NetworkError("", { code: "ERR_TRUNKLINE_DNS", phase: "dns", url }).url;
  assert.equal(of("http://u:p@h/a?b=c&e=f=g&h=#i"), "http://u:***@h/a?b=***&e=***&h=#***");
  // Without a value a name may be a token: a signature is all of a query at times.
  assert.equal(of("http://h/a?token"), "http://h/a?***");
  assert.equal(of("http://h/a?b=c&token&&d="), "http://h/a?b=***&***&&d=");
  assert.equal(of("http://u@h/a?"), "http://u@h/a?");
  assert.equal(of("http://h/@scope/name"), "http://h/@scope/name");
  // The rest of a password with a slash in it: "pass" is the host to the parser.
  assert.equal(of("http://pass/word@h/a?b@c&d@e=f"), "http://pass/***@h/a?***&***@e=***");
});

test("NetworkError: what a terminal would obey in a peer's words is escaped", () => {
  const { message } = new NetworkError("a\u001b[2J\u009b31m\u0085\u202e\nb", {
    code: "ERR_TRUNKLINE_DNS",
    phase: "proxy",
  });
  assert.equal(message, "a\\x1b[2J\\x9b31m\\x85\\u202e\\x0ab");
});

test("redactPath: shows a path, names of parameters, and nothing right before an @", () => {
  for (const [path, shown] of [
    ["/a/b?c=d&e=", "/a/b?c&e"],
    ["/a/b?token", "/a/b?***"],
    ["/a/b?c=d&token&&e=f", "/a/b?c&***&&e"],
    ["/pass@host:1/x", "/***@host:1/x"],
    ["/@scope/name", "/@scope/name"],
    ["/?key@host=1", "/?***@host"],
  ] as const) {
    assert.equal(redactPath(path), shown);
  }
});
