import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import * as trunkline from "../../src/index.js";

export type BodyInit = NonNullable<ConstructorParameters<typeof globalThis.Response>[0]>;
export type HeadersInit = ConstructorParameters<typeof globalThis.Headers>[0];
/** For calls that no type allows. */
export type Loose = (...values: unknown[]) => Response;

/** The four names that a program takes from the platform. */
export interface Platform {
  readonly fetch: typeof globalThis.fetch;
  readonly Headers: typeof globalThis.Headers;
  readonly Request: typeof globalThis.Request;
  readonly Response: typeof globalThis.Response;
}

/** Those of the running Node, taken before anybody can replace them. */
export const theirs: Platform = {
  fetch: globalThis.fetch,
  Headers: globalThis.Headers,
  Request: globalThis.Request,
  Response: globalThis.Response,
};
export const ours: Platform = trunkline as unknown as Platform;

type Act = (platform: Platform) => unknown;

/** What a program sees of it: a value as JSON could hold it, or the kind of the error. */
async function outcome(act: Act, platform: Platform): Promise<unknown> {
  try {
    return { value: await act(platform) };
  } catch (error) {
    return { error: kindOf(error) };
  }
}

/** Programs tell errors apart by their class, and DOMExceptions by their name. */
function kindOf(error: unknown): string {
  if (error instanceof DOMException) return `DOMException ${error.name}`;
  if (!(error instanceof Error)) return `thrown ${String(error)}`;
  return (error.constructor as { readonly name: string }).name;
}

/** Each act does the same with ours as with the platform's. */
export function same(title: string, acts: Readonly<Record<string, Act>>): void {
  test(title, async () => {
    const [mine, other]: [Record<string, unknown>, Record<string, unknown>] = [{}, {}];
    for (const [name, act] of Object.entries(acts)) {
      const [a, b] = [await outcome(act, ours), await outcome(act, theirs)];
      if (isDeepStrictEqual(a, b)) continue;
      mine[name] = a;
      other[name] = b;
    }
    assert.deepEqual(mine, other);
  });
}

/** By the standard, where a version of Node differs from it: `[act, what it gives]`. */
export function standard(title: string, acts: Readonly<Record<string, readonly [Act, unknown]>>): void {
  test(title, async () => {
    for (const [name, [act, expected]] of Object.entries(acts)) {
      assert.deepEqual(await outcome(act, ours), { value: expected }, name);
    }
  });
}

/** An act that throws by the standard: `[act, the error's kind]`. */
export function refused(title: string, acts: Readonly<Record<string, readonly [Act, string]>>): void {
  test(title, async () => {
    for (const [name, [act, error]] of Object.entries(acts)) {
      assert.deepEqual(await outcome(act, ours), { error }, name);
    }
  });
}

/** A stream of these chunks. */
export function streamOf(...chunks: unknown[]): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

export const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
