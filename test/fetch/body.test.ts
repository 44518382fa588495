// Fetch §5.3 "Body mixin", MIME Sniffing as Blob.type shows it, and XHR's FormData.
import { type BodyInit, bytes, type Platform, same, standard, streamOf } from "./compare.js";

type Maker = (
  platform: Platform,
  body: BodyInit | null,
  headers?: Record<string, string>,
) => Request | Response;
const makers: Record<string, Maker> = {
  Request: ({ Request }, body, headers = {}) =>
    new Request("http://a.test", { method: "POST", body, headers, duplex: "half" } as RequestInit),
  Response: ({ Response }, body, headers = {}) => new Response(body, { headers }),
};
const readers = ["text", "json", "arrayBuffer", "blob", "bytes", "formData"] as const;
type Reader = (typeof readers)[number];
// Node 20's types lack `bytes` on some of its classes.
const read = (body: Request | Response, how: Reader): Promise<unknown> =>
  (body as unknown as Record<Reader, () => Promise<unknown>>)[how]();
const plain = async (value: unknown): Promise<unknown> => {
  if (value instanceof Blob) return [value.type, value.size, await value.text()];
  if (value instanceof FormData) {
    return Promise.all(
      [...value].map(async ([name, item]) => [
        name,
        typeof item === "string" ? item : [item.name, item.type, await item.text()],
      ]),
    );
  }
  if (value instanceof ArrayBuffer || value instanceof Uint8Array)
    return [value.constructor.name, Buffer.from(value as Uint8Array).toString("hex"), value.byteLength];
  return value;
};
/** For both classes: `[what it gives, …]`. */
const each =
  (act: (make: (body: BodyInit | null, headers?: Record<string, string>) => Request | Response) => unknown) =>
  async (platform: Platform) =>
    Promise.all(Object.values(makers).map((maker) => act((body, headers) => maker(platform, body, headers))));

const contents: Record<string, () => BodyInit | null> = {
  nothing: () => null,
  "an empty text": () => "",
  JSON: () => '{"a":1}',
  "a byte order mark": () => "\ufeffabc",
  "bytes that are no UTF-8": () => new Uint8Array([0xff, 0x61, 0xc3]),
  "a mark that is cut short": () => new Uint8Array([0xef, 0xbb]),
  "a blob with a type": () => new Blob(["{}"], { type: "application/json" }),
  parameters: () => new URLSearchParams("a=1&b=2&a=3"),
  "a stream of bytes": () => streamOf(bytes("{"), bytes("}")),
  "a stream that is empty": () => streamOf(),
  "a stream of empty chunks": () => streamOf(new Uint8Array(0), bytes("1"), new Uint8Array(0)),
};
same(
  "Body: each reader on each content",
  Object.fromEntries(
    Object.entries(contents).flatMap(([name, content]) =>
      readers.map((how) => [
        `${how} of ${name}`,
        each(async (make) =>
          plain(await read(make(content()), how).catch((error: Error) => error.constructor.name)),
        ),
      ]),
    ),
  ),
);

const types = [
  ...[
    "",
    "text/plain",
    "TEXT/PLAIN; Charset=UTF-8",
    "text/html;charset=gbk",
    'a/b;c="d e"',
    'a/b;c="d"',
    "a/b; c=d; c=e",
  ],
  ...[
    "a/b, c/d",
    "text/html;charset=x, text/html",
    "text/html;charset=x, text/plain",
    "*/*",
    "a/b, */*",
    "invalid",
    "a/b;",
    "a/b;x",
    "a/b;=x",
    'a/b;x="\\""',
  ],
  ...[
    "multipart/form-data; boundary=x",
    "application/json",
    'text/html;charset="a,b", x/y',
    " a/b ",
    "a /b",
    "a/ b",
    "a/b;x=ä",
  ],
];
same(
  "Body.blob: has the type of the content type, by MIME Sniffing",
  Object.fromEntries(
    types.map((type) => [
      JSON.stringify(type),
      each(async (make) => (await make("x", { "content-type": type }).blob()).type),
    ]),
  ),
);

const chunks: Record<string, unknown> = {
  text: "text",
  "a number": 1,
  null: null,
  undefined: undefined,
  "an ArrayBuffer": new ArrayBuffer(2),
  "another view": new Uint16Array([1]),
  "an object": {},
};
same(
  "Body: a stream of chunks that are no Uint8Array fails in every reader",
  Object.fromEntries(
    Object.entries(chunks).flatMap(([name, chunk]) =>
      readers.map((how) => [
        `${how} of ${name}`,
        each((make) =>
          read(make(streamOf(chunk)), how).then(
            () => "read",
            (error: Error) => error.constructor.name,
          ),
        ),
      ]),
    ),
  ),
);

same("Body: is used once", {
  ...Object.fromEntries(
    readers.flatMap((first) =>
      readers.map((second) => [
        `${first}, then ${second}`,
        each(async (make) => {
          const body = make("1", { "content-type": "application/x-www-form-urlencoded" });
          const reading = read(body, first);
          const used = body.bodyUsed;
          await reading.catch(() => undefined);
          return [
            used,
            body.bodyUsed,
            body.body?.locked,
            await read(body, second).then(
              () => "read",
              (error: Error) => error.constructor.name,
            ),
          ];
        }),
      ]),
    ),
  ),
  "nothing can be read again": each(async (make) => {
    const body = make(null);
    return [await body.text(), body.bodyUsed, await body.text(), body.body];
  }),
  "an empty text is a body": each(async (make) => {
    const body = make("");
    return [body.body === null, await body.text(), body.bodyUsed];
  }),
});

same("Body: bodyUsed and locked follow the stream", {
  getReader: each((make) => {
    const body = make("abc");
    const reader = body.body?.getReader();
    const locked = [body.bodyUsed, body.body?.locked];
    reader?.releaseLock();
    return [locked, body.bodyUsed, body.body?.locked];
  }),
  "getReader, then text": each((make) => {
    const body = make("abc");
    body.body?.getReader();
    return body.text().catch((error: Error) => error.constructor.name);
  }),
  "a read": each(async (make) => {
    const body = make("abc");
    const reader = body.body?.getReader();
    const reading = reader?.read();
    const used = body.bodyUsed;
    const { value, done } = (await reading) as { value: Uint8Array; done: boolean };
    const end = await reader?.read();
    await reader?.closed;
    return [used, Buffer.from(value).toString(), done, end, body.bodyUsed];
  }),
  "a read that is given up, then text": each(async (make) => {
    const body = make(streamOf(bytes("a"), bytes("b")));
    const reader = body.body?.getReader();
    await reader?.read();
    reader?.releaseLock();
    return [body.bodyUsed, await body.text().catch((error: Error) => error.constructor.name)];
  }),
  cancel: each(async (make) => {
    const body = make("abc");
    await body.body?.cancel();
    return [
      body.bodyUsed,
      body.body?.locked,
      await body.text().catch((error: Error) => error.constructor.name),
    ];
  }),
  pipeTo: each(async (make) => {
    const body = make("abc");
    const piping = body.body?.pipeTo(new WritableStream());
    const now = [body.bodyUsed, body.body?.locked];
    await piping;
    return [now, body.bodyUsed, body.body?.locked];
  }),
  pipeThrough: each(async (make) => {
    const body = make("abc");
    const through = body.body?.pipeThrough(new TransformStream());
    return [body.bodyUsed, body.body?.locked, await new Response(through as BodyInit).text()];
  }),
  tee: each(async (make) => {
    const body = make("abc");
    const branches = (body.body as ReadableStream).tee();
    return [
      body.bodyUsed,
      body.body?.locked,
      await Promise.all(branches.map((branch) => new Response(branch).text())),
    ];
  }),
  "the same stream each time": each((make) => {
    const body = make("abc");
    const first = body.body;
    return first === body.body && first instanceof ReadableStream;
  }),
  "a stream after use": each(async (make) => {
    const body = make("abc");
    await body.text();
    return [body.body?.locked, body.body instanceof ReadableStream];
  }),
  "a BYOB reader": each(async (make) => {
    const reader = (make("abcdef").body as ReadableStream).getReader({ mode: "byob" });
    const first = await reader.read(new Uint8Array(4));
    const second = await reader.read(new Uint8Array(4));
    const end = await reader.read(new Uint8Array(4));
    return [first, second, end].map(({ value, done }) => [Buffer.from(value as Uint8Array).toString(), done]);
  }),
  "iterating the stream": each(async (make) => {
    const all: string[] = [];
    for await (const chunk of make("abc").body as unknown as AsyncIterable<Uint8Array>)
      all.push(Buffer.from(chunk).toString());
    return all;
  }),
});

same("Body: a stream that fails, fails the readers with its reason", {
  ...Object.fromEntries(
    readers.map((how) => [
      how,
      each((make) =>
        read(
          make(new ReadableStream({ start: (controller) => controller.error(new RangeError("mine")) })),
          how,
        ).catch((error: Error) => [error.constructor.name, error.message]),
      ),
    ]),
  ),
});

same("Body: takes Node's streams and async iterables, as Node does", {
  "a generator of texts and bytes": each(async (make) => {
    async function* chunks(): AsyncGenerator<unknown> {
      yield "a";
      yield bytes("b");
      yield Buffer.from("c");
    }
    return make(chunks() as unknown as BodyInit).text();
  }),
});

const form = (text: string, boundary = "x"): [string, Record<string, string>] => [
  text.replaceAll("\n", "\r\n"),
  { "content-type": `multipart/form-data; boundary=${boundary}` },
];
const field = (name: string, value: string, rest = ""): string =>
  `--x\nContent-Disposition: form-data; name="${name}"${rest}\n\n${value}\n`;
const forms: Record<string, [string, Record<string, string>]> = {
  "one field": form(`${field("a", "1")}--x--\n`),
  "no field": form("--x--\n"),
  "without a last line end": form(`${field("a", "1")}--x--`),
  "two of one name": form(`${field("a", "1")}${field("a", "ä")}--x--\n`),
  "an empty value": form(`${field("a", "")}--x--\n`),
  "a value with line ends": form(`${field("a", "b\nc")}--x--\n`),
  "a file": form(`${field("f", "content", '; filename="n.txt"\nContent-Type: text/css')}--x--\n`),
  "a file without a type": form(`${field("f", "content", '; filename="n"')}--x--\n`),
  "escaped names": form(`${field("a%22%0D%0Ab", "1")}--x--\n`),
  "names in UTF-8": form(`${field("ä", "1", '; filename="ö"')}--x--\n`),
  "no end": form(field("a", "1")),
  "no name": form("--x\nContent-Disposition: form-data\n\n1\n--x--\n"),
  "no disposition": form("--x\nContent-Type: a/b\n\n1\n--x--\n"),
  "another disposition": form('--x\nContent-Disposition: attachment; name="a"\n\n1\n--x--\n'),
  "another boundary": form(`${field("a", "1")}--x--\n`, "y"),
  "a boundary in quotes": form(`${field("a", "1")}--x--\n`, '"x"'),
  "no boundary": ["--x--\r\n", { "content-type": "multipart/form-data" }],
  nothing: form(""),
  "no form": form("nonsense"),
  encoded: ["a=1&b=%C3%A4+x&a=2&=&c", { "content-type": "application/x-www-form-urlencoded;charset=x" }],
  "encoded, empty": ["", { "content-type": "application/x-www-form-urlencoded" }],
  "another type": ["a=1", { "content-type": "text/plain" }],
  "no type": ["a=1", { "content-type": "" }],
};
same(
  "Body.formData: reads both encodings",
  Object.fromEntries(
    Object.entries(forms).map(([name, [body, headers]]) => [
      name,
      each(async (make) =>
        plain(
          await make(body, headers)
            .formData()
            .catch((error: Error) => error.constructor.name),
        ),
      ),
    ]),
  ),
);

same("Body.formData: gives back what a form was made of", {
  "fields and files": each(async (make) => {
    const given = new FormData();
    given.append("a", "1");
    given.append('n"a\r\nm', "v\nv");
    given.append("f", new File(["content"], 'x"y.txt', { type: "text/css" }));
    given.append("b", new Blob(["blob"]));
    const body = make(given);
    const type = body.headers.get("content-type") ?? "";
    return [type.startsWith("multipart/form-data; boundary="), await plain(await body.formData())];
  }),
});

standard("Body: one byte order mark is no part of a text, a question mark is part of a form", {
  marks: [({ Response }) => new Response("\ufeff\ufeffa").text(), "\ufeffa"],
  form: [
    async ({ Response }) => [...(await new Response(new URLSearchParams({ "?a": "1" })).formData())],
    [["?a", "1"]],
  ],
  "a form as text": [
    async ({ Response }) => [
      ...(await new Response("?a=1", {
        headers: { "content-type": "application/x-www-form-urlencoded" },
      }).formData()),
    ],
    [["?a", "1"]],
  ],
});

standard("Body.textStream: gives text as it comes, decoded across chunks", {
  both: [
    each(async (make) => {
      const body = make(streamOf(new Uint8Array([0x61, 0xc3]), new Uint8Array([0xa4, 0x62])));
      const stream = (body as unknown as { textStream(): ReadableStream<string> }).textStream();
      let text = "";
      for await (const piece of stream as unknown as AsyncIterable<string>) text += piece;
      return [text, body.bodyUsed];
    }),
    [
      ["aäb", true],
      ["aäb", true],
    ],
  ],
});

standard("Body.formData: never asks the global Response", {
  replaced: [
    async ({ Response }) => {
      const saved = globalThis.Response;
      try {
        globalThis.Response = Response;
        return [...(await new Response(new URLSearchParams({ a: "1" })).formData())];
      } finally {
        globalThis.Response = saved;
      }
    },
    [["a", "1"]],
  ],
});

same("Body: methods refuse other objects by a rejection", {
  ...Object.fromEntries(
    readers.flatMap((how) =>
      (["Request", "Response"] as const).map((name) => [
        `${name}.${how}`,
        (platform: Platform) => {
          const method = (platform[name].prototype as unknown as Record<Reader, () => Promise<unknown>>)[how];
          return method.call({} as never).catch((error: Error) => error.constructor.name);
        },
      ]),
    ),
  ),
});

standard("Response from a server: whoever reads its body holds the lock of its stream", {
  ...Object.fromEntries(
    (["text", "json", "arrayBuffer", "blob"] as const).flatMap((way) => [
      [
        `while ${way}() reads`,
        [
          async ({ fetch }: Platform) => {
            const response = await fetch("data:,1");
            const reading = response[way]();
            return [response.body?.locked, response.bodyUsed, (await reading) !== undefined];
          },
          [true, true, true],
        ],
      ],
    ]),
  ),
});

standard("Body.blob: takes a quoted string that ends in a backslash", {
  "of a request": [
    async ({ Request }) =>
      (await new Request("http://a.test", { headers: { "content-type": 'x/x;test="\\' } }).blob()).type,
    'x/x;test="\\\\"',
  ],
});
