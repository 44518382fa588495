import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, type IncomingMessage, type RequestOptions, request } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { createAuthority, FRIENDLY_JSON, FriendlyServer } from "./index.js";

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly trailers: IncomingMessage["trailers"];
  readonly body: Buffer;
}

const ask = async (url: string, options: RequestOptions = {}, body?: string): Promise<Answer> => {
  const outgoing = (url.startsWith("https") ? httpsRequest : request)(url, options);
  outgoing.end(body);
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { statusCode: status = 0, headers, trailers } = incoming;
  return { status, headers, trailers, body: Buffer.concat(chunks) };
};

test("FriendlyServer: each route answers what its name says", async (t) => {
  await using server = await FriendlyServer.start({ headers: { "x-always": "yes" } });
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const get = (path: string): Promise<Answer> => ask(server.url(path), { agent });
  const text = async (path: string): Promise<string> => (await get(path)).body.toString();

  assert.equal(await text("/json"), FRIENDLY_JSON);
  assert.match(await text("/"), /^\/\n\/json\n\/echo\n/);
  assert.equal((await get("/bytes/100000")).body.length, 100_000);
  assert.equal((await get("/bytes/100000")).headers["content-length"], "100000");
  for (const length of [0, 100_000]) {
    const chunked = await get(`/chunked/${length}`);
    assert.equal(chunked.headers["transfer-encoding"], "chunked");
    assert.equal(chunked.body.length, length);
  }
  assert.equal(await text("/delay/1"), "late\n");
  assert.equal(await text("/drip/3?ms=1"), "***");
  assert.equal((await get("/status/418")).status, 418);
  assert.equal((await get("/status/204")).body.length, 0);
  assert.equal((await get("/status/101")).status, 400);
  assert.equal((await get("/redirect/2?to=/x")).headers.location, "/redirect/1?to=%2Fx");
  assert.equal((await get("/redirect/1?to=/x&status=308")).headers.location, "/x");
  assert.equal((await get("/redirect/1?to=/x&status=308")).status, 308);
  assert.equal((await get("/redirect")).headers.location, "/json");
  assert.equal((await get("/headers/3")).headers["x-header-3"], "value 3");
  assert.equal(gunzipSync((await get("/encoded/gzip")).body).toString(), FRIENDLY_JSON);
  assert.equal((await get("/encoded/none")).status, 400);
  assert.deepEqual({ ...(await get("/trailers")).trailers }, { "x-checksum": "5" });
  assert.equal(await text("/hints"), "after a 103\n");
  assert.equal((await get("/bytes/x")).status, 400);
  assert.equal((await get("/constructor")).status, 404);
  assert.equal((await get("/json")).headers["x-always"], "yes");
  const echo = await ask(server.url("/echo?a=1"), { agent, method: "POST", headers: { "X-A": "b" } }, "hé");
  const { headers, ...rest } = JSON.parse(echo.body.toString()) as Record<string, unknown> & {
    headers: string[];
  };
  assert.deepEqual(rest, { method: "POST", target: "/echo?a=1", body: "hé", bytes: 3 });
  assert.deepEqual(headers.slice(0, 2), ["X-A", "b"]);
  assert.deepEqual([server.connections, server.requestsPerConnection], [1, [server.requests]]);
  assert.equal((await get("/close")).headers.connection, "close");
});

test("FriendlyServer: counts connections and the requests on each", async (t) => {
  await using server = await FriendlyServer.start();
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  await Promise.all([ask(server.url("/delay/1"), { agent }), ask(server.url("/delay/1"), { agent })]);
  await ask(server.url("/json"), { agent });
  assert.deepEqual([server.connections, server.open, server.mostOpen, server.requests], [2, 2, 2, 3]);
  assert.deepEqual([...server.requestsPerConnection].sort(), [1, 2]);
  server.resetCounts();
  await ask(server.url("/json"), { agent });
  assert.deepEqual([server.connections, server.mostOpen, server.requests], [0, 2, 1]);
  assert.deepEqual(server.requestsPerConnection, [1]);
});

test("FriendlyServer: speaks HTTPS and counts there too", async (t) => {
  const tls = createAuthority().issue({ names: ["127.0.0.1"] });
  await using server = await FriendlyServer.start({ tls });
  const agent = new HttpsAgent({ keepAlive: true, ca: tls.ca });
  t.after(() => agent.destroy());
  for (let count = 0; count < 3; count += 1) await ask(server.url("/json"), { agent });
  assert.deepEqual([server.connections, server.requestsPerConnection], [1, [3]]);
});

test("FriendlyServer: keepAliveTimeout, maxRequestsPerConnection and own routes are obeyed", async (t) => {
  await using server = await FriendlyServer.start({
    keepAliveTimeout: 7000,
    maxRequestsPerConnection: 2,
    routes: { json: (_request, response, argument) => void response.end(`mine ${argument}`) },
  });
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const first = await ask(server.url("/json/a/b"), { agent });
  assert.equal(first.body.toString(), "mine a/b");
  assert.match(String(first.headers["keep-alive"]), /timeout=7/);
  await ask(server.url("/json"), { agent });
  await ask(server.url("/json"), { agent });
  assert.equal(server.connections, 2);
});

test("FriendlyServer.close: ends requests that are being answered", async () => {
  const server = await FriendlyServer.start();
  const outgoing = request(server.url("/delay/600000")).end();
  await once(outgoing, "socket");
  const failed = once(outgoing, "error");
  while (server.requests === 0) await new Promise((resolve) => setImmediate(resolve));
  await server.close();
  assert.equal(
    ((await failed.catch((error: unknown) => [error])) as [NodeJS.ErrnoException])[0].code,
    "ECONNRESET",
  );
});
