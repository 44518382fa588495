import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { type Headers, Request, type Response } from "../../src/index.js";
import { createAuthority, type WireHead, type WireRequest } from "../../src/testing/index.js";
import { clientOf, closedOnes, fetched, rejection, turns, until, World } from "../transport/support.js";

// Ported by meaning: clientserver_test.go over HTTP/1, and what of transport_test.go is about connections that end or
// leak. docs/go-tests.md has the table.

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** A server that answers each request alike, and the requests it got. */
async function answering(reply: string): Promise<World & { requests: WireRequest[] }> {
  const requests: WireRequest[] = [];
  const world = await World.start({
    script: async (connection) => {
      for await (const request of connection.eachRequest()) {
        requests.push(request);
        await connection.reply(reply);
      }
    },
  });
  return Object.assign(world, { requests });
}

const readerOf = (response: Response): ReadableStreamDefaultReader<Uint8Array> =>
  (response.body as ReadableStream<Uint8Array>).getReader();

async function read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  return Buffer.from((await reader.read()).value ?? []).toString();
}

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = "Transfer-Encoding: chunked\r\n\r\n";
const LENGTH = "Content-Length: ";

describe("responses", () => {
  // Go's tests, the method, the reply, the length its field says, the body, whether the connection can be kept
  for (const [name, method, reply, length, body, kept] of [
    ["TestChunkedResponseHeaders", "GET", `${OK}${CHUNKED}5\r\nabcde\r\n0\r\n\r\n`, null, "abcde", true],
    ["TestH12_HeadContentLengthNoBody", "HEAD", `${OK}\r\n`, null, "", true],
    ["TestH12_HeadContentLengthSmallBody", "HEAD", `${OK}Content-Length: 5\r\n\r\n`, "5", "", true],
    ["TestH12_HeadContentLengthLargeBody", "HEAD", `${OK}${CHUNKED}`, null, "", true],
    ["TestH12_Head_ExplicitLen", "HEAD", `${OK}Content-Length: 1235\r\n\r\n`, "1235", "", true],
    ["TestH12_Head_ImplicitLen", "HEAD", `${OK}Content-Length: 1\r\n\r\n`, "1", "", true],
    ["TestH12_200NoBody", "GET", `${OK}Content-Length: 0\r\n\r\n`, "0", "", true],
    ["TestH2_204NoBody", "GET", "HTTP/1.1 204 No Content\r\n\r\n", null, "", true],
    ["TestH2_304NoBody, Test304Responses", "GET", "HTTP/1.1 304 Not Modified\r\n\r\n", null, "", true],
    ["TestH2_404NoBody", "GET", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "0", "", true],
    ["TestH12_SmallBody", "GET", `${OK}Content-Length: 5\r\n\r\nsmall`, "5", "small", true],
    ["TestH12_ExplicitContentLength", "GET", `${OK}Content-Length: 3\r\n\r\nfoo`, "3", "foo", true],
    ["TestH12_FlushBeforeBody", "GET", `${OK}${CHUNKED}3\r\nfoo\r\n0\r\n\r\n`, null, "foo", true],
    ["TestH12_FlushMidBody", "GET", `${OK}${CHUNKED}3\r\nfoo\r\n3\r\nbar\r\n0\r\n\r\n`, null, "foobar", true],
    ["TestH12_ServerEmptyContentLength", "GET", `${OK}Content-Type:\r\n${LENGTH}0\r\n\r\n`, "0", "", true],
    ["TestIdentityTransferEncoding", "GET", `${OK}\r\nuntil the end`, null, "until the end", false],
  ] as const) {
    test(`Go ${name}: the length, the body, and whether the connection is kept`, async () => {
      await using world = await World.start({
        script: async (connection) => {
          for await (const _ of connection.eachRequest()) {
            await connection.reply(reply);
            if (!kept) await connection.end();
          }
        },
      });
      const client = clientOf(world.transport());
      for (let i = 0; i < 2; i += 1) {
        const response = await client.fetch(world.server.url(), { method });
        assert.equal(response.status, Number(reply.slice(9, 12)));
        assert.equal(response.headers.get("content-length"), length);
        assert.equal(await response.text(), body);
      }
      assert.equal(world.server.connections, kept ? 1 : 2);
    });
  }

  test("Go TestChunkedResponseHeaders: a length beside chunked is an error, and not only ignored", async () => {
    await using world = await answering(`${OK}Content-Length: 5\r\n${CHUNKED}5\r\nabcde\r\n0\r\n\r\n`);
    assert.match((await rejection(fetched(world.transport(), world.server.url()))).message, /Content-Length/);
  });

  test("Go TestH12_HandlerWritesTooLittle: what came is kept, then the missing end is an error", async () => {
    await using world = await World.start({
      script: ["readRequest", { reply: `${OK}Content-Length: 5\r\n\r\nonly` }, "end"],
    });
    const reader = readerOf(await clientOf(world.transport()).get(world.server.url()));
    assert.equal(await read(reader), "only");
    assert.equal((await rejection(reader.read()))["phase"], "body");
  });

  test("Go TestInterruptWithPanic: a server that gives up mid-body is an error, whatever the framing", async () => {
    for (const head of ["Content-Length: 100\r\n\r\nhello", `${CHUNKED}5\r\nhello\r\n`]) {
      for (const ending of ["end", "reset"] as const) {
        await using world = await World.start({ script: ["readRequest", { reply: `${OK}${head}` }, ending] });
        const transport = world.transport();
        const error = await rejection(clientOf(transport).get(world.server.url()).text());
        assert.equal(error["responseStarted"], true);
        assert.match((await closedOnes(transport, 1))[0]?.closed?.by ?? "", /server|network/);
      }
    }
  });

  test("Go TestResponseBodyReadAfterClose: a closed response cannot be read", async () => {
    await using world = await World.start();
    const response = await clientOf(world.transport()).get(world.server.url());
    await response.close();
    await rejection(response.text());
  });

  test("Go TestCancelRequestMidBody: the first part is kept, then the read rejects with the reason", async () => {
    await using world = await World.start({
      script: ["readRequest", { reply: `${OK}${CHUNKED}5\r\nHello\r\n` }, "stall"],
    });
    const abort = new AbortController();
    const { signal } = abort;
    const reader = readerOf(await clientOf(world.transport()).get(world.server.url(), { signal }));
    assert.equal(await read(reader), "Hello");
    const reason = new Error("enough");
    const next = rejection(reader.read());
    abort.abort(reason);
    assert.equal(await next, reason);
  });

  test("Go TestH12_AutoGzip, TestH12_AutoGzip_Disabled: gzip is asked for unless decompress is off", async () => {
    await using world = await answering(`${OK}Content-Length: 2\r\n\r\nok`);
    const client = clientOf(world.transport());
    for (const decompress of [true, false]) await client.get(world.server.url(), { decompress }).text();
    const [on, off] = world.requests.map((request) => request.header("accept-encoding"));
    assert.match(on ?? "", /\bgzip\b/);
    assert.equal(off, undefined);
  });

  test("Go TestH12_AutoGzipWithDumpResponse: the body is decoded; nothing in the response says close", async () => {
    const headers = { "Content-Encoding": "gzip" };
    await using world = await World.start({
      script: ["readRequest", { replyOk: gzipSync("FOO bar"), headers }, "stall"],
    });
    const response = await clientOf(world.transport()).get(world.server.url());
    assert.equal(await response.text(), "FOO bar");
    const fields = ["connection", "content-encoding", "content-length"];
    const length = String(gzipSync("FOO bar").length);
    assert.deepEqual(
      fields.map((field) => response.headers.get(field)),
      [null, "gzip", length],
    );
  });

  test("Go TestEarlyHintsRequest: each 103 is reported, with its fields and no length, then the 200 comes", async () => {
    const hints = ["</style.css>; rel=preload; as=style", "</script.js>; rel=preload; as=script"];
    await using world = await answering(
      `${hints.map((link) => `HTTP/1.1 103 Early Hints\r\nLink: ${link}\r\n\r\n`).join("")}${OK}Content-Length: 5\r\n\r\nHello`,
    );
    const seen: unknown[] = [];
    const response = await clientOf(world.transport()).get(world.server.url(), {
      onInformational: (status, headers) => seen.push([status, ...headers]),
    });
    assert.equal(await response.text(), "Hello");
    assert.deepEqual(
      seen,
      hints.map((link) => [103, ["link", link]]),
    );
  });
});

describe("trailers", () => {
  test("Go TestTrailersClientToServer: are declared in the head, and take values set while the body is sent", async () => {
    await using world = await answering(`${OK}Content-Length: 2\r\n\r\nok`);
    let sent = "";
    async function* body(): AsyncGenerator<Uint8Array> {
      for (const part of ["foo", "bar"]) {
        yield Buffer.from(part);
        sent += part;
      }
    }
    await clientOf(world.transport())
      .post(world.server.url(), {
        body: body(),
        headers: { Trailer: "Client-Trailer-A, Client-Trailer-B" },
        trailers: () => ({ "Client-Trailer-A": sent, "Client-Trailer-B": "valueb" }),
      })
      .text();
    const [request] = world.requests;
    assert.equal(request?.header("trailer"), "Client-Trailer-A, Client-Trailer-B");
    assert.equal(request?.body.toString(), "foobar");
    assert.deepEqual(request?.trailers, ["Client-Trailer-A", "foobar", "Client-Trailer-B", "valueb"]);
  });

  for (const [name, declared] of [
    ["TestTrailersServerToClient, TestTrailersServerToClientFlush", "Trailer: Server-Trailer-A\r\n"],
    ["TestServerUndeclaredTrailers", ""],
  ] as const) {
    test(`Go ${name}: are there once the body has ended, and not before`, async () => {
      await using world = await World.start();
      const gate = world.server.gate();
      world.server.script(async (connection) => {
        await connection.readRequest();
        await connection.reply(`${OK}${declared}${CHUNKED}5\r\nHello\r\n`);
        await gate.promise;
        await connection.reply("0\r\nServer-Trailer-A: valuea\r\n\r\n");
        await connection.stall();
      });
      const response = await clientOf(world.transport()).get(world.server.url());
      let trailers: Headers | undefined;
      const known = response.trailers.then((fields) => {
        trailers = fields;
      });
      const reader = readerOf(response);
      assert.equal(await read(reader), "Hello");
      await turns(3);
      assert.equal(trailers, undefined);
      gate.open();
      assert.equal((await reader.read()).done, true);
      await known;
      assert.deepEqual([...(trailers ?? [])], [["server-trailer-a", "valuea"]]);
    });
  }
});

describe("requests", () => {
  for (const [name, body, length, coding] of [
    ["TestH12_RequestContentLength_Known_NonZero", () => "FOUR", "4", undefined],
    ["TestH12_RequestContentLength_Known_Zero", () => undefined, undefined, undefined],
    ["TestH12_RequestContentLength_Unknown", () => new Blob(["X"]).stream(), undefined, "chunked"],
  ] as const) {
    test(`Go ${name}: the server sees the length that is known`, async () => {
      await using world = await answering(`${OK}Content-Length: 0\r\n\r\n`);
      const source = body();
      const init = source === undefined ? {} : { method: "POST", body: source };
      await clientOf(world.transport()).fetch(world.server.url(), init);
      const [request] = world.requests;
      assert.deepEqual(
        [request?.header("content-length"), request?.header("transfer-encoding")],
        [length, coding],
      );
    });
  }

  for (const [why, values, agent] of [
    ["by default", [], "trunkline"],
    ["custom", ["foo/1.2.3"], "foo/1.2.3"],
    ["more than one, so the first is sent", ["a", "b"], "a"],
    ["empty, so none is sent", [""], undefined],
  ] as const) {
    test(`Go TestTransportUserAgent: ${why}`, async () => {
      await using world = await answering(`${OK}Content-Length: 0\r\n\r\n`);
      const headers = values.map((value): [string, string] => ["User-Agent", value]);
      await clientOf(world.transport()).get(world.server.url(), { headers });
      assert.equal(world.requests[0]?.header("user-agent"), agent);
    });
  }

  for (const [field, value, sent] of [
    ["Foo", "capital-key", "capital-key"],
    ["foo", "", ""],
    ["foo", "caf\u00e9", "caf\u00e9"],
    ["foo", "foo\u0000bar", undefined],
    ["foo", "foo\nbar", undefined],
    ["foo", "foo\u0001bar", undefined],
    ["foo", "\u20ac", undefined],
    ["foo bar", "x", undefined],
    ["foo:", "x", undefined],
    ["\u0444\u043e", "x", undefined],
    ["", "x", undefined],
    ["Transfer-Encoding", "identity", undefined], // TestIdentityTransferEncoding, of requests
  ] as const) {
    const verdict = sent === undefined ? "is refused, and nothing is dialed" : "is sent";
    test(`Go TestTransportRejectsInvalidHeaders: ${JSON.stringify([field, value])} ${verdict}`, async () => {
      await using world = await answering(`${OK}Content-Length: 0\r\n\r\n`);
      const transport = world.transport();
      const call = clientOf(transport).get(world.server.url(), { headers: [[field, value]] });
      if (sent !== undefined) {
        await call;
        assert.equal(world.requests[0]?.header(field), sent);
      } else {
        assert.ok((await rejection(call)) instanceof TypeError);
        assert.deepEqual(transport.connections(), []);
      }
    });
  }

  test("Go TestConnectRequest: CONNECT asks for the URL's authority, or for that of the Host field", async () => {
    const heads: WireHead[] = [];
    await using world = await World.start({
      script: async (connection) => {
        heads.push(await connection.readHead());
        await connection.reply("HTTP/1.1 200 OK\r\n\r\n");
        await connection.stall();
      },
    });
    const client = clientOf(world.transport());
    for (const headers of [{}, { Host: "example.test:123" }]) {
      const response = await client.fetch(world.server.url(), { method: "CONNECT", headers });
      response.upgraded?.destroy();
    }
    const own = `127.0.0.1:${world.server.port}`;
    assert.deepEqual(
      heads.map((head) => [head.target, head.header("host")]),
      [
        [own, own],
        ["example.test:123", "example.test:123"],
      ],
    );
  });

  test("Go TestConcurrentReadWriteReqBody, TestBidiStreamReverseProxy: both bodies flow at once, through a proxy of ours too", async () => {
    const words = ["one", "two", "three"];
    await using world = await World.start({
      script: async (connection) => {
        await connection.readHead();
        await connection.reply(`${OK}${CHUNKED}`);
        for (const word of words) {
          await connection.expect(`${word.length.toString(16)}\r\n${word}\r\n`);
          await connection.reply(`${word.length}\r\n${word}\r\n`);
        }
        await connection.expect("0\r\n\r\n");
        await connection.reply("0\r\n\r\n");
        await connection.stall();
      },
    });
    const client = clientOf(world.transport());
    const gates = words.map(() => world.server.gate());
    async function* body(): AsyncGenerator<Uint8Array> {
      for (const [i, word] of words.entries()) {
        yield Buffer.from(word);
        await gates[i]?.promise; // opened by the echo of the word
      }
    }
    const incoming = new Request("http://front.test/", { method: "POST", body: body(), duplex: "half" });
    const response = await client.post(world.server.url(), { body: incoming.body });
    const reader = readerOf(response);
    for (const [i, word] of words.entries()) {
      assert.equal(await read(reader), word);
      gates[i]?.open();
    }
    assert.equal((await reader.read()).done, true);
  });
});

describe("connections that end, and what they leave", () => {
  for (const [name, scheme] of [
    ["TestTransportIssue10457", "http"],
    ["TestTLSServerClosesConnection", "https"],
  ] as const) {
    test(`Go ${name}: keep-alive is promised and the connection ends at once: the body is whole, the next call dials`, async () => {
      const authority = createAuthority();
      const { key, cert } = authority.issue({ names: ["127.0.0.1"] });
      const [body, headers] = ["x".repeat(100_000), { Connection: "keep-alive" }];
      await using world = await World.start({
        script: ["readRequest", { replyOk: body, headers }, "end"],
        ...(scheme === "https" ? { tls: { key, cert } } : {}),
      });
      const transport = world.transport({ tls: { ca: authority.cert } });
      for (let i = 1; i <= 3; i += 1) {
        assert.equal(await fetched(transport, world.server.url()), body);
        assert.equal((await closedOnes(transport, i)).at(-1)?.closed?.by, "server");
      }
      const { opened, idle, active } = transport.snapshot().totals;
      assert.deepEqual([opened, idle, active], [3, 0, 0]);
    });
  }

  test("Go TestTransportPersistConnLeakNeverIdle: connections that end unanswered are all closed", async () => {
    await using world = await World.start({ script: ["readRequest", "end"] });
    const transport = world.transport();
    const calls = Array.from({ length: 20 }, () => rejection(fetched(transport, world.server.url())));
    for (const error of await Promise.all(calls)) assert.equal(error["responseStarted"], false);
    await closedOnes(transport, 20);
    await world.server.waitForOpen(0);
    const { opened, closed, dialing, active, idle, waiting } = transport.snapshot().totals;
    assert.deepEqual([opened - closed, dialing, active, idle, waiting], [0, 0, 0, 0, 0]);
  });

  for (const [name, limit] of [
    ["TestTransportGCRequest", undefined],
    ["TestTransportPersistConnContextLeakMaxConnsPerHost", 1],
  ] as const) {
    test(`Go ${name}: a finished call's request and signal can be collected while the connection lives`, async () => {
      await using world = await World.start();
      const transport = world.transport(limit === undefined ? {} : { maxConnectionsPerOrigin: limit });
      const client = clientOf(transport);
      const left: WeakRef<object>[] = [];
      const call = async (): Promise<void> => {
        const { signal } = new AbortController();
        const request = new Request(world.server.url(), { method: "POST", body: "Some body", signal });
        left.push(new WeakRef(request), new WeakRef(signal));
        await (await client.do(request)).text();
      };
      await Promise.all(Array.from({ length: 10 }, call));
      assert.ok(transport.snapshot().totals.idle > 0);
      await until(() => {
        collectGarbage();
        return left.every((one) => one.deref() === undefined);
      }, "the requests and signals to be collected");
    });
  }
});
