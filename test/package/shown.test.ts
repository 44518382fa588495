import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import type * as Package from "../../src/index.js";
import { World } from "../transport/support.js";

// The bundle, as esbuild renames classes.
const built = (await import(pathToFileURL("dist/index.js").href)) as typeof Package;

test("the classes have their own names, in the bundle too", () => {
  const { Client, Transport, Request, Response, Headers, Call, NetworkError, TimeoutError, HTTPError } =
    built;
  assert.deepEqual(
    [Client, Transport, Request, Response, Headers, Call, NetworkError, TimeoutError, HTTPError].map(
      ({ name }) => name,
    ),
    [
      "Client",
      "Transport",
      "Request",
      "Response",
      "Headers",
      "Call",
      "NetworkError",
      "TimeoutError",
      "HTTPError",
    ],
  );
  assert.throws(
    () => new Client({ nothing: 1 } as never),
    (error: Error) => /at new Client /.test(error.stack ?? "") && !/_Client/.test(error.stack ?? ""),
  );
});

test("console.log of a client and a transport: what they were made with, and the snapshot; no secret", async () => {
  await using world = await World.start();
  const { Client, Transport } = built;
  const transport = new Transport();
  const { origin } = new URL(world.server.url());
  const client = new Client({
    transport,
    baseURL: origin.replace("//", "//user:hunter2@"),
    auth: { bearer: "hunter2" },
    headers: { authorization: "hunter2", "x-plain": "shown" },
    timeout: 500,
  });
  await client.get("/").text();
  for (const shown of [inspect(client), inspect({ deep: { client } }), inspect(client, { colors: true })]) {
    assert.match(shown, /Client .*baseURL.*x-plain.*shown.*Transport .*timeout/s);
    assert.doesNotMatch(shown, /hunter2|_Client/);
  }
  assert.match(
    inspect(transport),
    /^Transport \{.*idle: 1,.*opened: 1,.*origins: \[.*origin: 'http:\/\/127/s,
  );
  assert.equal(inspect({ a: { b: { c: { client, transport } } } }).includes("[Object]"), true);
  assert.equal(inspect([[[client, transport]]], { depth: 2 }), "[ [ [ [Client], [Transport] ] ] ]");
  transport.destroy();
});

test("console.log of a request and a response: what they are, without secrets, and the connection", async () => {
  await using world = await World.start();
  const transport = new built.Transport();
  const client = new built.Client({ transport });
  const response = await client.get(world.server.url("/a?key=hunter2"));
  assert.match(
    inspect(response),
    /^Response \{\s+status: 200,\s+statusText: 'OK',\s+url: 'http.*\/a\?key=\*\*\*',\s+headers: Headers .*bodyUsed: false,\s+connection: \{ id: \d+, protocol: 'http\/1\.1', reused: false \}/s,
  );
  const request = new built.Request("http://a.test/?key=hunter2", { headers: { authorization: "hunter2" } });
  assert.match(
    inspect(request),
    /^Request \{\s+method: 'GET',\s+url: '.*headers: Headers .*bodyUsed: false/s,
  );
  assert.doesNotMatch(inspect([request, response], { depth: 9 }), /hunter2/);
  assert.match(inspect(new built.Response("x")), /^Response \{/);
  assert.equal(inspect([[[request, response]]], { depth: 2 }), "[ [ [ [Request], [Response] ] ] ]");
  assert.doesNotThrow(() => inspect([built.Response.prototype, built.Request.prototype]));
  transport.destroy();
});

test("timings are rounded to microseconds", async () => {
  await using world = await World.start();
  const client = new built.Client({ transport: new built.Transport() });
  const response = await client.get(world.server.url());
  await response.text();
  for (const [phase, value] of Object.entries(response.timings))
    assert.equal(value, Number((value as number).toFixed(3)), phase);
  (client.transport as InstanceType<typeof built.Transport>).destroy();
});

/** Compiles only where `code` is a union of names. */
export function isRefused({ code }: Package.NetworkError): boolean {
  // @ts-expect-error a name that is no code
  if (code === "ERR_TRUNKLINE_REFUZED") return false;
  return code === "ERR_TRUNKLINE_CONNECTION_REFUSED";
}
