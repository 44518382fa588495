import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { addAbortSignal, type Duplex } from "node:stream";
import { describe, test } from "node:test";
import { Client, Request, Transport } from "../../src/index.js";
import { createAuthority, WireServer, type WireServerOptions } from "../../src/testing/index.js";

async function world(options: WireServerOptions, transportOptions = {}) {
  const server = await WireServer.start(options);
  const transport = new Transport(transportOptions);
  return {
    server,
    transport,
    client: new Client({ transport }),
    async [Symbol.asyncDispose]() {
      transport.destroy();
      await server.close();
    },
  };
}

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

describe("expectContinue", () => {
  test("100: the body goes out when the server asks for it, and the connection is kept", async () => {
    await using w = await world({
      script: async (connection) => {
        for (;;) {
          const head = await connection.readHead();
          assert.equal(head.header("expect"), "100-continue");
          await connection.reply("HTTP/1.1 100 Continue\r\n\r\n");
          await connection.expect("body");
          await connection.reply(ok);
        }
      },
    });
    const seen: number[] = [];
    for (const body of ["body", new Blob(["body"])]) {
      const response = await w.client.post(w.server.url("/"), {
        body,
        expectContinue: 10_000,
        onInformational: (status) => seen.push(status),
      });
      assert.equal(await response.text(), "ok");
    }
    assert.deepEqual(seen, [100, 100]);
    assert.equal(w.transport.snapshot().totals.opened, 1);
  });

  test("time: the body goes out when it is over, and the server said nothing", async () => {
    await using w = await world({
      script: async (connection) => {
        await connection.readHead();
        await connection.expect("body");
        await connection.reply(ok);
        await connection.closed;
      },
    });
    assert.equal(await w.client.put(w.server.url("/"), { body: "body", expectContinue: 5 }).text(), "ok");
  });

  test("final answer: comes without the body, which costs the connection", async () => {
    await using w = await world({
      script: async (connection) => {
        await connection.readHead();
        await connection.reply("HTTP/1.1 401 No\r\ncontent-length: 2\r\n\r\nno");
        await connection.closed;
      },
    });
    let opened = false;
    const body = (async function* () {
      opened = true;
      yield "body";
    })();
    const response = await w.client.post(w.server.url("/"), { body, expectContinue: true });
    assert.equal(response.status, 401);
    assert.equal(await response.text(), "no");
    assert.equal(opened, false);
    const [record] = w.transport.connections();
    assert.equal(record?.closed?.reason, "upload-unfinished");
  });

  test("417: is sent again without the expectation, where the body can be", async () => {
    const heads: (string | undefined)[] = [];
    await using w = await world({
      script: async (connection) => {
        const head = await connection.readHead();
        heads.push(head.header("expect"));
        if (head.header("expect") !== undefined) {
          await connection.reply("HTTP/1.1 417 Expectation Failed\r\ncontent-length: 0\r\n\r\n");
          await connection.closed;
          return;
        }
        await connection.expect("body");
        await connection.reply(ok);
        await connection.closed;
      },
    });
    const response = await w.client.post(w.server.url("/"), { body: "body", expectContinue: true });
    assert.equal(response.status, 200);
    assert.equal(response.attempts, 2);
    assert.deepEqual(heads, ["100-continue", undefined]);
  });

  test("no body: nothing is expected; a value that is not a time is refused", async () => {
    await using w = await world({
      script: async (connection) => {
        const head = await connection.readHead();
        await connection.reply(
          `HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n${head.header("expect") ?? "none"}`,
        );
        await connection.closed;
      },
    });
    assert.equal(await w.client.get(w.server.url("/"), { expectContinue: true }).text(), "none");
    await assert.rejects(w.client.post(w.server.url("/"), { body: "x", expectContinue: -1 }), RangeError);
  });

  test("abort: ends the wait, and the source is closed", async () => {
    const heads: (() => void)[] = [];
    const headIsThere = new Promise<void>((resolve) => heads.push(resolve));
    await using w = await world({
      script: async (connection) => {
        await connection.readHead();
        for (const resolve of heads) resolve();
        await connection.closed;
      },
    });
    const controller = new AbortController();
    let cancelled: unknown;
    const body = new ReadableStream({
      cancel: (reason) => {
        cancelled = reason ?? "closed";
      },
    });
    const call = w.client.post(w.server.url("/"), {
      body,
      expectContinue: 60_000,
      signal: controller.signal,
    });
    await headIsThere;
    controller.abort("enough");
    await assert.rejects(call, (reason) => reason === "enough");
    assert.notEqual(cancelled, undefined);
  });
});

const upgradeHeaders = { connection: "Upgrade", upgrade: "echo" };

/** Answers one upgrade, the first bytes with it, then one word with another, and ends. */
const echo: WireServerOptions["script"] = async (connection) => {
  const head = await connection.readHead();
  const status =
    head.method === "CONNECT"
      ? "200 Connected"
      : "101 Switching Protocols\r\nupgrade: echo\r\nconnection: upgrade";
  await connection.reply(`HTTP/1.1 ${status}\r\nx-target: ${head.target}\r\n\r\nhello `);
  await connection.expect("world");
  await connection.reply("WORLD");
  await connection.end();
  await connection.closed;
};

async function talk(stream: Duplex): Promise<string> {
  stream.write("world");
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

describe("upgraded", () => {
  test("101: gives a stream that begins with the bytes behind the head, and the connection leaves the pool", async () => {
    await using w = await world({ script: echo });
    const response = await w.client.get(w.server.url("/"), { headers: upgradeHeaders });
    assert.equal(response.status, 101);
    assert.equal(response.body, null);
    assert.ok(response.upgraded);
    assert.equal(await talk(response.upgraded), "hello WORLD");
    const [record] = w.transport.connections();
    assert.deepEqual([record?.state, record?.closed?.reason], ["closed", "upgraded"]);
    assert.equal(w.transport.snapshot().totals.active, 0);
  });

  for (const method of ["GET", "CONNECT"]) {
    test(`${method}: the call's signal and timeout end with its response; the stream goes on`, async () => {
      await using w = await world({ script: echo });
      const controller = new AbortController();
      const { upgraded } = await w.client.do(
        new Request(w.server.url("/"), {
          method,
          ...(method === "GET" ? { headers: upgradeHeaders } : {}),
          signal: controller.signal,
        }),
        { timeout: 60_000, retry: true },
      );
      assert.ok(upgraded);
      controller.abort(new Error("too late"));
      assert.equal(await talk(upgraded), "hello WORLD");
    });
  }

  test("addAbortSignal(): of node:stream, makes a signal end the stream too", async () => {
    await using w = await world({ script: echo });
    const controller = new AbortController();
    const { signal } = controller;
    const { upgraded } = await w.client.get(w.server.url("/"), { headers: upgradeHeaders, signal });
    assert.ok(upgraded);
    addAbortSignal(signal, upgraded);
    const reason = new Error("enough");
    const [[error]] = await Promise.all([once(upgraded, "error"), controller.abort(reason)]);
    assert.equal((error as Error).cause, reason);
    assert.equal(upgraded.destroyed, true);
  });

  test("101: works over TLS and over a stream of the caller's too", async () => {
    const authority = createAuthority();
    const issued = authority.issue({ names: ["localhost", "127.0.0.1"] });
    await using w = await world(
      { script: echo, tls: { key: issued.key, cert: issued.cert } },
      { tls: { ca: authority.cert } },
    );
    const response = await w.client.get(w.server.url("/"), { headers: upgradeHeaders });
    assert.ok(response.upgraded);
    assert.equal(await talk(response.upgraded), "hello WORLD");
    await using plain = await world(
      { script: echo },
      {
        dial: async ({ host, port }: { host: string; port: number }) => {
          const socket = connect(port, host);
          await once(socket, "connect");
          return socket;
        },
      },
    );
    const other = await plain.client.get(plain.server.url("/"), { headers: upgradeHeaders });
    assert.ok(other.upgraded);
    assert.equal(await talk(other.upgraded), "hello WORLD");
  });

  test("101: large data goes both ways at the reader's pace", async () => {
    await using w = await world({
      script: async (connection) => {
        await connection.readHead();
        await connection.reply("HTTP/1.1 101 Switching Protocols\r\n\r\n");
        const block = Buffer.alloc(1 << 20, "x");
        for (let i = 0; i < 8; i += 1) await connection.reply(block);
        await connection.end();
        await connection.closed;
      },
    });
    const { upgraded } = await w.client.get(w.server.url("/"), { headers: upgradeHeaders });
    let bytes = 0;
    for await (const chunk of upgraded as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(bytes, 8 << 20);
  });

  test("CONNECT: asks for the Host's authority and gives the tunnel; another status is a response", async () => {
    await using w = await world({ script: echo });
    const response = await w.client.fetch(w.server.url("/"), {
      method: "CONNECT",
      headers: { host: "target.test:443" },
    });
    assert.equal(response.headers.get("x-target"), "target.test:443");
    assert.ok(response.upgraded);
    assert.equal(await talk(response.upgraded), "hello WORLD");
    await assert.rejects(
      w.client.fetch(w.server.url("/"), { method: "CONNECT", body: "x" }),
      /response\.upgraded/,
    );
    await using refusing = await world({
      script: async (connection) => {
        await connection.readHead();
        await connection.reply("HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno");
        await connection.closed;
      },
    });
    const refused = await refusing.client.fetch(refusing.server.url("/"), { method: "CONNECT" });
    assert.deepEqual([refused.status, refused.upgraded, await refused.text()], [403, undefined, "no"]);
  });

  test("101 that nobody asked for: is a response, and no stream", async () => {
    await using w = await world({ script: echo });
    const response = await w.client.get(w.server.url("/"));
    assert.deepEqual([response.status, response.upgraded], [101, undefined]);
  });

  test("close: ends the stream of a response that is given up", async () => {
    await using w = await world({ script: echo });
    const response = await w.client.get(w.server.url("/"), { headers: upgradeHeaders });
    await response.close();
    assert.equal(response.upgraded?.destroyed, true);
  });
});
