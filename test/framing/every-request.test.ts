import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { Client, type Init, Transport } from "../../src/index.js";
import { until } from "../transport/support.js";
import type { SeenRequest } from "./independent-parser.js";
import { ListeningServer } from "./listening-server.js";

// Every byte of every kind of request is read by a parser that shares nothing with the client: what the head says and
// what follows it must agree, and a request that is refused or breaks off must never look whole.

const METHODS = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "M-SEARCH"];
const CONTENTS = ["", "some text", "é→".repeat(20_000)];

interface Kind {
  /** Whether the length is known before the body is read. */
  readonly known: boolean;
  readonly body: (content: string) => Init["body"];
  /** Given to the client as a request of the platform's class. */
  readonly platform?: true;
}

function* pieces(content: string): Generator<Uint8Array> {
  const bytes = Buffer.from(content);
  const size = Math.max(4, Math.ceil(bytes.length / 3));
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
    yield new Uint8Array(0); // ends nothing
  }
}

async function* later(content: string): AsyncGenerator<Uint8Array> {
  for (const piece of pieces(content)) {
    await new Promise((resolve) => setImmediate(resolve));
    yield piece;
  }
  await new Promise((resolve) => setImmediate(resolve));
}

const stream = (content: string): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const piece of pieces(content)) controller.enqueue(piece);
      controller.close();
    },
  });

const KINDS: Readonly<Record<string, Kind>> = {
  string: { known: true, body: (content) => content },
  bytes: { known: true, body: (content) => Buffer.from(content) },
  "a view": { known: true, body: (content) => new DataView(new Uint8Array(Buffer.from(content)).buffer) },
  Blob: { known: true, body: (content) => new Blob([content]) },
  array: { known: true, body: (content) => (content === "" ? [] : [...pieces(content)]) },
  "a web stream": { known: false, body: stream },
  "a generator": { known: false, body: pieces },
  "an async generator": { known: false, body: later },
  "a Node stream": { known: false, body: (content) => Readable.from(pieces(content), { objectMode: false }) },
  "a platform request of a stream": { known: false, body: stream, platform: true },
};

type Declared = "absent" | "right" | "less" | "more" | "zero";
const DECLARED: readonly Declared[] = ["absent", "right", "less", "more", "zero"];

function declaredLength(declared: Declared, length: number): number | undefined {
  switch (declared) {
    case "absent":
      return undefined;
    case "right":
      return length;
    case "less":
      return length - 1;
    case "more":
      return length + 1;
    case "zero":
      return 0;
  }
}

const TRAILERS: Readonly<Record<string, Init["trailers"]>> = {
  none: undefined,
  fields: [
    ["X-Sum", "1"],
    ["X-sum", "2"],
    ["X-End", "yes"],
  ],
  "a function": async () => ({ "X-Late": "3" }),
};

for (const [kind, { known, body, platform }] of Object.entries(KINDS)) {
  test(`framing: every request with ${kind} for a body is whole, or never looks whole`, async () => {
    await using server = await ListeningServer.start();
    await using transport = new Transport({ proxy: false });
    const client = new Client({ transport });
    for (const method of METHODS) {
      for (const content of CONTENTS) {
        if (content.length > 100 && method !== "POST" && method !== "DELETE") continue;
        const length = Buffer.byteLength(content);
        for (const declared of DECLARED) {
          if ((declared === "less" || declared === "zero") && length === 0) continue;
          for (const [trailing, trailers] of Object.entries(TRAILERS)) {
            for (const expectContinue of [undefined, 5000]) {
              const says = declaredLength(declared, length);
              const name = `${method}, ${kind} of ${length} bytes, declared ${says}, trailers: ${trailing}, expect: ${expectContinue}`;
              const headers = says === undefined ? {} : { "content-length": String(says) };
              const init: Init = { method, headers, ...(trailers === undefined ? {} : { trailers }) };
              if (expectContinue !== undefined) init.expectContinue = expectContinue;
              server.clear();
              const given = body(content) as NonNullable<Init["body"]>;
              const outcome = await (platform
                ? client.fetch(
                    new globalThis.Request(server.url, {
                      method,
                      body: given as never,
                      duplex: "half",
                    } as never),
                    init,
                  )
                : client.fetch(server.url, { ...init, body: given })
              ).then(
                async (response) => ({ text: await response.text(), error: undefined }),
                (error: Error & { code?: string }) => ({ text: undefined, error }),
              );
              // What a connection that broke off carried may be on its way still.
              if (outcome.error !== undefined)
                await until(() => settled(server, transport), "the end of the connection");
              const seen = server.seen().filter(({ requests, rest }) => requests.length > 0 || rest !== "");
              const whole = seen.flatMap(({ requests }) => requests);
              assert.deepEqual(server.broken, [], name);
              if (says !== undefined && says !== length) {
                assert.ok(outcome.error instanceof TypeError, name);
                assert.equal(
                  "code" in outcome.error ? outcome.error.code : undefined,
                  known ? undefined : "ERR_TRUNKLINE_BODY_LENGTH",
                  name,
                );
                assert.equal(whole.length, 0, `${name}: a part looked whole`);
                if (known) assert.equal(seen.length, 0, name);
                continue;
              }
              assert.equal(outcome.error, undefined, `${name}: ${outcome.error?.message}`);
              assert.equal(whole.length, 1, name);
              check(name, whole[0] as SeenRequest, { method, content, trailing, says, known });
              assert.ok(
                seen.every(({ rest }) => rest === ""),
                name,
              );
            }
          }
        }
      }
    }
  });
}

function settled(server: ListeningServer, transport: Transport): boolean {
  const { opened, idle } = transport.snapshot().totals;
  return server.accepted === opened && server.open === idle;
}

interface Expected {
  readonly method: string;
  readonly content: string;
  readonly trailing: string;
  readonly says: number | undefined;
  readonly known: boolean;
}

function check(
  name: string,
  request: SeenRequest,
  { method, content, trailing, says, known }: Expected,
): void {
  const values = (field: string): string[] =>
    request.fields.filter(([one]) => one === field).map(([, value]) => value);
  assert.equal(request.method, method, name);
  assert.ok(request.body === content, `${name}: ${request.body.slice(0, 100)}`);
  const chunked = trailing !== "none" || (!known && says === undefined);
  const bodiless = content === "" && says === undefined && !["POST", "PUT", "PATCH"].includes(method);
  assert.equal(request.framing, chunked ? "chunked" : bodiless ? "none" : "length", name);
  assert.deepEqual(values("trailer"), trailing === "fields" ? ["X-Sum, X-End"] : [], name);
  const trailers = {
    none: [],
    fields: [
      ["x-sum", "1"],
      ["x-sum", "2"],
      ["x-end", "yes"],
    ],
    "a function": [["x-late", "3"]],
  }[trailing];
  assert.deepEqual(request.trailers, trailers, name);
  // Nothing is asked for where there is nothing to send.
  if (request.framing !== "chunked" && content === "") assert.deepEqual(values("expect"), [], name);
}

test("framing: URLSearchParams, FormData, json and form are as long as they say, with every method", async () => {
  await using server = await ListeningServer.start();
  await using transport = new Transport({ proxy: false });
  const client = new Client({ transport });
  const form = new FormData();
  form.append("name", "é");
  form.append("file", new Blob(["content of the file"]), "f.txt");
  const kinds: readonly [Init, RegExp][] = [
    [{ body: new URLSearchParams() }, /^$/],
    [{ body: new URLSearchParams("a=é") }, /^a=%C3%A9$/],
    [{ body: form }, /^------trunkline-[\s\S]*content of the file[\s\S]*--\r\n$/],
    [{ json: { a: "é" } }, /^\{"a":"é"\}$/],
    [{ form: { a: "b" } }, /^a=b$/],
  ];
  for (const method of METHODS) {
    for (const [init, content] of kinds) {
      server.clear();
      await (await client.fetch(server.url, { ...init, method })).text();
      const [{ requests, rest } = { requests: [], rest: "none" }] = server.seen();
      assert.equal(rest, "");
      assert.equal(requests.length, 1);
      assert.match((requests[0] as SeenRequest).body, content);
    }
  }
  assert.deepEqual(server.broken, []);
});

test("framing: a request without a body has none, and every method can say that its length is 0", async () => {
  await using server = await ListeningServer.start();
  await using transport = new Transport({ proxy: false });
  const client = new Client({ transport });
  for (const method of ["GET", "HEAD", ...METHODS]) {
    for (const headers of [
      {},
      { "Content-Length": "0" },
      { "content-length": "00" },
      { expect: "100-continue" },
    ]) {
      for (const body of [undefined, null]) {
        server.clear();
        await (await client.fetch(server.url, { method, headers, body } as Init)).text();
        const [{ requests, rest } = { requests: [], rest: "none" }] = server.seen();
        assert.equal(rest, "");
        assert.equal(requests.length, 1);
        const { framing, fields } = requests[0] as SeenRequest;
        const says =
          ["POST", "PUT", "PATCH"].includes(method) ||
          Object.keys(headers)[0]?.toLowerCase() === "content-length";
        assert.equal(framing, says ? "length" : "none");
        assert.ok(!fields.some(([name]) => name === "expect"));
      }
    }
  }
  assert.deepEqual(server.broken, []);
});

test("framing: on one connection, whatever comes before it, the next request is read as it was sent", async () => {
  await using server = await ListeningServer.start();
  await using transport = new Transport({ proxy: false });
  const client = new Client({ transport });
  const sent: string[] = [];
  for (const method of METHODS) {
    for (const [kind, { body, known, platform }] of Object.entries(KINDS)) {
      for (const content of ["", "x"]) {
        const made: Init = { method, body: body(content) as never };
        if (!known && content === "") made.headers = { "content-length": "0" };
        const call = platform
          ? client.fetch(new globalThis.Request(server.url, { ...made, duplex: "half" } as never))
          : client.fetch(server.url, made);
        assert.equal(await (await call).text(), "ok", `${method} ${kind}`);
        sent.push(content);
      }
    }
  }
  assert.deepEqual(server.broken, []);
  const seen = server.seen();
  assert.equal(seen.length, 1);
  assert.deepEqual(
    seen[0]?.requests.map(({ body }) => body),
    sent,
  );
});
