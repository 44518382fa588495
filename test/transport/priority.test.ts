import assert from "node:assert/strict";
import { test } from "node:test";
import type { Init } from "../../src/index.js";
import { Client, fetchTransport, Request } from "../../src/index.js";
import { http2Server, overTls } from "../explain/http2-provocations.js";
import { clientOf, rejection, World } from "./support.js";

// RFC 9218: what fetch's `priority` and `incremental` say on the wire.

/** The server answers with the field it was sent. */
async function echoing(world: World): Promise<(init: Init | Request) => Promise<string>> {
  const server = await http2Server(world, async (connection) => {
    for (;;) {
      const request = await connection.readRequest();
      await connection.reply(request, { body: request.header("priority") ?? "none" });
    }
  });
  const client = clientOf(overTls(world));
  return async (init) =>
    (await (init instanceof Request ? client.fetch(init) : client.get(server.url(), init))).text();
}

const CASES: readonly [Init, string][] = [
  [{}, "none"],
  [{ priority: "high" }, "u=1"],
  [{ priority: "auto" }, "u=3"],
  [{ priority: "low" }, "u=5"],
  [{ priority: "low", incremental: true }, "u=5, i"],
  [{ incremental: true }, "u=3, i"],
  [{ priority: "high", incremental: false }, "u=1"],
  [{ priority: "high", headers: { Priority: "u=0" } }, "u=0"],
];

test("priority: goes out over HTTP/2 as a field, and only where the caller asks", async () => {
  await using world = await World.start();
  const sent = await echoing(world);
  for (const [init, field] of CASES) assert.equal(await sent(init), field, JSON.stringify(init));
});

test("priority: of a Request, of one that is made from it, of a clone and after a redirect", async () => {
  await using world = await World.start();
  const server = await http2Server(world, async (connection) => {
    for (;;) {
      const request = await connection.readRequest();
      if (request.path === "/from")
        await connection.reply(request, { status: 302, headers: { location: "/to" } });
      else await connection.reply(request, { body: request.header("priority") ?? "none" });
    }
  });
  const client = clientOf(overTls(world));
  const request = new Request(server.url("/from"), { priority: "high" });
  for (const one of [request, new Request(request), new Request(request, { method: "GET" }), request.clone()])
    assert.equal(await (await client.fetch(one)).text(), "u=1");
  assert.equal(await (await client.fetch(new Request(request, { priority: "low" }))).text(), "u=5");
});

test("priority: nothing of it goes out over HTTP/1.1 but a field of the caller's own", async () => {
  await using world = await World.start();
  const fields: (string | undefined)[] = [];
  world.server.script(async (connection) => {
    for (;;) {
      fields.push((await connection.readRequest()).header("priority"));
      await connection.replyOk("ok");
    }
  });
  const client = clientOf(world.transport());
  await client.get(world.server.url(), { priority: "high", incremental: true }).text();
  await client.get(world.server.url(), { priority: "high", headers: { priority: "u=0" } }).text();
  assert.deepEqual(fields, [undefined, "u=0"]);
});

test("priority: what is none is refused, and over another fetch its own name is used", async () => {
  const client = new Client();
  const wrong = await rejection(client.get("http://127.0.0.1:1/", { priority: "urgent" as "high" }));
  assert.match(wrong.message, /Cannot use priority "urgent": it must be "high", "low" or "auto"/);
  let seen: unknown;
  const other = new Client({
    transport: fetchTransport(async (_input, init) => {
      seen = (init as { priority?: string }).priority;
      return new globalThis.Response("ok");
    }),
  });
  await other.get("http://127.0.0.1:1/", { priority: "low" }).text();
  assert.equal(seen, "low");
  const lacking = await rejection(other.get("http://127.0.0.1:1/", { incremental: true }));
  assert.match(lacking.message, /Cannot send a request with incremental over fetchTransport/);
});
