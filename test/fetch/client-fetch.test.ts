// `createFetch`: a client behind fetch's interface, for libraries that pass options of their own and know fetch's failures.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, createFetch, HTTPError, NetworkError, TimeoutError, Transport } from "../../src/index.js";
import { http2Script, WireServer } from "../../src/testing/index.js";
import type { Loose } from "./compare.js";
import { testServer } from "./server.js";

const url = testServer();

test("createFetch: sends with the client's options, and ignores the members of init that are a library's own", async () => {
  const fetch = createFetch(new Client({ baseURL: url("/"), headers: { "X-Ours": "1" } }));
  const loose = fetch as unknown as Loose;
  const foreign = {
    params: { a: 1 },
    data: "x",
    retry: 0,
    timeout: "1s",
    baseURL: "x",
    json: { x: 1 },
    query: 5,
  };
  const response = (await loose("echo", { method: "POST", body: "text", ...foreign })) as Response;
  const seen = (await response.json()) as { body: string; url: string; headers: Record<string, string> };
  assert.equal(seen.body, "text");
  assert.equal(seen.url, "/echo");
  assert.equal(seen.headers["x-ours"], "1");
  assert.equal(fetch.name, "fetch");
  await assert.rejects(
    fetch(url("/echo"), { dispatcher: {} } as never),
    /^TypeError: Cannot fetch with dispatcher/,
  );
  await assert.rejects(fetch(url("/echo"), { method: "a b" }), /^TypeError: Cannot use "a b" as a method/);
});

test("createFetch: fails as fetch does", async () => {
  await using transport = new Transport();
  const fetch = createFetch(new Client({ transport, timeout: 60_000 }));
  const refused = await fetch("http://127.0.0.1:3/").catch((reason: unknown) => reason);
  assert.ok(refused instanceof TypeError && !(refused instanceof NetworkError));
  assert.equal(refused.message, "fetch failed");
  assert.ok(refused.cause instanceof NetworkError);
  assert.equal(refused.cause.code, "ECONNREFUSED");

  await using server = await WireServer.start({
    script: async (connection) => {
      for await (const _ of connection.eachRequest()) {
        await connection.reply("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart");
        await connection.end();
        return;
      }
    },
  });
  const cut = await fetch(server.url())
    .then(
      (response) => response.text(),
      (error: unknown) => assert.fail(String(error)),
    )
    .catch((reason: unknown) => reason);
  assert.ok(cut instanceof TypeError && cut.message === "terminated");
  assert.ok(cut.cause instanceof NetworkError);
  assert.equal(cut.cause.code, "UND_ERR_SOCKET");
});

test("createFetch: a stream that the server resets has the code of a connection that was lost", async () => {
  await using server = await WireServer.start({
    script: http2Script(async (connection) => {
      const { stream } = await connection.readRequest();
      await connection.send({ type: "RST_STREAM", stream, code: 2 });
      await connection.readRequest();
    }),
  });
  await using transport = new Transport({ http2: { priorKnowledge: true } });
  const error = await createFetch(new Client({ transport }))(server.url()).catch((reason: unknown) => reason);
  assert.ok(error instanceof TypeError && error.cause instanceof NetworkError);
  assert.equal(error.cause.code, "UND_ERR_SOCKET");
  assert.equal(error.cause.trunklineCode, "ERR_TRUNKLINE_STREAM_RESET");
});

test("createFetch: the client's time limit and throwOnError, and the caller's abort, are as in client.fetch", async () => {
  await using transport = new Transport();
  const limited = createFetch(new Client({ transport, timeout: 20 }));
  const late = await limited(url("/hang")).catch((reason: unknown) => reason);
  assert.ok(late instanceof TypeError && late.message === "fetch failed");
  assert.ok(late.cause instanceof TimeoutError && late.cause.timeout === "timeout");
  const strict = createFetch(new Client({ transport, throwOnError: true }));
  await assert.rejects(strict(url("/status?code=404")), (error) => error instanceof HTTPError);
  const reason = new Error("enough");
  await assert.rejects(
    strict(url("/hang"), { signal: AbortSignal.abort(reason) }),
    (error) => error === reason,
  );
});

test("createFetch: refuses what is not a client", () => {
  for (const wrong of [undefined, null, {}, "x"]) {
    assert.throws(
      () => createFetch(wrong as never),
      /^TypeError: Cannot make a fetch from this: it must be a Client/,
    );
  }
});
