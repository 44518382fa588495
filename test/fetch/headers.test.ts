// Fetch §5.1 "Headers class" and §2.2.2 "Headers".
import { type HeadersInit, type Loose, type Platform, refused, same, standard } from "./compare.js";

const list = (headers: Headers): unknown => [...headers];
const made =
  (init: unknown) =>
  ({ Headers }: Platform) =>
    list(new Headers(init as HeadersInit));

same("Headers: are made from what Web IDL converts", {
  nothing: made(undefined),
  "an object": made({ b: "2", A: "1" }),
  "an object whose names differ in case": made({ a: "1", A: "2" }),
  pairs: made([
    ["b", "2"],
    ["a", "1"],
    ["A", "3"],
  ]),
  "pairs that are iterables": made([new Set(["a", "b"])]),
  "a map": made(new Map([["a", "1"]])),
  "other headers": ({ Headers }) => list(new Headers(new Headers({ a: "1" }))),
  "the platform's headers": ({ Headers }) => list(new Headers(new globalThis.Headers({ a: "1" }))),
  "numbers, booleans, null": made({ a: 1, b: true, c: null, d: undefined }),
  "an object with a text of its own": made({ a: { toString: () => "text" } }),
  null: made(null),
  "a number": made(1),
  "a text": made("a: b"),
  "a pair too short": made([["a"]]),
  "a pair too long": made([["a", "b", "c"]]),
  "a pair that is a text": made(["ab"]),
  "pairs that are numbers": made([1, 2]),
  "a symbol as a name": made({ [Symbol("s")]: "x" }),
  "a symbol as a value": made({ a: Symbol("s") }),
  "an iterator of no function": made({ [Symbol.iterator]: 1 }),
  "an iterator of null": made({ [Symbol.iterator]: null, a: "1" }),
});

same("Headers: an overridden iterator of headers counts", {
  own: ({ Headers }) => {
    const given = new Headers({ a: "1" });
    Object.defineProperty(given, Symbol.iterator, {
      *value() {
        yield ["b", "2"];
      },
    });
    return list(new Headers(given));
  },
});

same("Headers: a record is read in Web IDL's order", {
  log: ({ Headers }) => {
    const log: string[] = [];
    const note = (trap: string, key?: PropertyKey): void => void log.push(`${trap} ${String(key)}`);
    const record = new Proxy({ a: "b", c: "d" } as Record<string, string>, {
      get(target, key) {
        note("get", key);
        return Reflect.get(target, key) as unknown;
      },
      ownKeys(target) {
        note("ownKeys");
        return Reflect.ownKeys(target);
      },
      getOwnPropertyDescriptor(target, key) {
        note("descriptor", key);
        return Reflect.getOwnPropertyDescriptor(target, key);
      },
    });
    new Headers(record);
    return log;
  },
});

const names = ["a", "A-b", "", " ", "a b", "a:", "ä", "a\0", "a\n", "(", "{}", "0", "null", "a\u0100"];
same(
  "Headers: names are tokens",
  Object.fromEntries(
    names.flatMap((name) =>
      (["append", "delete", "get", "has", "set"] as const).map((method) => [
        `${method} ${JSON.stringify(name)}`,
        ({ Headers }: Platform) => {
          const headers = new Headers();
          const act = headers[method] as (name: string, value?: string) => unknown;
          return [
            method === "append" || method === "set" ? act.call(headers, name, "x") : act.call(headers, name),
            list(headers),
          ];
        },
      ]),
    ),
  ),
);

const controls = Array.from({ length: 33 }, (_, code) => String.fromCharCode(code));
const values = [
  ...["", " a ", "\ta\t", "\r\na\r\n", "a b", "a,b", "ä", "ÿ", "Ā", "\ud83d", "a\u007fb", "a\u0080b"],
  ...controls.map((char) => `a${char}b`),
  ...controls.map((char) => `${char}a${char}`),
];
same(
  "Headers: values are trimmed, and hold no NUL, CR, LF or character beyond a byte",
  Object.fromEntries(
    values.map((value) => [
      JSON.stringify(value),
      ({ Headers }: Platform) => {
        const headers = new Headers([["a", value]]);
        headers.append("b", value);
        return list(headers);
      },
    ]),
  ),
);

same("Headers: combine, sort, and list each Set-Cookie", {
  combined: ({ Headers }) => {
    const headers = new Headers([
      ["x", "1"],
      ["Set-Cookie", "a=1"],
      ["a", "1"],
      ["X", "2"],
      ["set-cookie", "b=2"],
      ["s", ""],
    ]);
    return [
      list(headers),
      [...headers.keys()],
      [...headers.values()],
      headers.get("set-cookie"),
      headers.getSetCookie(),
      headers.get("x"),
      headers.get("s"),
      headers.get("none"),
    ];
  },
  "set in place": ({ Headers }) => {
    const headers = new Headers([
      ["a", "1"],
      ["b", "2"],
      ["A", "3"],
    ]);
    headers.set("a", "4");
    headers.delete("B");
    return [list(headers), headers.has("a"), headers.has("b")];
  },
  forEach: ({ Headers }) => {
    const seen: unknown[] = [];
    const headers = new Headers({ b: "1", a: "2" });
    headers.forEach(function (this: unknown, value, name, all) {
      seen.push([this, value, name, all === headers]);
    }, "this");
    return seen;
  },
  "forEach without a function": ({ Headers }) => (new Headers() as unknown as { forEach: Loose }).forEach(1),
});

same("Headers: an iterator sees what changes on the way", {
  "added and removed": ({ Headers }) => {
    const headers = new Headers({ a: "1", b: "2", c: "3" });
    const seen: string[] = [];
    for (const [name] of headers) {
      seen.push(name);
      if (name === "a") headers.delete("b");
      if (name === "c" && seen.length < 5) headers.append("d", "4");
    }
    return seen;
  },
  "at its end": ({ Headers }) => {
    const iterator = new Headers({ a: "1" }).entries();
    return [iterator.next(), iterator.next(), iterator.next()];
  },
});

same("Headers: count their arguments and check whom they are called on", {
  ...Object.fromEntries(
    (["append", "delete", "get", "has", "set", "forEach"] as const).map((method) => [
      method,
      ({ Headers }: Platform) => (new Headers()[method] as () => unknown)(),
    ]),
  ),
  ...Object.fromEntries(
    (
      [
        "append",
        "delete",
        "get",
        "has",
        "set",
        "forEach",
        "entries",
        "keys",
        "values",
        "getSetCookie",
      ] as const
    ).map((method) => [
      `${method} on another`,
      ({ Headers }: Platform) =>
        (Headers.prototype[method] as (...all: unknown[]) => unknown).call({}, "a", "b"),
    ]),
  ),
  "without new": ({ Headers }) => (Headers as unknown as () => unknown)(),
  "an iterator's next on another": ({ Headers }) =>
    Object.getPrototypeOf(new Headers().entries()).next.call({}) as unknown,
});

standard("Headers: a function is an object as any other, and hidden properties do not count", {
  "hidden and inherited": [
    made(
      Object.create(
        { inherited: "no" },
        { hidden: { value: "no" }, shown: { value: "yes", enumerable: true } },
      ),
    ),
    [["shown", "yes"]],
  ],
  "a function": [made(Object.assign(() => undefined, { a: "1" })), [["a", "1"]]],
});

standard("Headers: those of what was fetched, of errors and of redirects cannot be changed", {
  guards: [
    ({ Response }) =>
      [Response.error(), Response.redirect("http://a.test/", 302)].map(({ headers }) =>
        (["append", "set", "delete"] as const).map((method) => {
          try {
            (headers[method] as (name: string, value: string) => void)("a", "b");
            return "changed";
          } catch (error) {
            return (error as Error).constructor === TypeError;
          }
        }),
      ),
    [
      [true, true, true],
      [true, true, true],
    ],
  ],
});

refused("Headers: methods of one kind refuse the other's objects", {
  "ours on theirs": [({ Headers }) => Headers.prototype.get.call(new globalThis.Headers(), "a"), "TypeError"],
  "theirs on ours": [({ Headers }) => globalThis.Headers.prototype.get.call(new Headers(), "a"), "TypeError"],
});
