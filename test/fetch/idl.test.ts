// Web IDL §3.7 as idlharness checks it: the shape of the four names.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { type Platform, same } from "./compare.js";

const interfaces = ["Headers", "Request", "Response"] as const;
/** What Node has beside the standard, or the standard beside Node's older versions. */
const EXTRA = new Set(["isReloadNavigation", "isHistoryNavigation", "attribute", "bytes", "textStream"]);
/** What we have beside the standard is not listed. */
const shape = (holder: object): unknown =>
  Object.fromEntries(
    Object.entries(Object.getOwnPropertyDescriptors(holder))
      .filter(([name, { enumerable }]) => enumerable === true && !EXTRA.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { get, set, value, writable, configurable }]) => [
        name,
        {
          kind: get === undefined ? typeof value : "getter",
          readonly: get !== undefined && set === undefined,
          writable,
          configurable,
          length: typeof value === "function" ? value.length : undefined,
          name: typeof value === "function" ? value.name : undefined,
        },
      ]),
  );

same("interfaces: have the standard's members, enumerable, on the prototype", {
  ...Object.fromEntries(
    interfaces.flatMap((name) => [
      [`${name}.prototype`, (platform: Platform) => shape(platform[name].prototype)],
      [`${name}, statics`, (platform: Platform) => shape(platform[name])],
      [
        name,
        (platform: Platform) => {
          const ctor = platform[name] as unknown as { prototype: object; length: number; name: string };
          const tag = Object.getOwnPropertyDescriptor(ctor.prototype, Symbol.toStringTag);
          return [ctor.name, ctor.length, tag, Object.getOwnPropertyDescriptor(ctor, "prototype")?.writable];
        },
      ],
    ]),
  ),
  "objects have nothing of their own": ({ Headers, Request, Response }) =>
    [new Headers(), new Request("http://a.test"), new Response()].map((object) => Object.keys(object)),
  tags: ({ Headers, Request, Response }) =>
    [new Headers(), new Request("http://a.test"), new Response(), new Headers().entries()].map(String),
  "an iterator": ({ Headers }) => {
    const prototype = Object.getPrototypeOf(new Headers().entries()) as object;
    return [Object.keys(prototype), Headers.prototype[Symbol.iterator] === Headers.prototype.entries];
  },
  "calls without new": (platform) =>
    interfaces.map((name) => {
      try {
        return (platform[name] as unknown as () => unknown)();
      } catch (error) {
        return (error as Error).constructor === TypeError;
      }
    }),
});

test("interfaces: getters refuse other objects, of ours and of the platform's", async () => {
  const { ours } = await import("./compare.js");
  for (const name of interfaces) {
    const other =
      name === "Headers"
        ? new globalThis.Headers()
        : name === "Request"
          ? new globalThis.Request("http://a.test")
          : new globalThis.Response();
    for (const [member, { get }] of Object.entries(Object.getOwnPropertyDescriptors(ours[name].prototype))) {
      if (get === undefined || member === "parsedURL") continue;
      assert.throws(() => get.call(other), TypeError, `${name}.${member} on the platform's`);
      assert.throws(() => get.call({}), TypeError, `${name}.${member} on an object`);
    }
  }
});

test("interfaces: objects are instances of the platform's classes too, and print without an error", async () => {
  const { ours } = await import("./compare.js");
  const objects = [
    new ours.Headers({ a: "b", cookie: "secret" }),
    new ours.Request("http://a.test/?key=secret", { method: "POST", body: "x" }),
    new ours.Response("x"),
    ours.Response.error(),
  ] as const;
  assert.ok(objects[0] instanceof globalThis.Headers);
  assert.ok(objects[1] instanceof globalThis.Request);
  assert.ok(objects[2] instanceof globalThis.Response);
  for (const object of [
    ...objects,
    ours.fetch,
    ours.Headers.prototype,
    ours.Request.prototype,
    ours.Response.prototype,
  ]) {
    for (const options of [
      {},
      { depth: -1 },
      { showHidden: true },
      { showHidden: true, getters: false, depth: 9 },
    ]) {
      assert.ok(!inspect(object, options).includes("secret"));
    }
  }
});
