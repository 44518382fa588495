import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { ForwardProxy, observedReport } from "../../src/observe/index.js";
import { runCli } from "../cli/run-cli.js";
import { CountingServer } from "./counting-server.js";
import { EndsClient, EndsServer } from "./ends.js";

const answerWith =
  (body: string) =>
  (socket: Socket, received: string): void => {
    if (received.endsWith("\r\n\r\n") || received.endsWith("the body"))
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  };

/** Sends and waits for a text in what comes back. */
async function say(client: EndsClient, bytes: string, until: string): Promise<void> {
  client.received = "";
  client.socket.write(bytes);
  await client.until(until);
}

test("ForwardProxy: requests by whole URL go to their servers as a server gets them, a connection for each server", async () => {
  await using one = await EndsServer.start(answerWith("one"));
  await using two = await EndsServer.start(answerWith("two"));
  const proxy = await ForwardProxy.start();
  try {
    const client = new EndsClient(proxy.url);
    const get = (server: EndsServer, path: string): string =>
      `GET ${server.origin}${path} HTTP/1.1\r\nHost: ${new URL(server.origin).host}\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic c2VjcmV0\r\n\r\n`;
    await say(client, get(one, "/a?b"), "one");
    await say(client, get(two, "/"), "two");
    await say(client, get(one, ""), "one");
    const head = `POST ${two.origin}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n`;
    client.socket.write(head.slice(0, 9));
    await say(client, `${head.slice(9)}the body`, "two");
    client.socket.end();
    await one.until((views) => views[0]?.end === "fin");
    await two.until((views) => views[0]?.end === "fin");
    for (const { views } of [one, two]) for (const { socket } of views) socket.end();
    assert.equal((await client.over).end, "fin");
    await proxy.settled(5_000);
    const host = new URL(one.origin).host;
    assert.deepEqual(
      one.views.map(({ received }) => received),
      [`GET /a?b HTTP/1.1\r\nHost: ${host}\r\n\r\nGET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
    );
    assert.match(
      two.views[0]?.received ?? "",
      /POST \/ HTTP\/1\.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nthe body$/,
    );
    const report = observedReport(proxy.facts());
    assert.deepEqual([report.requests, report.connections], [4, 2]);
  } finally {
    await proxy.close();
  }
});

test("ForwardProxy: the ends of a connection go on, a FIN as a FIN and a reset as a reset", async () => {
  await using server = await EndsServer.start((socket, received) => {
    if (received.includes("/reset")) socket.resetAndDestroy();
    else if (received.includes("/open")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nopen");
    else socket.end("HTTP/1.1 200 OK\r\n\r\nuntil the end");
  });
  const proxy = await ForwardProxy.start();
  try {
    const ended = new EndsClient(proxy.url);
    ended.socket.write(`GET ${server.origin}/ HTTP/1.1\r\n\r\n`);
    assert.deepEqual(await ended.over, { received: "HTTP/1.1 200 OK\r\n\r\nuntil the end", end: "fin" });
    ended.socket.end();
    const reset = new EndsClient(proxy.url);
    reset.socket.write(`GET ${server.origin}/reset HTTP/1.1\r\n\r\n`);
    assert.equal((await reset.over).end, "reset");
    const resetting = new EndsClient(proxy.url);
    await say(resetting, `GET ${server.origin}/open HTTP/1.1\r\n\r\n`, "open");
    resetting.socket.resetAndDestroy();
    await server.until((views) => views.at(-1)?.end === "reset");
    await proxy.settled(5_000);
    const closed = observedReport(proxy.facts()).origins[0]?.closed;
    assert.deepEqual(closed, { "closed-by-eof-body": 1, reset: 1, "body-unread": 1 });
  } finally {
    await proxy.close();
  }
});

test("ForwardProxy: tunnels pass everything on; plain HTTP in them is read, TLS is only counted", async () => {
  await using server = await EndsServer.start((socket, received) => {
    if (received.startsWith("\u0016")) socket.write("secret");
    else answerWith("plain")(socket, received);
  });
  const proxy = await ForwardProxy.start();
  try {
    const { host } = new URL(server.origin);
    const connect = `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    const plain = new EndsClient(proxy.url);
    await say(plain, connect, "HTTP/1.1 200");
    await say(plain, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "plain");
    plain.socket.resetAndDestroy();
    const secret = new EndsClient(proxy.url);
    // Bytes that come together with CONNECT belong to the server.
    await say(secret, `${connect}\u0016\u0003\u0001`, "secret");
    secret.socket.resetAndDestroy();
    await proxy.settled(5_000);
    assert.deepEqual(
      server.views.map(({ received }) => received),
      ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\u0016\u0003\u0001"],
    );
    const { origins } = observedReport(proxy.facts());
    assert.deepEqual(
      origins.map(({ origin, requests, connections }) => [origin, requests, connections]),
      [
        [`http://${host}`, 1, 1],
        [`https://${host}`, 0, 1],
      ],
    );
    assert.match(proxy.notices.join("\n"), /1 tunnel carried TLS/);
  } finally {
    await proxy.close();
  }
});

test("ForwardProxy: what it cannot do is answered with a sentence", async () => {
  const gone = await EndsServer.start(() => {});
  const { origin } = gone;
  await gone[Symbol.asyncDispose]();
  const proxy = await ForwardProxy.start();
  try {
    for (const [request, expected] of [
      ["GET / HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 400 [\s\S]*this is a proxy/],
      ["CONNECT nonsense HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 400 [\s\S]*host and a port/],
      [`GET ${origin}/ HTTP/1.1\r\n\r\n`, /^HTTP\/1\.1 502 [\s\S]*nothing is listening at/],
      [`CONNECT ${new URL(origin).host} HTTP/1.1\r\n\r\n`, /^HTTP\/1\.1 502 [\s\S]*nothing is listening at/],
    ] as const) {
      const client = new EndsClient(proxy.url);
      client.socket.write(request);
      assert.match((await client.over).received, expected);
      client.socket.end();
    }
    await proxy.settled(5_000);
    const [facts] = proxy.facts().origins;
    assert.deepEqual([facts?.counts.dialFailures, facts?.counts.connections], [2, 0]);
  } finally {
    await proxy.close();
  }
});

test("trunkline observe: without --target it is the program's proxy, and says what that changes", async () => {
  await using server = await CountingServer.start();
  const script = `const proxy = new URL(process.env.HTTP_PROXY);
    const socket = require("node:net").connect(Number(proxy.port), proxy.hostname);
    socket.write("GET ${server.origin}/ HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n");
    socket.resume()`;
  const { code, stderr, stdout } = await runCli(["observe", "--json", "--", process.execPath, "-e", script]);
  assert.equal(code, 0, stderr);
  assert.equal((JSON.parse(stdout) as { report: { requests: number } }).report.requests, 1);
  assert.match(stderr, /seen as a proxy/);
  const silent = await runCli(["observe", "--", process.execPath, "-e", "0"]);
  assert.match(
    silent.stderr,
    /no request came to the proxy: most clients, including Go's, go directly to localhost/,
  );
});
