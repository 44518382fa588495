import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { parseTarget, ReverseProxy, type ReverseProxyOptions, type Target } from "../../src/observe/index.js";
import { type ClientView, EndsClient, EndsServer, type ServerView } from "./ends.js";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

interface Case {
  readonly name: string;
  /** What the server does with what it has received so far. */
  server(socket: Socket, received: string): void;
  /** What the client does; resolves to what it saw in the end. */
  client(client: EndsClient, host: string): Promise<ClientView | { received: string }>;
}

const requestTo = (host: string, rest = ""): string => `GET / HTTP/1.1\r\nHost: ${host}\r\n${rest}\r\n`;

/** Answers each complete request once. */
function answer(socket: Socket, received: string): void {
  if (received.endsWith("\r\n\r\n")) socket.write(OK);
}

const cases: readonly Case[] = [
  {
    name: "two requests on one connection, ended by the client's FIN",
    server(socket, received) {
      answer(socket, received);
      socket.once("end", () => socket.end());
    },
    async client(client, host) {
      client.socket.write(requestTo(host));
      await client.until("hello");
      client.received = "";
      client.socket.write(requestTo(host, "X-Second: yes\r\n"));
      await client.until("hello");
      client.socket.end();
      return client.over;
    },
  },
  {
    name: "a client that resets while idle",
    server: answer,
    async client(client, host) {
      client.socket.write(requestTo(host));
      await client.until("hello");
      client.socket.resetAndDestroy();
      return { received: client.received };
    },
  },
  {
    name: "a client that resets in the middle of a body",
    server(socket, received) {
      if (received.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart");
    },
    async client(client, host) {
      client.socket.write(requestTo(host));
      await client.until("part");
      client.socket.resetAndDestroy();
      return { received: client.received };
    },
  },
  {
    name: "a client that ends its half and is answered then",
    server(socket) {
      socket.once("end", () => {
        if (!socket.writableEnded) socket.end(OK);
      });
    },
    async client(client, host) {
      client.socket.end(requestTo(host));
      return client.over;
    },
  },
  {
    name: "a server that closes after a response",
    server(socket, received) {
      if (received.endsWith("\r\n\r\n"))
        socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end`);
    },
    async client(client, host) {
      client.socket.write(requestTo(host));
      const view = await client.over;
      client.socket.end();
      return view;
    },
  },
  {
    name: "a server that resets in the middle of a body",
    server(socket, received) {
      if (received.endsWith("more")) socket.resetAndDestroy();
      else if (received.endsWith("\r\n\r\n"))
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\npart");
    },
    async client(client, host) {
      client.socket.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 8\r\n\r\n`);
      await client.until("part");
      client.socket.write("and more");
      return client.over;
    },
  },
  {
    name: "a head that comes byte by byte and is never complete",
    server() {},
    async client(client, host) {
      for (const byte of `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Half: do`) client.socket.write(byte);
      client.socket.end();
      return { received: "" };
    },
  },
  {
    name: "bytes that are no HTTP",
    server(socket, received) {
      if (received.endsWith("\n")) socket.end(`echo ${received}`);
    },
    async client(client) {
      client.socket.write("EHLO example\r\n\r\n");
      const view = await client.over;
      client.socket.end();
      return view;
    },
  },
];

interface Outcome {
  readonly client: Awaited<ReturnType<Case["client"]>>;
  readonly server: readonly ServerView[];
}

async function run(one: Case, through: "direct" | "observed"): Promise<Outcome> {
  await using server = await EndsServer.start((socket, received) => one.server(socket, received));
  const proxy =
    through === "direct"
      ? undefined
      : await ReverseProxy.start({ target: parseTarget(server.origin) as Target });
  const url = proxy?.url ?? server.origin;
  try {
    const client = new EndsClient(url);
    const seen = await one.client(client, new URL(url).host);
    await server.until((views) => views.length === 1 && views[0]?.end !== "open");
    // Each run has a port of its own, which is in Host.
    const views = server.views.map(({ received, end }) => ({
      received: received.replaceAll(`127.0.0.1:${server.port}`, "<host>"),
      end,
    }));
    client.socket.destroy();
    return { client: seen, server: views };
  } finally {
    await proxy?.close();
  }
}

for (const one of cases) {
  test(`ReverseProxy: client and server see the same as without it: ${one.name}`, async () => {
    assert.deepEqual(await run(one, "observed"), await run(one, "direct"));
  });
}

async function observe(
  options: Partial<ReverseProxyOptions>,
  hosts: readonly string[],
): Promise<readonly string[]> {
  await using server = await EndsServer.start(answer);
  const proxy = await ReverseProxy.start({ target: parseTarget(server.origin) as Target, ...options });
  try {
    const client = new EndsClient(proxy.url);
    for (const host of hosts) {
      client.received = "";
      client.socket.write(requestTo(host.replace("<proxy>", new URL(proxy.url).host)));
      await client.until("hello");
    }
    client.socket.destroy();
    const received = server.views[0]?.received ?? "";
    return [...received.matchAll(/Host: (\S+)/g)].map(([, host = ""]) =>
      host.replace(`127.0.0.1:${server.port}`, "<target>").replace(new URL(proxy.url).host, "<proxy>"),
    );
  } finally {
    await proxy.close();
  }
}

test("ReverseProxy: only a Host that names the proxy itself becomes the target's", async () => {
  assert.deepEqual(await observe({}, ["<proxy>", "api.example.com"]), ["<target>", "api.example.com"]);
});

test("ReverseProxy: keepHost leaves Host as it is", async () => {
  assert.deepEqual(await observe({ keepHost: true }, ["<proxy>"]), ["<proxy>"]);
});

test("ReverseProxy: a client that connects while the target is down is reset, and the dial counts as failed", async () => {
  const server = await EndsServer.start(answer);
  const target = parseTarget(server.origin) as Target;
  await server[Symbol.asyncDispose]();
  const proxy = await ReverseProxy.start({ target });
  try {
    const client = new EndsClient(proxy.url);
    assert.equal((await client.over).end, "reset");
    const [facts] = proxy.facts().origins;
    assert.deepEqual(
      [facts?.counts.connections, facts?.counts.dialFailures, facts?.errors],
      [0, 1, { ECONNREFUSED: 1 }],
    );
    assert.equal(proxy.notices.length, 1);
  } finally {
    await proxy.close();
  }
});

test("ReverseProxy: a reader that is slow makes the writer wait, and gets every byte", async () => {
  const size = 32 * 1024 * 1024;
  await using server = await EndsServer.start((socket, received) => {
    if (!received.endsWith("\r\n\r\n")) return;
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
    socket.end(Buffer.alloc(size, "x"));
  });
  const proxy = await ReverseProxy.start({ target: parseTarget(server.origin) as Target });
  try {
    const client = new EndsClient(proxy.url);
    client.socket.write(requestTo("x"));
    await client.until("\r\n\r\n");
    client.socket.pause();
    await server.until((views) => views.length === 1);
    // Far less than all of it can be in buffers on the way.
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok((server.views[0]?.socket.writableLength ?? 0) > 0, "the server still holds bytes back");
    client.socket.resume();
    const { received } = await client.over;
    assert.equal(received.length - received.indexOf("\r\n\r\n") - 4, size);
  } finally {
    await proxy.close();
  }
});
