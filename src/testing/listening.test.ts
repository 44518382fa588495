import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createAuthority, FriendlyServer, WireServer } from "./index.js";

const statusOf = async (url: string, socketPath?: string): Promise<number> => {
  const outgoing = request(url, { agent: false, ...(socketPath !== undefined && { socketPath }) });
  outgoing.end();
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  await once(incoming.resume(), "end");
  return incoming.statusCode ?? 0;
};

const servers = [WireServer, FriendlyServer];

test("path: a server listens on a Unix socket and removes it at the end", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "trunkline-testing-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "socket");
  for (const kind of servers) {
    const server = await kind.start({ path });
    assert.deepEqual([server.origin, server.port], ["http://localhost", 0]);
    assert.equal(await statusOf(server.url("/json"), path), 200);
    assert.equal(server.connections, 1);
    await server.close();
    assert.equal(existsSync(path), false);
  }
});

test("host: a server listens on the IPv6 loopback address", async (t) => {
  const addresses = Object.values(networkInterfaces()).flat();
  if (!addresses.some((each) => each?.address === "::1"))
    return t.diagnostic("this machine has no ::1: not checked");
  for (const kind of servers) {
    await using server = await kind.start({ host: "::1" });
    assert.equal(server.origin, `http://[::1]:${server.port}`);
    assert.equal(await statusOf(server.url("/json")), 200);
  }
});

test("start: rejects when it cannot listen", async () => {
  await using server = await WireServer.start();
  for (const kind of servers) await assert.rejects(kind.start({ port: server.port }), { code: "EADDRINUSE" });
  const tls = createAuthority().issue({ names: ["localhost"] });
  await assert.rejects(WireServer.start({ tls, path: "/nowhere" }), /speaks TLS on a TCP port only/);
});

test("close: leaves no handle behind, however often it is called", async () => {
  const before = process.getActiveResourcesInfo().length;
  for (const kind of servers) {
    const server = await kind.start();
    const outgoing = request(server.url("/json"), { agent: false });
    outgoing.end();
    const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
    const closed = once(incoming.socket, "close");
    incoming.resume();
    await Promise.all([server.close(), server.close(), closed]);
  }
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(process.getActiveResourcesInfo().length <= before, process.getActiveResourcesInfo().join(" "));
});
