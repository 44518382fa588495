import assert from "node:assert/strict";
import { test } from "node:test";
import { type LookupFunction, nodeRuntime } from "../../runtime/index.js";
import { Resolver } from "./resolver.js";

type Answer = (error: NodeJS.ErrnoException | null, ...rest: unknown[]) => void;

const setUp = (family: 0 | 4 | 6 = 0) => {
  const asked: { host: string; options: unknown; answer: Answer }[] = [];
  const clock = { now: 0 };
  const lookup = ((host: string, options: unknown, answer: Answer) => {
    asked.push({ host, options, answer });
  }) as LookupFunction;
  const resolver = new Resolver({ ...nodeRuntime, now: () => clock.now }, lookup, family, 1_000);
  const heard: unknown[] = [];
  const ask = (host: string) => resolver.resolve(host, (error, addresses) => heard.push(error ?? addresses));
  return { asked, clock, ask, heard };
};
const one = { address: "192.0.2.1", family: 4 };

test("Resolver: lookups of one name at one time are one lookup", () => {
  const { asked, ask, heard } = setUp();
  ask("a.test");
  ask("a.test");
  ask("b.test");
  assert.deepEqual(
    asked.map(({ host }) => host),
    ["a.test", "b.test"],
  );
  assert.deepEqual({ ...(asked[0]?.options as object) }, { all: true, verbatim: true, family: 0 });
  asked[0]?.answer(null, [one]);
  asked[0]?.answer(null, [one]); // once too often
  assert.deepEqual(heard, [[one], [one]]);
  ask("a.test");
  assert.equal(asked.length, 3, "an answer is not kept");
});

test("Resolver: who stops listening hears nothing, the others do", () => {
  const { asked, ask, heard } = setUp();
  const stop = ask("a.test");
  ask("a.test");
  stop();
  asked[0]?.answer(null, [one]);
  assert.deepEqual(heard, [[one]]);
});

test("Resolver: a lookup that does not answer is not joined for ever", () => {
  const { asked, ask, heard, clock } = setUp();
  ask("a.test");
  clock.now = 1_000;
  ask("a.test");
  assert.equal(asked.length, 2);
  asked[0]?.answer(null, []);
  ask("a.test");
  assert.equal(asked.length, 2, "the late answer did not end the second lookup's flight");
  asked[1]?.answer(null, [one]);
  assert.deepEqual(heard, [[], [one], [one]]);
});

test("Resolver: understands every answer a lookup may give, and drops what is not an address", () => {
  const { asked, ask, heard } = setUp(6);
  const failure = Object.assign(new Error("no"), { code: "ENOTFOUND" });
  const answers: [...Parameters<Answer>][] = [
    [null, "192.0.2.1", 4],
    [null, [{ address: "2001:db8::1" }]],
    [null, ["192.0.2.1"]],
    [null, [{ address: "not an address", family: 4 }, null, 7]],
    [null, undefined],
    [failure],
  ];
  for (const answer of answers) {
    ask("a.test");
    asked.at(-1)?.answer(...answer);
  }
  assert.deepEqual(heard, [[one], [{ address: "2001:db8::1", family: 6 }], [one], [], [], failure]);
  assert.deepEqual({ ...(asked[0]?.options as object) }, { all: true, verbatim: true, family: 6 });
});

test("Resolver: a lookup that throws is a failed lookup", () => {
  const failure = new Error("thrown");
  const lookup = () => {
    throw failure;
  };
  const heard: unknown[] = [];
  const resolver = new Resolver(nodeRuntime, lookup, 0, 1_000);
  resolver.resolve("a.test", (error) => heard.push(error));
  resolver.resolve("a.test", (error) => heard.push(error));
  assert.deepEqual(heard, [failure, failure]);
});
