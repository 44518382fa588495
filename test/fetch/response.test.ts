// Fetch §5.5 "Response class".
import { type BodyInit, bytes, type Loose, type Platform, same, standard, streamOf } from "./compare.js";

const FIELDS = ["type", "url", "redirected", "status", "ok", "statusText", "bodyUsed"] as const;
const shown = (response: Response): unknown => [
  FIELDS.map((name) => [name, response[name]]),
  [...response.headers],
  response.body === null,
];
const made =
  (body?: unknown, init?: unknown) =>
  ({ Response }: Platform) =>
    shown(new Response(body as BodyInit, init as ResponseInit));

same("Response: is made from what the standard knows", {
  nothing: ({ Response }) => shown(new Response()),
  ...Object.fromEntries(
    [
      ...[199, 200, 204, 205, 299, 300, 304, 404, 599, 600, 0, 100, 101, 65_736, -1, 200.9, Number.NaN],
      ...["200", "404.5", "x", "", null, true, {}],
    ].flatMap((status) => [
      [`status ${String(status)}`, made(null, { status })],
      [`status ${String(status)} with a body`, made("x", { status })],
    ]),
  ),
  ...Object.fromEntries(
    ["OK", "", "a b", "\t", "a\r", "a\n", "\0", "\x7f", "ä", "\u0100", null, 1].map((statusText) => [
      `statusText ${JSON.stringify(statusText)}`,
      made(null, { statusText }),
    ]),
  ),
  ...Object.fromEntries(
    [null, undefined, 1, "x", true, []].map((init) => [`init ${String(init)}`, made("b", init)]),
  ),
  headers: made("b", { headers: { "content-type": "x/y", a: "1" } }),
  "bad headers": made("b", { headers: [["a"]] }),
  "a member that nobody knows": made("b", { url: "http://a.test", type: "basic", json: 1 }),
  "a response as init": ({ Response }) =>
    shown(new Response("a", new Response("b", { status: 201, statusText: "s", headers: { x: "y" } }))),
});

same("Response.error, Response.redirect, Response.json", {
  error: ({ Response }) => shown(Response.error()),
  ...Object.fromEntries(
    [301, 302, 303, 307, 308, 200, 300, 304, 309, "302", undefined, null].map((status) => [
      `redirect ${String(status)}`,
      ({ Response }: Platform) => shown(Response.redirect("http://a.test/x", status as 301)),
    ]),
  ),
  "redirect to no URL": ({ Response }) => (Response.redirect as unknown as Loose)("nowhere"),
  "redirect to no URL with no status": ({ Response }) =>
    (Response.redirect as unknown as Loose)("nowhere", 200),
  "redirect to nothing": ({ Response }) => (Response.redirect as unknown as Loose)(),
  "redirect to a URL object": ({ Response }) =>
    shown((Response.redirect as unknown as Loose)(new URL("http://a.test/ä"))),
  json: async ({ Response }) => {
    const response = Response.json({ a: [1, "ä"] }, { status: 201, headers: { x: "y" } });
    return [shown(response), await response.text()];
  },
  "json with a type": ({ Response }) => shown(Response.json(1, { headers: { "content-type": "a/b" } })),
  "json of null": async ({ Response }) => Response.json(null).text(),
  "json of nothing": ({ Response }) => (Response.json as unknown as Loose)(),
  "json of undefined": ({ Response }) => Response.json(undefined),
  "json of a function": ({ Response }) => Response.json(() => 1),
  "json of a symbol": ({ Response }) => Response.json(Symbol("s")),
  "json of a bigint": ({ Response }) => Response.json(1n),
  "json of what throws": ({ Response }) =>
    Response.json({
      toJSON() {
        throw new RangeError("x");
      },
    }),
  "json of a cycle": ({ Response }) => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    return Response.json(cycle);
  },
  ...Object.fromEntries(
    [204, 205, 304, 199, 600].map((status) => [
      `json with ${status}`,
      ({ Response }: Platform) => Response.json(1, { status }),
    ]),
  ),
});

same("Response: clones", {
  "both bodies": async ({ Response }) => {
    const response = new Response("abc", { status: 201, statusText: "s", headers: { a: "1" } });
    const clone = response.clone();
    clone.headers.set("a", "2");
    return [shown(response), shown(clone), await clone.text(), await response.text()];
  },
  "without a body": ({ Response }) => shown(new Response(null, { status: 204 }).clone()),
  "an error": ({ Response }) => {
    const clone = Response.error().clone();
    clone.headers.set("a", "b");
  },
  "not after use": async ({ Response }) => {
    const response = new Response("a");
    await response.text();
    return response.clone();
  },
  "not while locked": ({ Response }) => {
    const response = new Response("a");
    response.body?.getReader();
    return response.clone();
  },
  "a clone whose other half is cancelled": async ({ Response }) => {
    const response = new Response(streamOf(bytes("a"), bytes("b")));
    const clone = response.clone();
    const cancelled = clone.body?.cancel();
    const text = await response.text();
    await cancelled;
    return text;
  },
  "a clone's body is another stream": ({ Response }) => {
    const response = new Response(streamOf(bytes("a")));
    const before = response.body;
    const clone = response.clone();
    return [before?.locked, response.body === before, clone.body === response.body];
  },
});

standard("Response: the chunks of a clone are copies", {
  copies: [
    async ({ Response }) => {
      const chunk = bytes("abc");
      const response = new Response(streamOf(chunk));
      const clone = response.clone();
      const [mine, theirs] = await Promise.all(
        [response, clone].map(async ({ body }) => (await body?.getReader().read())?.value),
      );
      return [mine === chunk, theirs === chunk, Buffer.from(theirs as Uint8Array).toString()];
    },
    [true, false, "abc"],
  ],
});
