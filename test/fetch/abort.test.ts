// Fetch §5.6 "abort the fetch() call", and DOM's AbortSignal.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fetch as trunklineFetch } from "../../src/index.js";
import { bytes, type Platform, same, standard } from "./compare.js";
import { testServer } from "./server.js";

const url = testServer();
const failure = (error: unknown): unknown =>
  error instanceof DOMException ? error.name : error instanceof Error ? error.message : error;

const reasons: Record<string, unknown> = {
  default: undefined,
  "an error": new Error("mine"),
  text: "text",
  zero: 0,
};

const before = (platform: Platform, reason: unknown): unknown =>
  platform.fetch(url("/echo"), { signal: AbortSignal.abort(reason) }).catch(failure);
const atOnce = (platform: Platform, reason: unknown): unknown => {
  const controller = new AbortController();
  const fetching = platform.fetch(url("/hang"), { signal: controller.signal }).catch(failure);
  controller.abort(reason);
  return fetching;
};
const afterHead =
  (path: string) =>
  async ({ fetch }: Platform, reason: unknown): Promise<unknown> => {
    const controller = new AbortController();
    const response = await fetch(url(path), { signal: controller.signal });
    controller.abort(reason);
    return response.text().catch(failure);
  };
const whileReading = async ({ fetch }: Platform, reason: unknown): Promise<unknown> => {
  const controller = new AbortController();
  const response = await fetch(url("/drip"), { signal: controller.signal });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  controller.abort(reason);
  const closed = await reader.closed.then(() => "closed", failure);
  return [closed, await reader.read().then(({ done }) => done, failure)];
};

same("fetch: an abort before the head rejects with the signal's reason", {
  ...Object.fromEntries(
    Object.entries(reasons).flatMap(([name, reason]) => [
      [`before, ${name}`, (platform: Platform) => before(platform, reason)],
      [`at once, ${name}`, (platform: Platform) => atOnce(platform, reason)],
    ]),
  ),
});

// Node 20 has one reason for all of them.
standard("fetch: an abort after the head fails the body with the signal's reason", {
  ...Object.fromEntries(
    Object.entries(reasons).flatMap(([name, reason]) => {
      const told = reason === undefined ? "AbortError" : failure(reason);
      return [
        ...["/echo", "/large", "/drip"].map(
          (path) =>
            [`${path}, ${name}`, [(platform: Platform) => afterHead(path)(platform, reason), told]] as const,
        ),
        [
          `while reading, ${name}`,
          [(platform: Platform) => whileReading(platform, reason), [told, told]],
        ] as const,
      ];
    }),
  ),
  "the stream of the request is told": [
    async ({ fetch }) => {
      const controller = new AbortController();
      let told: unknown;
      const body = new ReadableStream({
        start: (stream) => stream.enqueue(bytes("x")),
        cancel: (reason) => {
          told = failure(reason);
        },
      });
      const init = { method: "POST", body, duplex: "half", signal: controller.signal };
      const fetching = fetch(url("/hang"), init as RequestInit).catch(failure);
      controller.abort();
      return [await fetching, told];
    },
    ["AbortError", "AbortError"],
  ],
});

same("fetch: aborts by the signal that counts", {
  "after the whole body was read": async ({ fetch }) => {
    const controller = new AbortController();
    const response = await fetch(url("/echo"), { signal: controller.signal });
    const text = await response.text();
    controller.abort();
    return text.length > 0;
  },
  "a Request's signal": ({ fetch, Request }) => {
    const controller = new AbortController();
    const fetching = fetch(new Request(url("/hang"), { signal: controller.signal })).catch(failure);
    controller.abort();
    return fetching;
  },
  "a signal in init wins over the Request's": async ({ fetch, Request }) => {
    const request = new Request(url("/echo"), { signal: AbortSignal.abort() });
    return (await fetch(request, { signal: new AbortController().signal })).status;
  },
  "a signal of null takes the Request's away": async ({ fetch, Request }) => {
    const request = new Request(url("/echo"), { signal: AbortSignal.abort() });
    return (await fetch(request, { signal: null })).status;
  },
  "a time limit": ({ fetch }) => fetch(url("/hang"), { signal: AbortSignal.timeout(5) }).catch(failure),
  "the clone ends too": async ({ fetch }) => {
    const controller = new AbortController();
    const response = await fetch(url("/drip"), { signal: controller.signal });
    const clone = response.clone();
    const reading = [response, clone].map((one) => one.text().catch(failure));
    controller.abort();
    return Promise.all(reading);
  },
  "a data: URL": ({ fetch }) => fetch("data:,x", { signal: AbortSignal.abort() }).catch(failure),
  "a Request that is aborted can still be cloned and read": async ({ Request }) => {
    const request = new Request(url("/echo"), { method: "POST", body: "abc", signal: AbortSignal.abort() });
    return [await request.clone().text(), await request.text()];
  },
});

/** As polyfills have it: no `reason`. */
class Polyfill extends EventTarget {
  aborted = false;
  abort(): void {
    this.aborted = true;
    this.dispatchEvent(new Event("abort"));
  }
}
standard("fetch: a signal without a reason gives an AbortError", {
  later: [
    ({ fetch }) => {
      const signal = new Polyfill();
      const fetching = fetch(url("/hang"), { signal: signal as never }).catch(failure);
      signal.abort();
      return fetching;
    },
    "AbortError",
  ],
  already: [
    ({ fetch }) => {
      const signal = new Polyfill();
      signal.abort();
      return fetch(url("/hang"), { signal: signal as never }).catch(failure);
    },
    "AbortError",
  ],
});

test("an aborted call: rejects before the next microtask, fetch itself and each way to read its body", async () => {
  const signal = AbortSignal.abort();
  const order: string[] = [];
  const note =
    (name: string) =>
    (reason: unknown): void => {
      order.push(reason === signal.reason ? name : String(reason));
    };
  const ways = ["text", "json", "bytes", "arrayBuffer", "blob", "formData"] as const;
  const controller = new AbortController();
  const responses = await Promise.all(
    [...ways, "again"].map(() => trunklineFetch(url("/echo"), { signal: controller.signal })),
  );
  controller.abort(signal.reason);
  const again = responses.at(-1) as Awaited<ReturnType<typeof trunklineFetch>>;
  await again.text().catch(() => undefined);
  const rejected = [
    trunklineFetch(url("/echo"), { signal }).catch(note("fetch")),
    ...ways.map((way, i) => (responses[i] as typeof again)[way]().catch(note(way))),
    again.text().catch(note("again")),
  ];
  const next = Promise.resolve().then(() => order.push("microtask"));
  await Promise.all([...rejected, next]);
  assert.deepEqual(order, ["fetch", ...ways, "again", "microtask"]);
});
