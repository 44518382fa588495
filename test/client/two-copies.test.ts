import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as ours from "../../src/index.js";
import { FriendlyServer } from "../../src/testing/index.js";

/** The value of a field by its exact name, in the list of names and values that the server saw. */
const field = (raw: readonly string[], name: string): string | undefined => raw[raw.indexOf(name) + 1];

// A package that is installed twice is two sets of classes, which cannot look into each other's objects.
describe("two copies of the package", () => {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const copyRoot = mkdtempSync(join(root, "copy-"));
  let copy: typeof ours;
  let server: FriendlyServer;

  before(async () => {
    const filter = (path: string): boolean => !path.endsWith(".test.js");
    cpSync(join(root, "src"), join(copyRoot, "src"), { recursive: true, filter });
    copy = (await import(pathToFileURL(join(copyRoot, "src/index.js")).href)) as typeof ours;
    server = await FriendlyServer.start();
  });
  after(async () => {
    rmSync(copyRoot, { recursive: true, force: true });
    ours.defaultTransport.closeIdle();
    await server.close();
  });

  test("defaultTransport: is one, and clients of both use its connections", async () => {
    assert.notEqual(copy.Client, ours.Client);
    assert.equal(copy.defaultTransport, ours.defaultTransport);
    for (const each of [ours, copy, ours, copy]) {
      const response = await new each.Client().post(server.url("/echo?a=1"), {
        json: { a: 1 },
        timeout: 5_000,
      });
      assert.ok(response instanceof each.Response);
      assert.equal(response.connection.protocol, "http/1.1");
      assert.equal(response.why().connection, response.connection.id);
      const { body, headers } = await response.json<{ body: string; headers: string[] }>();
      assert.deepEqual([body, field(headers, "Content-Length")], ['{"a":1}', "7"]);
      assert.equal(
        await new each.Client()
          .get(server.url("/encoded/gzip"))
          .text()
          .then((text) => text.length > 0),
        true,
      );
    }
    assert.equal(server.connections, 1);
    await assert.rejects(
      copy.get("http://127.0.0.1:1/").text(),
      (error) => error instanceof copy.NetworkError,
    );
  });

  test("Request: of one copy is sent by the other as it is, body included", async () => {
    const url = new URL(server.url("/echo"));
    const request = new copy.Request(url, { method: "POST", body: "abc", headers: { "X-Case": "kept" } });
    const transport = new ours.Transport();
    const sends: ((request: ours.Request) => Promise<ours.Response>)[] = [
      (given) => ours.defaultClient.do(given),
      (given) => ours.defaultClient.fetch(given, { query: { q: 1 } }),
      (given) => transport.roundTrip(given),
      (given) => new ours.Client({ use: [(next) => ({ roundTrip: () => next.roundTrip(given) })] }).do(given),
    ];
    for (const send of sends) {
      const response = await send(request);
      const seen = await response.json<{ body: string; headers: string[] }>();
      assert.equal(seen.body, "abc");
      assert.equal(field(seen.headers, "Content-Length"), "3");
      assert.equal(field(seen.headers, "X-Case"), "kept");
    }
    await transport.close();
  });
});

describe("errors of two copies", () => {
  test("instanceof: knows those of the other copy, and tells kinds and classes made from them apart", () => {
    const other = Object.create(TypeError.prototype, {
      [Symbol.for("trunkline.NetworkError.0")]: { value: true },
    }) as unknown;
    const details = { code: "ERR_TRUNKLINE_DNS", phase: "dns" } as const;
    class Own extends ours.NetworkError {}
    assert.ok(other instanceof ours.NetworkError);
    assert.ok(!(other instanceof ours.TimeoutError));
    assert.ok(!(other instanceof Own));
    assert.ok(new Own("x", details) instanceof Own && new Own("x", details) instanceof ours.NetworkError);
    assert.ok(!(new ours.NetworkError("x", details) instanceof Own));
    assert.ok(!(new ours.NetworkError("x", details) instanceof ours.TimeoutError));
    assert.ok(!(new TypeError("x") instanceof ours.NetworkError));
  });
});

describe("responses that are not ours", () => {
  const answering = (response: unknown): ours.Client =>
    new ours.Client({ transport: { roundTrip: async () => response as ours.Response }, redirect: "manual" });

  test("Client: takes the platform's Response from a round tripper or middleware", async () => {
    const made = () => new globalThis.Response("hello", { status: 201, headers: { "x-a": "1" } });
    const response = await answering(made()).get("http://a.test/");
    assert.ok(response instanceof ours.Response);
    assert.deepEqual(
      [response.status, response.headers.get("x-a"), await response.text()],
      [201, "1", "hello"],
    );
    const use = [() => ({ roundTrip: async () => made() as unknown as ours.Response })];
    assert.equal(await new ours.Client({ use }).get("http://a.test/").text(), "hello");
  });

  test("Client: does not decode what the platform's fetch has decoded already", async () => {
    await using server = await FriendlyServer.start();
    const transport = {
      roundTrip: async ({ url, method, headers }: ours.Request) =>
        (await globalThis.fetch(url, { method, headers: [...headers] })) as unknown as ours.Response,
    };
    const response = await new ours.Client({ transport }).get(server.url("/encoded/gzip"));
    assert.equal(response.url, server.url("/encoded/gzip"));
    assert.equal(await response.text(), await ours.get(server.url("/encoded/gzip")).text());
    ours.defaultTransport.closeIdle();
  });

  test("Client: says so where what came is not a response", async () => {
    for (const nothing of [undefined, null, "text", {}, { status: 200 }, globalThis.Response.error()]) {
      await assert.rejects(
        answering(nothing).get("http://a.test/"),
        /^TypeError: The middleware or round tripper/,
      );
    }
  });
});
