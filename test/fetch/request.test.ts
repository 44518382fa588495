// Fetch §5.4 "Request class".
import { type BodyInit, bytes, type Platform, refused, same, standard, streamOf, theirs } from "./compare.js";

const URL_ = "http://a.test/p?q#f";

const FIELDS = [
  ...[
    "method",
    "url",
    "destination",
    "referrer",
    "referrerPolicy",
    "mode",
    "credentials",
    "cache",
    "redirect",
  ],
  ...["integrity", "keepalive", "duplex", "bodyUsed"],
] as const;
const shown = (request: Request): unknown => [
  FIELDS.map((name) => [name, (request as unknown as Record<string, unknown>)[name]]),
  [...request.headers],
  request.body === null,
  request.signal instanceof AbortSignal,
  request.signal.aborted,
];
const made =
  (input: unknown, init?: unknown) =>
  ({ Request }: Platform) =>
    shown(new Request(input as string, init as RequestInit));

same("Request: takes any URL, and nothing that is none", {
  ...Object.fromEntries(
    [
      ...[
        "http://a.test",
        "HTTP://A.TEST:80/a/../b",
        "https://a.test:443/ä?ä#ä",
        "http://a.test/#",
        "http://a.test/?",
      ],
      ...["data:,x", "about:blank", "blob:nodedata:x", "file:///a", "ftp://a.test", "mailto:a@b.test", "x:"],
      ...[
        "",
        "a",
        "/a",
        "//a.test/",
        "http://",
        "http://a b",
        "http://[",
        "http://u@a.test",
        "http://u:p@a.test",
      ],
      ...[
        "http://:p@a.test",
        "http://@a.test/",
        "http:\\\\u@a.test",
        " http://a.test ",
        "http://a\t.test/",
        "http:/a.test",
      ],
    ].map((url) => [JSON.stringify(url), made(url)]),
  ),
  "a URL object": made(new URL(URL_)),
  "an object with a text": made({ toString: () => URL_ }),
  nothing: ({ Request }) => new (Request as unknown as new () => Request)(),
  undefined: made(undefined),
  null: made(null),
  "a symbol": made(Symbol("s")),
});

const members: Record<string, unknown[]> = {
  method: ["get", "Post", "patch", "PATCH", "chicken", "", " ", "a b", "ä", null, 1, undefined],
  mode: ["cors", "no-cors", "same-origin", "navigate", "websocket", "CORS", "", null, undefined],
  credentials: ["omit", "same-origin", "include", "x", null],
  cache: ["default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached", "x"],
  redirect: ["follow", "error", "manual", "FOLLOW", "x", null],
  referrer: ["", "about:client", "about://client", "http://a.test/r#f", "http://b.test", "no url", null],
  referrerPolicy: [
    ...["", "no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin"],
    ...["origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url", "x"],
  ],
  integrity: ["", "sha256-x", null, 1],
  keepalive: [true, false, 0, "x", null],
  duplex: ["half", "full", ""],
  window: [null, undefined, "http://a.test", 1, {}],
  signal: [null, undefined, AbortSignal.abort(), 1, "x", {}],
  headers: [{}, [], null, 1, "x", [["a"]], { a: "b", host: "c", "content-length": "1" }],
  body: [null, undefined],
};
same("Request: each member has the values that the standard knows", {
  ...Object.fromEntries(
    Object.entries(members).flatMap(([name, list]) =>
      list.map((value) => [
        `${name}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`,
        made(URL_, { [name]: value }),
      ]),
    ),
  ),
  "only-if-cached in the one mode": made(URL_, { cache: "only-if-cached", mode: "same-origin" }),
  "a member that nobody knows": made(URL_, {
    json: { a: 1 },
    query: { a: 1 },
    retry: 0,
    timeout: "x",
    form: 1,
  }),
  ...Object.fromEntries(
    [null, undefined, 1, "x", true, [], new Date(0), () => undefined].map((init) => [
      `init ${String(init)}`,
      made(URL_, init),
    ]),
  ),
  "an init with getters on its prototype": made(
    URL_,
    new (class {
      get method() {
        return "put";
      }
    })(),
  ),
});

standard("Request: `priority` is checked, and the members are read in the order of their names", {
  order: [
    ({ Request }) => {
      const read: string[] = [];
      const init = new Proxy({}, { get: (_, name) => void read.push(String(name)) });
      new Request(URL_, init);
      return read.filter((name) => name !== "then");
    },
    [
      ...["body", "cache", "credentials", "duplex", "headers", "integrity", "keepalive", "method", "mode"],
      ...["priority", "redirect", "referrer", "referrerPolicy", "signal", "window"],
    ],
  ],
});
refused("Request: refuses a priority that the standard does not know", {
  priority: [({ Request }) => new Request(URL_, { priority: "x" } as never), "TypeError"],
});

const bodies: Record<string, () => unknown> = {
  text: () => "a\ud800b",
  "an empty text": () => "",
  bytes: () => bytes("abc"),
  "a part of bytes": () => bytes("abcdef").subarray(2, 4),
  "an ArrayBuffer": () => bytes("abc").buffer,
  "a DataView": () => new DataView(bytes("abc").buffer, 1),
  parameters: () => new URLSearchParams({ a: "1 2", b: "ä" }),
  "a blob": () => new Blob(["abc"]),
  "a blob with a type": () => new Blob(["abc"], { type: "Text/Plain;Charset=X" }),
  "a number": () => 5,
  "an object": () => ({ a: 1 }),
  "an array": () => [1, 2],
  "a boolean": () => false,
  "a function": () => String,
  "an object with a text": () => ({ toString: () => "text" }),
};
const both = (platform: Platform, body: unknown): (Request | Response)[] => [
  new platform.Request(URL_, { method: "POST", body: body as BodyInit }),
  new platform.Response(body as BodyInit),
];
same(
  "Request, Response: extract a body from each kind of value",
  Object.fromEntries(
    Object.entries(bodies).map(([name, make]) => [
      name,
      (platform: Platform) =>
        Promise.all(
          both(platform, make()).map(async (one) => [
            one.headers.get("content-type"),
            one.bodyUsed,
            await one.text(),
            one.bodyUsed,
          ]),
        ),
    ]),
  ),
);

same("Request: a body needs a method that has one, and a stream more", {
  ...Object.fromEntries(
    ["GET", "HEAD", "get", "POST", "PUT", "DELETE", "OPTIONS", "chicken"].map((method) => [
      method,
      made(URL_, { method, body: "x" }),
    ]),
  ),
  "no method": made(URL_, { body: "x" }),
  "a type of one's own": made(URL_, { method: "POST", body: "x", headers: { "Content-Type": "a/b" } }),
  "a stream without duplex": ({ Request }) => new Request(URL_, { method: "POST", body: streamOf() }),
  "a stream": ({ Request }) =>
    shown(new Request(URL_, { method: "POST", body: streamOf(), duplex: "half" } as RequestInit)),
  "a stream in no-cors": ({ Request }) =>
    new Request(URL_, { method: "POST", body: streamOf(), duplex: "half", mode: "no-cors" } as RequestInit),
  "a stream with keepalive": ({ Request }) =>
    new Request(URL_, { method: "POST", body: streamOf(), duplex: "half", keepalive: true } as RequestInit),
  "a locked stream": ({ Request }) => {
    const stream = streamOf();
    stream.getReader();
    return new Request(URL_, { method: "POST", body: stream, duplex: "half" } as RequestInit);
  },
  "a stream that was read": async ({ Request }) => {
    const stream = streamOf(bytes("a"));
    const reader = stream.getReader();
    await reader.read();
    reader.releaseLock();
    return new Request(URL_, { method: "POST", body: stream, duplex: "half" } as RequestInit);
  },
  "the stream itself": ({ Request }) => {
    const stream = streamOf();
    return new Request(URL_, { method: "POST", body: stream, duplex: "half" } as RequestInit).body === stream;
  },
});

// The undici 7.30 in Node 24.22 forgets the referrer of the request that it copies.
const forgets =
  new theirs.Request(new theirs.Request(URL_, { referrer: "http://r.test/" })).referrer === "about:client";
const full = {
  method: "POST",
  body: "abc",
  headers: { a: "1" },
  cache: "no-store",
  credentials: "include",
  integrity: "sha256-x",
  keepalive: true,
  mode: "same-origin",
  redirect: "manual",
  ...(forgets ? {} : ({ referrer: "http://r.test/", referrerPolicy: "origin" } as const)),
} as const;
standard("Request: a copy keeps the referrer and its policy, and one with anything changed does not", {
  ...Object.fromEntries(
    (
      [
        ["as it is", undefined, ["http://r.test/", "origin"]],
        ["with an init that is empty", {}, ["http://r.test/", "origin"]],
        ["with another method", { method: "PUT" }, ["about:client", ""]],
      ] as const
    ).map(([name, init, expected]) => [
      name,
      [
        ({ Request }: Platform) => {
          const { referrer, referrerPolicy } = new Request(
            new Request(URL_, { referrer: "http://r.test/", referrerPolicy: "origin" }),
            init,
          );
          return [referrer, referrerPolicy];
        },
        expected,
      ] as const,
    ]),
  ),
});
same("Request: is made from another one", {
  "as it is": async ({ Request }) => {
    const first = new Request(URL_, full);
    const second = new Request(first);
    return [
      shown(first),
      shown(second),
      await second.text(),
      await first.text().catch((error) => error.name),
    ];
  },
  "with something else": async ({ Request }) => {
    const first = new Request(URL_, full);
    const second = new Request(first, {
      method: "PUT",
      headers: { b: "2" },
      body: "other",
      redirect: "follow",
    });
    return [shown(first), shown(second), await second.text(), await first.text()];
  },
  "with an init that is empty": ({ Request }) => shown(new Request(new Request(URL_, full), {})),
  "with a body of null": async ({ Request }) => {
    const second = new Request(new Request(URL_, full), { body: null });
    return second.text();
  },
  "to a GET": ({ Request }) => new Request(new Request(URL_, full), { method: "GET" }),
  "to a GET without a body": ({ Request }) => shown(new Request(new Request(URL_), { method: "HEAD" })),
  "one that was used": async ({ Request }) => {
    const first = new Request(URL_, full);
    await first.text();
    return new Request(first);
  },
  "one that was used, with another body": async ({ Request }) => {
    const first = new Request(URL_, full);
    await first.text();
    return new Request(first, { body: "new" }).text();
  },
  "another URL, and the request as init": async ({ Request }) => {
    const second = new Request("http://b.test/", new Request(URL_, full));
    return [shown(second), await second.text()];
  },
  "with a stream of its own": async ({ Request }) => {
    const first = new Request(URL_, {
      method: "POST",
      body: streamOf(bytes("abc")),
      duplex: "half",
    } as RequestInit);
    const second = new Request(first);
    return [first.bodyUsed, second.bodyUsed, await second.text()];
  },
  "the platform's": async ({ Request }) => {
    const first = new globalThis.Request(URL_, full);
    const second = new Request(first);
    return [shown(second), await second.text(), first.bodyUsed];
  },
});

same("Request: has a signal of its own that follows", {
  given: ({ Request }) => {
    const controller = new AbortController();
    const request = new Request(URL_, { signal: controller.signal });
    const second = new Request(request);
    const clone = request.clone();
    const before = [request.signal === controller.signal, request.signal.aborted];
    controller.abort(new Error("why"));
    return [
      before,
      [request, second, clone].map(({ signal }) => [signal.aborted, (signal.reason as Error).message]),
      second.signal === request.signal,
      clone.signal === request.signal,
    ];
  },
  "none, or null": ({ Request }) => {
    const controller = new AbortController();
    const cut = new Request(new Request(URL_, { signal: controller.signal }), { signal: null });
    controller.abort();
    return [cut.signal.aborted, new Request(URL_).signal.aborted];
  },
  "aborted already": ({ Request }) =>
    new Request(URL_, { signal: AbortSignal.abort("x") }).signal.reason as unknown,
});

same("Request: clones", {
  "both bodies": async ({ Request }) => {
    const request = new Request(URL_, full);
    const clone = request.clone();
    return [
      shown(request),
      shown(clone),
      await request.text(),
      await clone.text(),
      clone.headers === request.headers,
    ];
  },
  "both bodies of a stream": async ({ Request }) => {
    const request = new Request(URL_, {
      method: "POST",
      body: streamOf(bytes("ab"), bytes("cd")),
      duplex: "half",
    } as RequestInit);
    const clone = request.clone();
    return [request.bodyUsed, await request.text(), clone.bodyUsed, await clone.text()];
  },
  "not after use": async ({ Request }) => {
    const request = new Request(URL_, full);
    await request.text();
    return request.clone();
  },
  "not while locked": ({ Request }) => {
    const request = new Request(URL_, full);
    request.body?.getReader();
    return request.clone();
  },
});

standard("Request: has the URL parsed, without its extras in a listing", {
  parsedURL: [({ Request }) => String((new Request(URL_) as unknown as { parsedURL: URL }).parsedURL), URL_],
  own: [({ Request }) => Reflect.ownKeys(new Request(URL_)), []],
});
