import assert from "node:assert/strict";
import { createServer, type RequestListener, type ServerOptions } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { test } from "node:test";
import { parseTarget, type Target } from "../../src/observe/index.js";
import { type ProbeResult, probe } from "../../src/probe/index.js";

const EMPTY = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

interface Listening extends AsyncDisposable {
  readonly origin: string;
}

async function serve(options: ServerOptions, listener: RequestListener): Promise<Listening> {
  const server = createServer(options, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function raw(onRequest: (socket: Socket, count: number) => void): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    let count = 0;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", () => onRequest(socket, ++count));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const look = (origin: string, maxWait: number, signal?: AbortSignal): Promise<ProbeResult> =>
  probe({ target: parseTarget(origin) as Target, maxWait, ...(signal === undefined ? {} : { signal }) });

test("probe: finds the idle limit of a server by waiting, and settings below it", async () => {
  await using server = await serve({ keepAliveTimeout: 700 }, (_request, response) => response.end("hello"));
  const result = await look(server.origin, 5_000);
  assert.deepEqual([result.status, result.http, result.keepAlive?.reused], [200, { version: "1.1" }, true]);
  const { limit = 0 } = result.idle ?? {};
  // Newer Node keeps connections up to a second longer than it was told.
  assert.ok(limit >= 600 && limit < 3_000, `${limit}`);
  assert.deepEqual(
    result.settings.map(({ client }) => client),
    ["trunkline", "undici", "http.Agent", "go", "server"],
  );
  const advised = Number(/idleTimeout: (\d+)/.exec(result.settings[0]?.code ?? "")?.[1]);
  assert.ok(advised > 0 && advised < limit, `${advised} of ${limit}`);
});

test("probe: a server that keeps connections as long as was waited has no limit, and the wait is the setting", async () => {
  await using server = await raw((socket) => socket.write(EMPTY));
  const result = await look(server.origin, 400);
  assert.equal(result.idle?.limit, undefined);
  assert.ok((result.idle?.aliveAfter ?? 0) >= 390);
  assert.match(result.settings[0]?.code ?? "", /^new Transport\(\{ idleTimeout: [34]\d\d \}\)$/);
});

test("probe: a connection that looks open and carries nothing is found", async () => {
  // What comes after a wait is answered with a reset, as a middlebox does that has forgotten the connection.
  await using server = await raw((socket, count) => {
    if (count === 1 || performance.now() - started < 300) socket.write(EMPTY);
    else socket.resetAndDestroy();
  });
  const started = performance.now();
  const result = await look(server.origin, 600);
  assert.ok((result.idle?.silentlyDeadAfter ?? 0) >= 590, JSON.stringify(result.idle));
});

for (const [because, head] of [
  ["said-close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"],
  ["http-1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"],
  ["closed-by-eof-body", "HTTP/1.1 200 OK\r\n\r\nok"],
  ["closed-without-a-word", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"],
] as const) {
  test(`probe: a server that ends each connection is found out: ${because}`, async () => {
    await using server = await raw((socket) => socket.end(head));
    const result = await look(server.origin, 60_000);
    assert.deepEqual(result.keepAlive, { reused: false, because });
    assert.equal(result.idle, undefined);
    assert.match(result.settings[0]?.why ?? "", /closes the connection after each response/);
  });
}

test("probe: an announced limit is read, and nobody waits much longer than it", async () => {
  await using server = await raw((socket) =>
    socket.write("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n"),
  );
  const result = await look(server.origin, 60_000);
  assert.equal(result.keepAlive?.announced, 1_000);
  assert.ok((result.idle?.waited ?? 0) < 4_000);
  assert.match(result.settings[0]?.why ?? "", /announces that it closes idle connections after 1 s/);
});

test("probe: an abort while it waits gives what is known", async () => {
  await using server = await raw((socket) => socket.write(EMPTY));
  const abort = new AbortController();
  const result = await probe({
    target: parseTarget(server.origin) as Target,
    maxWait: 60_000,
    signal: abort.signal,
    onStep: (step) => {
      if (step.startsWith("idle")) setImmediate(() => abort.abort());
    },
  });
  assert.equal(result.keepAlive?.reused, true);
});

test("probe: no address that answers is an error that says so", async () => {
  const { origin, ...server } = await raw(() => {});
  await server[Symbol.asyncDispose]();
  await assert.rejects(
    look(origin, 0),
    /cannot reach .* at 127\.0\.0\.1: refused: nothing is listening there/,
  );
});
