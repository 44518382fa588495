// Fetch §4 "Fetching" and §5.6 "Fetch methods", as a server sees them: api/basic, redirects, referrers, cache modes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { fetch, NetworkError } from "../../src/index.js";
import { bytes, type Loose, ours, type Platform, refused, same, standard, streamOf } from "./compare.js";
import { testServer } from "./server.js";

const url = testServer();
const shown = async (response: Response): Promise<unknown> => [
  response.status,
  response.statusText,
  response.ok,
  response.type,
  response.redirected,
  new URL(response.url).pathname,
  response.body === null,
  await response.text(),
];

same("fetch: sends what it was given", {
  GET: async ({ fetch }) => shown(await fetch(url("/echo?a=1#f"))),
  HEAD: async ({ fetch }) => shown(await fetch(url("/echo"), { method: "HEAD" })),
  ...Object.fromEntries(
    ["POST", "put", "patch", "PATCH", "DELETE", "options", "chicken"].map((method) => [
      method,
      async ({ fetch }: Platform) =>
        shown(await fetch(url("/echo"), { method, body: method === "options" ? null : "body" })),
    ]),
  ),
  "a POST without a body": async ({ fetch }) => shown(await fetch(url("/echo"), { method: "POST" })),
  "an empty body": async ({ fetch }) => shown(await fetch(url("/echo"), { method: "POST", body: "" })),
  bytes: async ({ fetch }) => shown(await fetch(url("/echo"), { method: "POST", body: bytes("abc") })),
  parameters: async ({ fetch }) =>
    shown(await fetch(url("/echo"), { method: "POST", body: new URLSearchParams("a=ä b") })),
  "a blob": async ({ fetch }) =>
    shown(await fetch(url("/echo"), { method: "POST", body: new Blob(["abc"], { type: "x/y" }) })),
  "an object": async ({ fetch }) => shown(await fetch(url("/echo"), { method: "POST", body: {} as never })),
  "a stream": async ({ fetch }) =>
    shown(
      await fetch(url("/echo"), {
        method: "POST",
        body: streamOf(bytes("a"), bytes("b")),
        duplex: "half",
      } as RequestInit),
    ),
  "headers in a value's whole range": async ({ fetch }) =>
    shown(await fetch(url("/echo"), { headers: { "x-a": " \x01b\t\x7f\x80ÿ ", "x-b": "" } })),
  "what a library passes along": async ({ fetch }) =>
    shown(
      await fetch(url("/echo"), {
        json: { a: 1 },
        query: { a: 1 },
        retry: 0,
        timeout: "x",
        parseResponse: 1,
      } as never),
    ),
  "a Request": async ({ fetch, Request }) => {
    const request = new Request(url("/echo"), { method: "POST", body: "abc", headers: { "x-a": "1" } });
    const fetching = fetch(request);
    const used = request.bodyUsed;
    return [used, await shown(await fetching), await fetch(request).catch((error) => error.constructor.name)];
  },
  "a Request and an init": async ({ fetch, Request }) =>
    shown(
      await fetch(new Request(url("/echo"), { method: "POST", body: "abc", headers: { "x-a": "1" } }), {
        method: "PUT",
        headers: { "x-b": "2" },
      }),
    ),
  "a URL, and a Request as init": async ({ fetch, Request }) =>
    shown(
      await fetch(
        url("/echo"),
        new Request("http://b.test/", { method: "POST", body: "abc", headers: { "x-a": "1" } }),
      ),
    ),
  "the platform's Request": async ({ fetch }) =>
    shown(await fetch(new globalThis.Request(url("/echo"), { method: "POST", body: "abc" }))),
  "the platform's Request with a stream": async ({ fetch }) =>
    shown(
      await fetch(
        new globalThis.Request(url("/echo"), {
          method: "POST",
          body: streamOf(bytes("abc")),
          duplex: "half",
        } as RequestInit),
      ),
    ),
});

same("fetch: gives what came", {
  ...Object.fromEntries(
    [200, 201, 204, 205, 299, 300, 304, 400, 404, 500, 599].map((code) => [
      `status ${code}`,
      async ({ fetch }: Platform) => shown(await fetch(url(`/status?code=${code}`))),
    ]),
  ),
  headers: async ({ fetch }) => {
    const { headers } = await fetch(url("/headers"));
    return [
      headers.get("x-two"),
      headers.get("set-cookie"),
      headers.getSetCookie(),
      headers.get("x-latin"),
      (() => {
        try {
          headers.set("a", "b");
          return "changed";
        } catch (error) {
          return (error as Error).constructor.name;
        }
      })(),
    ];
  },
  ...Object.fromEntries(
    ["gzip", "x-gzip", "GZIP", "identity", "none", "utf-8", "aws-chunked", "x-unknown", ""].map((coding) => [
      `the coding ${JSON.stringify(coding)}`,
      async ({ fetch }: Platform) => (await fetch(url(`/coded?coding=${coding}`))).text(),
    ]),
  ),
  "two responses at once from a clone": async ({ fetch }) => {
    const response = await fetch(url("/large"));
    const clone = response.clone();
    const [a, b] = await Promise.all([response.text(), clone.text()]);
    return [a.length, a === b, response.bodyUsed, clone.bodyUsed];
  },
  "a stream that ends by itself": async ({ fetch }) => {
    const reader = (await fetch(url("/large"))).body?.getReader();
    let length = 0;
    for (;;) {
      const step = await reader?.read();
      if (step === undefined || step.done) break;
      length += step.value.byteLength;
    }
    return [length, await reader?.closed];
  },
});

same("fetch: rejects with a TypeError, whatever goes wrong", {
  "nothing listens": ({ fetch }) =>
    fetch("http://127.0.0.1:3/").catch((error) => [error.constructor.name, error.message, error.cause.code]),
  "no such name": ({ fetch }) =>
    fetch("http://nope.invalid/").catch((error) => [error.constructor.name, error.message]),
  "a body that breaks off": async ({ fetch }) =>
    (await fetch(url("/cut")))
      .text()
      .catch((error) => [error.constructor.name, error.message, error.cause.code]),
  "a stream that breaks off": async ({ fetch }) => {
    const reader = (await fetch(url("/cut"))).body?.getReader();
    const closed = reader?.closed.catch((error) => error.constructor.name);
    try {
      for (;;) await reader?.read();
    } catch (error) {
      return [(error as Error).constructor.name, (error as Error).message, await closed];
    }
  },
  "too many redirects": ({ fetch }) =>
    fetch(url("/loop")).catch((error) => [error.constructor.name, error.message]),
  "redirects that are an error": ({ fetch }) =>
    fetch(url("/redirect"), { redirect: "error" }).catch((error) => [error.constructor.name, error.message]),
  ...Object.fromEntries(
    [
      "",
      "nowhere",
      "ftp://a.test",
      "about:blank",
      "file:///etc/passwd",
      "http://u:p@a.test",
      "http://a b",
    ].map((bad) => [
      JSON.stringify(bad),
      ({ fetch }: Platform) => fetch(bad).catch((error) => error.constructor.name),
    ]),
  ),
  "no argument": ({ fetch }) => (fetch as unknown as Loose)(),
  "an init that is none": ({ fetch }) => (fetch as unknown as Loose)(url("/echo"), 1),
  "a bad member": ({ fetch }) => fetch(url("/echo"), { mode: "x" } as never),
  "a body with GET": ({ fetch }) => fetch(url("/echo"), { body: "x" }),
});

test("fetch: has the NetworkError as the cause of its TypeErrors", async () => {
  const error = await fetch("http://127.0.0.1:3/").catch((reason: TypeError) => reason);
  assert.ok(error instanceof TypeError && !(error instanceof NetworkError));
  assert.ok(error.cause instanceof NetworkError);
  assert.match(error.cause.message, /^GET http:\/\/127\.0\.0\.1:3 failed: could not connect/);
  assert.equal(error.cause.code, "ECONNREFUSED");
  assert.equal(error.cause.trunklineCode, "ERR_TRUNKLINE_CONNECTION_REFUSED");
  // Next is the system's error, so that a log of all causes has each sentence once.
  const system = error.cause.cause;
  assert.ok(system instanceof Error && !(system instanceof NetworkError));
  assert.match(inspect(error), /ECONNREFUSED/);
  assert.equal(inspect(error).split("could not connect").length, 2);
});

refused("fetch: refuses what would change where a request goes", {
  ...Object.fromEntries(
    ["dispatcher", "agent", "client", "proxy", "tls", "unix", "socketPath"].map((name) => [
      name,
      [({ fetch }: Platform) => fetch(url("/echo"), { [name]: {} } as never), "TypeError"] as const,
    ]),
  ),
});
standard("fetch: lets pass what says nothing", {
  "no dispatcher": [
    async ({ fetch }) =>
      (await fetch(url("/echo"), { dispatcher: undefined, agent: null, proxy: false } as never)).status,
    200,
  ],
});

const hop = (query: string): string => url(`/redirect?${query}`);
same("fetch: follows redirects", {
  ...Object.fromEntries(
    [301, 302, 303, 307, 308].flatMap((code) =>
      (["GET", "HEAD", "POST", "PUT", "DELETE"] as const).map((method) => [
        `${method} on ${code}`,
        async ({ fetch }: Platform) => {
          const body = method === "POST" || method === "PUT" ? "body" : null;
          return shown(await fetch(hop(`code=${code}`), { method, body, headers: { "x-a": "1" } }));
        },
      ]),
    ),
  ),
  ...Object.fromEntries(
    [300, 304, 305, 306].map((code) => [
      `not ${code}`,
      async ({ fetch }: Platform) => (await fetch(hop(`code=${code}`))).status,
    ]),
  ),
  "an empty Location, which leads back": ({ fetch }) => fetch(hop("to=")).catch((error) => error.message),
  "credentials in the Location": ({ fetch }) =>
    fetch(hop(`to=${url("/echo").replace("//", "//user:password@")}`)).then(shown, (error) => error.message),
  "credentials in the Location, by no-cors": ({ fetch }) =>
    fetch(hop(`to=${url("/echo").replace("//", "//user:password@")}`), { mode: "same-origin" }).then(
      (response) => response.status,
    ),
  "not by hand": async ({ fetch }) => {
    const response = await fetch(hop("code=302"), { redirect: "manual" });
    return [response.status, response.headers.get("location"), response.redirected];
  },
  ...Object.fromEntries(
    [301, 302, 303, 307, 308].map((code) => [
      `a stream on ${code}`,
      ({ fetch }: Platform) =>
        fetch(hop(`code=${code}`), {
          method: "POST",
          body: streamOf(bytes("abc")),
          duplex: "half",
        } as RequestInit).then(shown, (error) => error.message),
    ]),
  ),
  "to a fragment": async ({ fetch }) =>
    (await fetch(hop(`to=${encodeURIComponent("/echo#f")}`))).url.endsWith("/echo"),
  "to nowhere": ({ fetch }) => fetch(hop("to=http://%5B")).catch((error) => error.message),
  "to another scheme": ({ fetch }) => fetch(hop("to=data:,x")).catch((error) => error.message),
  "to a platform's Request again": async ({ fetch }) =>
    shown(await fetch(new globalThis.Request(hop("code=307"), { method: "POST", body: "abc" }))),
});

// [policy, what is shown to the same origin, what to another]; Node 20 has one answer for all of them.
const policies = [
  ["", "whole", "origin"],
  ["no-referrer", undefined, undefined],
  ["origin", "origin", "origin"],
  ["same-origin", "whole", undefined],
  ["strict-origin", "origin", "origin"],
  ["unsafe-url", "whole", "whole"],
  ["no-referrer-when-downgrade", "whole", "whole"],
  ["origin-when-cross-origin", "whole", "origin"],
  ["strict-origin-when-cross-origin", "whole", "origin"],
] as const;
for (const [referrerPolicy, same, other] of policies) {
  test(`fetch: sends the referrer that the policy ${JSON.stringify(referrerPolicy)} allows`, async () => {
    for (const [from, expected] of [
      [url("/page?q#f"), same],
      ["http://other.test/page?q#f", other],
    ] as const) {
      const response = await fetch(url("/echo"), { referrer: from, referrerPolicy });
      const { headers } = (await response.json()) as { headers: { referer?: string } };
      const whole = from.replace("#f", "");
      assert.equal(headers.referer, expected === "whole" ? whole : expected && `${new URL(from).origin}/`);
    }
  });
}
test("fetch: makes the referrer anew at each redirect, and heeds the policy it sets", async () => {
  const referer = async (query: string): Promise<string | undefined> => {
    const response = await fetch(hop(query), { referrer: url("/page") });
    return ((await response.json()) as { headers: { referer?: string } }).headers.referer;
  };
  assert.equal(await referer("to=/echo"), url("/page"));
  assert.equal(await referer("to=/echo&policy=no-referrer"), undefined);
  assert.equal(await referer("to=/echo&policy=no-referrer,x"), undefined);
  assert.equal(await referer("to=/echo&policy=x,origin"), url("/"));
});
same("fetch: sends no referrer unless one is named", {
  "on a redirect": async ({ fetch }) => shown(await fetch(hop("to=/echo"))),
  none: async ({ fetch }) => shown(await fetch(url("/echo"), { referrer: "" })),
});

refused("fetch: has no cache that could answer alone", {
  "only-if-cached": [
    ({ fetch }) => fetch(url("/echo"), { cache: "only-if-cached", mode: "same-origin" } as RequestInit),
    "TypeError",
  ],
});

same("fetch: refuses the ports of other protocols", {
  ...Object.fromEntries(
    [1, 22, 25, 6000, 6667, 10_080].flatMap((port) =>
      ["http", "https"].map((scheme) => [
        `${scheme} ${port}`,
        ({ fetch }: Platform) =>
          fetch(`${scheme}://127.0.0.1:${port}/`).catch((error) => [error.constructor.name, error.message]),
      ]),
    ),
  ),
});

same("fetch: tells caches of its cache mode", {
  ...Object.fromEntries(
    (["default", "no-store", "reload", "no-cache", "force-cache"] as const).flatMap((cache) => [
      [cache, async ({ fetch }: Platform) => shown(await fetch(url("/echo"), { cache } as RequestInit))],
      [
        `${cache}, with fields of one's own`,
        async ({ fetch }: Platform) =>
          shown(
            await fetch(url("/echo"), {
              cache,
              headers: { "cache-control": "x", pragma: "y" },
            } as RequestInit),
          ),
      ],
    ]),
  ),
  ...Object.fromEntries(
    ["If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "If-Range"].map((name) => [
      name,
      async ({ fetch }: Platform) => shown(await fetch(url("/echo"), { headers: { [name]: '"x"' } })),
    ]),
  ),
});

test("fetch: is a function of one argument by that name", async () => {
  assert.equal(ours.fetch.name, "fetch");
  assert.equal(ours.fetch.length, 1);
  const fetching = fetch("data:,x");
  assert.equal(fetching.constructor, Promise);
  await fetching;
});
