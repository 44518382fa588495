// Fetch §4.3 "Scheme fetch" and §6 "data: URLs".
import { type Platform, same, standard } from "./compare.js";

const shown = async (response: Response): Promise<unknown> => [
  response.status,
  response.statusText,
  response.type,
  response.redirected,
  response.url,
  [...response.headers],
  Buffer.from(await response.arrayBuffer()).toString("latin1"),
];

const data = [
  ...[
    "data:,",
    "data:,x",
    "data:text/plain,x",
    "data:text/html;charset=utf-8,x",
    "data:;charset=utf-8,x",
    "data:;base64,aGk=",
  ],
  ...[
    "data:text/plain;base64,aGk",
    "data:;base64, aG k =",
    "data:;base64,a",
    "data:;base64,aGk*",
    "data:;base64;x,aGk=",
  ],
  ...[
    "data:;BASE64,aGk=",
    "data:; base64,aGk=",
    "data:;base64 ,aGk=",
    "data:,%41%zz%4",
    "data:,ä",
    "data:,a#b",
    "data:,a?b",
  ],
  ...[
    "data:nonsense,x",
    'data:a/b;c="d",x',
    "data:image/png,%ff",
    "data:x",
    "data:",
    "DATA:,x",
    "data://,x",
    "data: text/plain ,x",
  ],
  ...["data:text/plain;a=,x", "data:;charset=x;base64,aGk=", "data:,\tx\n", "data:text/css;x=y;x=z,"],
];
same("fetch: answers data: URLs", {
  ...Object.fromEntries(data.map((url) => [url, async ({ fetch }: Platform) => shown(await fetch(url))])),
  POST: async ({ fetch }) => shown(await fetch("data:,x", { method: "POST", body: "y" })),
  "a Request": async ({ fetch, Request }) => shown(await fetch(new Request("data:,x"))),
  "a body's type": async ({ fetch }) => (await (await fetch("data:text/x;charset=y,x")).blob()).type,
  "headers cannot be changed": async ({ fetch }) => (await fetch("data:,x")).headers.set("a", "b"),
});
standard("fetch: HEAD of a data: URL has no body", {
  HEAD: [async ({ fetch }) => (await fetch("data:,x", { method: "HEAD" })).text(), ""],
});

const blob = new Blob(["0123456789"], { type: "text/x" });
const withBlob =
  (act: (platform: Platform, url: string) => unknown, content = blob) =>
  async (platform: Platform) => {
    const url = URL.createObjectURL(content);
    try {
      return JSON.parse(JSON.stringify(await act(platform, url)).replaceAll(url, "blob:")) as unknown;
    } finally {
      URL.revokeObjectURL(url);
    }
  };
same("fetch: answers blob: URLs", {
  whole: withBlob(async ({ fetch }, url) => shown(await fetch(url))),
  "without a type": withBlob(async ({ fetch }, url) => (await fetch(url)).text(), new Blob(["x"])),
  empty: withBlob(async ({ fetch }, url) => shown(await fetch(url)), new Blob([], { type: "a/b" })),
  POST: withBlob(({ fetch }, url) => fetch(url, { method: "POST" }).catch((error) => error.constructor.name)),
  HEAD: withBlob(({ fetch }, url) => fetch(url, { method: "HEAD" }).catch((error) => error.constructor.name)),
  unknown: ({ fetch }) =>
    fetch("blob:nodedata:none").catch((error) => [error.constructor.name, error.message]),
});
standard("fetch: a blob: URL has its type always, no query, and its blob from when it was read", {
  "no type": [
    withBlob(async ({ fetch }, url) => (await fetch(url)).headers.get("content-type"), new Blob(["x"])),
    "",
  ],
  "a part of one without a type": [
    withBlob(
      async ({ fetch }, url) =>
        (await fetch(url, { headers: { range: "bytes=0-0" } })).headers.get("content-type"),
      new Blob(["x"]),
    ),
    "",
  ],
  "a query": [
    withBlob(({ fetch }, url) => fetch(`${url}?x`).catch((error: TypeError) => error.message)),
    "fetch failed",
  ],
  "a fragment": [withBlob(async ({ fetch }, url) => (await fetch(`${url}#x`)).text()), "0123456789"],
  "revoked after the Request was made": [
    withBlob(async ({ fetch, Request }, url) => {
      const request = new Request(url);
      URL.revokeObjectURL(url);
      return (await fetch(request)).text();
    }),
    "0123456789",
  ],
  "revoked after fetch was called": [
    withBlob((platform, url) => {
      const answer = platform.fetch(url);
      URL.revokeObjectURL(url);
      return answer.then((response) => response.text());
    }),
    "0123456789",
  ],
});
// Node 20 gives a byte too few.
const ranges: Readonly<Record<string, string | undefined>> = {
  "bytes=0-1": "bytes 0-1/10",
  "bytes=2-": "bytes 2-9/10",
  "bytes=-3": "bytes 7-9/10",
  "bytes=0-99": "bytes 0-9/10",
  "bytes \t= 1 - 2": "bytes 1-2/10",
};
standard("fetch: answers ranges of blob: URLs", {
  ...Object.fromEntries(
    Object.entries(ranges).map(([range, expected]) => [
      range,
      [
        withBlob(async ({ fetch }, url) => {
          const response = await fetch(url, { headers: { range } });
          const { status, headers } = response;
          const text = await response.text();
          return [status, headers.get("content-range"), headers.get("content-length") === `${text.length}`];
        }),
        [206, expected, true],
      ] as const,
    ]),
  ),
});
same("fetch: refuses ranges that are none", {
  ...Object.fromEntries(
    ["bytes=5-2", "bytes=10-", "bytes=", "x", "bytes=0-1,3-4"].map((range) => [
      range,
      withBlob(({ fetch }, url) =>
        fetch(url, { headers: { range } }).then(shown, (error) => error.constructor.name),
      ),
    ]),
  ),
});

same("fetch: other schemes are network errors", {
  ...Object.fromEntries(
    [
      "about:blank",
      "about:x",
      "file:///etc/passwd",
      "ftp://a.test",
      "mailto:a@b.test",
      "x:y",
      "ws://a.test",
      "javascript:1",
    ].map((url) => [
      url,
      ({ fetch }: Platform) => fetch(url).catch((error) => [error.constructor.name, error.message]),
    ]),
  ),
});
