import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { byHand, createAuthority, WireServer } from "./index.js";

const issued = createAuthority().issue({ names: ["localhost", "127.0.0.1"] });

const dial = async (server: WireServer, session?: Buffer): Promise<TLSSocket> => {
  const socket = connect({
    host: "127.0.0.1",
    port: server.port,
    ca: issued.ca,
    ...(session && { session }),
  });
  await once(socket, "secureConnect");
  return socket;
};

test("WireServer over TLS: serves, ends and resets like over TCP", async () => {
  await using server = await WireServer.start({ tls: issued, script: byHand });
  assert.equal(server.url("/a"), `https://127.0.0.1:${server.port}/a`);
  const one = await dial(server);
  one.resume().write("GET / HTTP/1.1\r\n\r\n");
  const first = await server.connection(1);
  assert.equal((await first.readRequest()).method, "GET");
  await first.replyOk("ok");
  await first.end();
  await once(one, "end");
  assert.equal(await first.closed, "end");

  const two = (await dial(server)).resume();
  await (await server.connection(2)).reset();
  const [error] = (await once(two, "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNRESET");
  assert.equal(await (await server.connection(2)).closed, "reset-sent");

  (await dial(server)).end();
  assert.equal(await (await server.connection(3)).closed, "fin");
  await server.waitForOpen(0);
});

test("WireServer over TLS: resumes sessions and says so", async () => {
  await using server = await WireServer.start({ tls: issued });
  const one = await dial(server);
  const session = once(one, "session");
  one.resume().write("GET / HTTP/1.1\r\n\r\n");
  const [ticket] = (await session) as [Buffer];
  const two = await dial(server, ticket);
  assert.ok(two.isSessionReused());
  await server.connection(2);
  one.destroy();
  two.destroy();
  const secured = server.log.filter((event) => event.event === "secured").map((event) => event.detail);
  assert.deepEqual(secured, ["TLSv1.3", "TLSv1.3 resumed"]);
});

test("WireServer over TLS: counts a connection whose handshake fails, and logs why", async () => {
  await using server = await WireServer.start({ tls: issued });
  const plain = connectTcp(server.port, "127.0.0.1").on("error", () => {});
  plain.resume().write("GET / HTTP/1.1\r\n\r\n");
  await once(plain, "close");
  const silent = connectTcp(server.port, "127.0.0.1");
  await server.waitForConnections(2);
  silent.destroy();
  await server.waitForOpen(0);
  assert.equal(server.connections, 2);
  assert.deepEqual(
    server.log.map((event) => `${event.connection} ${event.event}`),
    ["1 accepted", "1 tls-failed", "2 accepted", "2 tls-failed"],
  );
  assert.equal(server.log[1]?.detail, "ERR_SSL_HTTP_REQUEST");
});
