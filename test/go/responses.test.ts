import assert from "node:assert/strict";
import { test } from "node:test";
import { NetworkError } from "../../src/index.js";
import { clientOf, rejection, turn, until, World } from "../transport/support.js";

// Ported by meaning: response_test.go, transfer_test.go, internal/chunked_test.go. docs/go-tests.md has the table.

interface Row {
  readonly name: string;
  readonly method?: string;
  /** What the server sends before it closes. */
  readonly raw: string;
  readonly status: number;
  readonly statusText?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body: string;
  /** Whether the connection is kept (the server closes only after looking). */
  readonly kept: boolean;
}

const READ_RESPONSE: readonly Row[] = [
  {
    name: "HTTP/1.0 without a length, with Connection: close",
    raw: "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nBody here\n",
    status: 200,
    body: "Body here\n",
    kept: false,
  },
  {
    name: "HTTP/1.1 without a length or close",
    raw: "HTTP/1.1 200 OK\r\n\r\nBody here\n",
    status: 200,
    body: "Body here\n",
    kept: false,
  },
  {
    name: "204 has no body",
    raw: "HTTP/1.1 204 No Content\r\n\r\n",
    status: 204,
    statusText: "No Content",
    body: "",
    kept: true,
  },
  {
    name: "304 with a length has no body",
    raw: "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n",
    status: 304,
    body: "",
    kept: true,
  },
  {
    name: "HTTP/1.0 with a length",
    raw: "HTTP/1.0 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nBody here\n",
    status: 200,
    headers: { "content-length": "10" },
    body: "Body here\n",
    kept: false,
  },
  {
    name: "chunked",
    raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0a\r\nBody here\n\r\n09\r\ncontinued\r\n0\r\n\r\n",
    status: 200,
    body: "Body here\ncontinued",
    kept: true,
  },
  {
    name: "chunked with an empty trailer section and odd case of the coding",
    raw: "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    status: 200,
    body: "abc",
    kept: true,
  },
  {
    name: "chunked in answer to HEAD",
    method: "HEAD",
    raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    status: 200,
    body: "",
    kept: true,
  },
  {
    name: "a length in answer to HEAD, HTTP/1.0",
    method: "HEAD",
    raw: "HTTP/1.0 200 OK\r\nContent-Length: 256\r\n\r\n",
    status: 200,
    headers: { "content-length": "256" },
    body: "",
    kept: false,
  },
  {
    name: "a length in answer to HEAD, HTTP/1.1",
    method: "HEAD",
    raw: "HTTP/1.1 200 OK\r\nContent-Length: 256\r\n\r\n",
    status: 200,
    headers: { "content-length": "256" },
    body: "",
    kept: true,
  },
  {
    name: "no length in answer to HEAD",
    method: "HEAD",
    raw: "HTTP/1.0 200 OK\r\n\r\n",
    status: 200,
    body: "",
    kept: false,
  },
  {
    name: "an explicit length of 0",
    raw: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    status: 200,
    headers: { "content-length": "0" },
    body: "",
    kept: true,
  },
  {
    name: "a status line without a phrase, with the space",
    raw: "HTTP/1.0 303 \r\n\r\n",
    status: 303,
    statusText: "",
    body: "",
    kept: false,
  },
  {
    name: "a status line without a phrase and without the space",
    raw: "HTTP/1.0 303\r\n\r\n",
    status: 303,
    statusText: "",
    body: "",
    kept: false,
  },
  {
    name: "Connection: close among others",
    raw: "HTTP/1.1 206 Partial Content\r\nConnection: foo, close, bar\r\nContent-Length: 7\r\n\r\npartial",
    status: 206,
    body: "partial",
    kept: false,
  },
  {
    name: "a multipart type without its boundary",
    raw: "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=foo\r\nConnection: close\r\n\r\nBody here\n",
    status: 200,
    headers: { "content-type": "multipart/x-mixed-replace;boundary=foo" },
    body: "Body here\n",
    kept: false,
  },
  {
    name: "the same length twice",
    raw: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    status: 200,
    body: "abc",
    kept: true,
  },
  {
    name: "a field twice, joined in order",
    raw: "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 0\r\nx-a: 2\r\n\r\n",
    status: 200,
    headers: { "x-a": "1, 2" },
    body: "",
    kept: true,
  },
  {
    name: "an unknown three-digit status",
    raw: "HTTP/1.1 999 Beyond\r\nContent-Length: 0\r\n\r\n",
    status: 999,
    statusText: "Beyond",
    body: "",
    kept: true,
  },
];

for (const row of READ_RESPONSE) {
  test(`Go TestReadResponse: ${row.name}`, async () => {
    await using world = await World.start();
    const gate = world.server.gate();
    const untilClose = !row.kept && !/content-length/i.test(row.raw) && row.method !== "HEAD";
    world.server.script(["readRequest", { reply: row.raw }, ...(untilClose ? [] : [{ wait: gate }]), "end"]);
    const transport = world.transport();
    const response = await clientOf(transport).fetch(world.server.url(), { method: row.method ?? "GET" });
    assert.equal(response.status, row.status);
    if (row.statusText !== undefined) assert.equal(response.statusText, row.statusText);
    for (const [name, value] of Object.entries(row.headers ?? {}))
      assert.equal(response.headers.get(name), value);
    assert.equal(await response.text(), row.body);
    assert.equal(transport.snapshot().totals.idle, row.kept ? 1 : 0);
    gate.open();
  });
}

const ERRORS: readonly (readonly [string, string, string?])[] = [
  ["TestReadResponseErrors: a phrase in place of the status", "HTTP/1.1 Foo OK\r\n\r\n"],
  ["TestReadResponseErrors: a status of two digits", "HTTP/1.1 20 Unknown\r\n\r\n"],
  ["TestReadResponseErrors: a status of four digits", "HTTP/1.1 2000 Unknown\r\n\r\n"],
  ["TestReadResponseErrors: a negative status", "HTTP/1.1 -20 Unknown\r\n\r\n"],
  ["TestReadResponseErrors: a status of letters", "HTTP/1.1 abc Unknown\r\n\r\n"],
  ["TestReadResponseErrors: no version number", "HTTP/A.B 200 OK\r\n\r\n"],
  ["TestReadResponseErrors: another protocol", "HTTQ/1.1 200 OK\r\n\r\n"],
  ["TestReadResponseErrors: HTTP/1", "HTTP/1 200 OK\r\n\r\n"],
  ["TestReadResponseErrors: nothing but a version", "HTTP/1.1\r\n\r\n"],
  [
    "TestReadResponseErrors: two different lengths",
    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 7\r\n\r\nGopher hey\r\n",
  ],
  [
    "TestReadResponseErrors: two different lengths, 204",
    "HTTP/1.1 204 OK\r\nContent-Length: 7\r\nContent-Length: 8\r\n\r\n",
  ],
  [
    "TestReadResponseErrors: two different lengths, 304",
    "HTTP/1.1 304 OK\r\nContent-Length: 7\r\nContent-Length: 8\r\n\r\n",
  ],
  ["TestReadResponseErrors: an empty length", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nGopher hey\r\n"],
  [
    "TestReadResponseErrors: an indented first field",
    "HTTP/1.1 200 OK\r\n  Content-Type: a\r\nContent-Length: 0\r\n\r\n",
  ],
  ["TestReadResponseErrors: a field without a colon", "HTTP/1.1 200 OK\r\nNo colon here\r\n\r\n"],
  ["TestReadResponseErrors: an empty field name", "HTTP/1.1 200 OK\r\n: value\r\n\r\n"],
  ["TestParseContentLength: a plus sign", "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc"],
  ["TestParseContentLength: a minus sign", "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc"],
  [
    "TestParseContentLength: more than can be counted",
    "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\nabc",
  ],
  ["TestParseTransferEncoding: an unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: fugazi\r\n\r\n"],
  [
    "TestParseTransferEncoding: chunked twice",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
  ],
  [
    "TestParseTransferEncoding: identity and chunked",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
  ],
  ["TestParseTransferEncoding: an empty value", "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n"],
  [
    "TestParseTransferEncoding: a vertical tab before chunked",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n",
  ],
  [
    "TestReadResponse, as ruled here: a coding and a length together",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 10\r\n\r\n0\r\n\r\n",
  ],
];

for (const [name, raw] of ERRORS) {
  test(`Go ${name} is an error of phase headers`, async () => {
    await using world = await World.start({ script: ["readRequest", { reply: raw }, "end"] });
    const error = await rejection(clientOf(world.transport()).get(world.server.url()).text());
    assert.ok(error instanceof NetworkError);
    assert.equal(error.phase, "headers");
  });
}

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

const CHUNK_ERRORS: readonly (readonly [string, string])[] = [
  ["TestChunkInvalidInputs: a bare LF after the size", "1\na\r\n0\r\n\r\n"],
  ["TestChunkInvalidInputs: an extra CR after the size", "1\r\r\na\r\n0\r\n\r\n"],
  ["TestChunkInvalidInputs: a bare LF after the data", "1\r\na\n0\r\n\r\n"],
  ["TestChunkInvalidInputs: a bare LF in an extension", "1;e=x\na\r\n0\r\n\r\n"],
  ["TestChunkInvalidInputs: too much data", "1\r\nabc\r\n0\r\n\r\n"],
  ["TestChunkInvalidInputs: a bare LF at the last chunk", "1\r\na\r\n0\n\r\n"],
  ["TestParseHexUint: a size that is no number", "g\r\na\r\n0\r\n\r\n"],
  ["TestParseHexUint: a size with a sign", "+1\r\na\r\n0\r\n\r\n"],
  ["TestParseHexUint: a size with a prefix", "0x1\r\na\r\n0\r\n\r\n"],
  ["TestParseHexUint: a size beyond 64 bits", "10000000000000000\r\na\r\n0\r\n\r\n"],
  ["TestParseHexUint: an empty size", "\r\na\r\n0\r\n\r\n"],
  ["TestBodyReadBadTrailer: a trailer that is no field", "1\r\na\r\n0\r\nbad trailer\r\n\r\n"],
  ["TestBodyReadBadTrailer: the end without the final line", "1\r\na\r\n0\r\n"],
];

for (const [name, raw] of CHUNK_ERRORS) {
  test(`Go ${name} is an error of phase body`, async () => {
    await using world = await World.start({ script: ["readRequest", { reply: CHUNKED + raw }, "end"] });
    const response = await clientOf(world.transport()).get(world.server.url());
    const error = await rejection(response.text());
    assert.ok(error instanceof NetworkError);
    assert.equal(error.phase, "body");
  });
}

test("Go TestIncompleteChunk, TestChunkEndReadError: cut anywhere, a chunked body is an error", async () => {
  const whole = "4\r\nabcd\r\n5\r\nabc\r\n\r\n0\r\n\r\n";
  await using world = await World.start();
  const client = clientOf(world.transport());
  for (let cut = 0; cut < whole.length; cut += 1) {
    world.server.script(["readRequest", { reply: CHUNKED + whole.slice(0, cut) }, "end"]);
    const error = await rejection(client.get(world.server.url()).text());
    assert.equal(error["code"], "ERR_TRUNKLINE_RESPONSE_CUT", `cut at ${cut}`);
  }
  world.server.script(["readRequest", { reply: CHUNKED + whole }, "end"]);
  assert.equal(await client.get(world.server.url()).text(), "abcdabc\r\n");
});

test("Go TestResponseContentLengthShortBody: fewer bytes than announced are an error after what came", async () => {
  await using world = await World.start({
    script: ["readRequest", { reply: "HTTP/1.1 200 OK\r\nContent-Length: 123\r\n\r\nshort" }, "end"],
  });
  const response = await clientOf(world.transport()).get(world.server.url());
  const iterator = response[Symbol.asyncIterator]();
  assert.equal(Buffer.from((await iterator.next()).value as Uint8Array).toString(), "short");
  assert.equal((await rejection(iterator.next()))["code"], "ERR_TRUNKLINE_RESPONSE_CUT");
});

test("Go TestReadResponseCloseInMiddle: closing part-way gives the next response on the connection its own bytes", async () => {
  for (const chunked of [true, false]) {
    const body = "b".repeat(100_000);
    const first = chunked
      ? `${CHUNKED}${(50_000).toString(16)}\r\n${body.slice(50_000)}\r\n${(50_000).toString(16)}\r\n${body.slice(50_000)}\r\n0\r\n\r\n`
      : `HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${body}`;
    await using world = await World.start();
    world.server.script(["readRequest", { reply: first }, "readRequest", { replyOk: "next" }, "stall"]);
    const client = clientOf(world.stepped());
    const response = await client.get(world.server.url());
    for await (const _ of response) break;
    assert.equal(await client.get(world.server.url()).text(), "next");
    assert.equal(world.server.connections, 1);
  }
});

test("Go TestFinalChunkedBodyReadEOF: the end is known together with the last data", async () => {
  await using world = await World.start({
    script: [
      { repeat: ["readRequest", { reply: `${CHUNKED}0a\r\nBody here\n\r\n09\r\ncontinued\r\n0\r\n\r\n` }] },
    ],
  });
  const transport = world.transport();
  const response = await clientOf(transport).get(world.server.url());
  assert.equal(transport.snapshot().totals.idle, 1); // before anything of the body was asked for
  assert.equal(await response.text(), "Body here\ncontinued");
});

test("Go TestChunk: what is written chunked has this form", async () => {
  await using world = await World.start();
  let raw = "";
  world.server.script(async (connection) => {
    const head = await connection.readHead();
    raw = (await connection.readBody(head)).raw.toString();
    await connection.replyOk("ok");
    await connection.stall();
  });
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("hello, ");
    yield Buffer.from("world! 0123456789abcdef");
  }
  await clientOf(world.transport()).post(world.server.url(), { body: body() }).text();
  assert.equal(raw, "7\r\nhello, \r\n17\r\nworld! 0123456789abcdef\r\n0\r\n\r\n");
});

test("Go TestChunkReadMultiple, TestChunkReaderByteAtATime: chunks that come a byte at a time, or many at once", async () => {
  const body = "5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n";
  await using world = await World.start();
  world.server.script(async (connection) => {
    for await (const request of connection.eachRequest()) {
      if (request.target === "/drip") await connection.drip(CHUNKED + body);
      else await connection.reply(CHUNKED + body);
    }
  });
  const client = clientOf(world.transport());
  for (const path of ["/drip", "/whole", "/drip"]) {
    assert.equal(await client.get(world.server.url(path)).text(), "hello world");
  }
});

test("Go TestChunkReadingIgnoresExtensions: extensions mean nothing", async () => {
  await using world = await World.start({
    script: [
      "readRequest",
      {
        reply: `${CHUNKED}7;ext="some quoted string"\r\nhello, \r\n17;someext\r\nworld! 0123456789abcdef\r\n0;someextension=sometoken\r\n\r\n`,
      },
      "stall",
    ],
  });
  assert.equal(
    await clientOf(world.transport()).get(world.server.url()).text(),
    "hello, world! 0123456789abcdef",
  );
});

test("Go TestChunkReadPartial: data that is there is given without waiting for more, and what is wrong after it is an error then", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  world.server.script(async (connection) => {
    await connection.readRequest();
    await connection.reply(`${CHUNKED}7\r\n1234567`);
    await gate.promise;
    await connection.reply("xx");
    await connection.stall();
  });
  const response = await clientOf(world.transport()).get(world.server.url());
  const iterator = response[Symbol.asyncIterator]();
  assert.equal(Buffer.from((await iterator.next()).value as Uint8Array).toString(), "1234567");
  gate.open();
  assert.equal((await rejection(iterator.next()))["phase"], "body");
});

test("Go TestChunkReaderTooMuchOverhead: extensions without end are an error", async () => {
  await using world = await World.start();
  let sent = 0;
  world.server.script(async (connection) => {
    await connection.readRequest();
    await connection.reply(CHUNKED);
    for (; sent < 100_000 && connection.socket.writable; sent += 1) {
      await connection.reply(`1;${"x".repeat(200)}\r\na\r\n`).catch(() => undefined);
      if (sent % 50 === 0) await turn();
    }
  });
  const transport = world.transport();
  const response = await clientOf(transport).get(world.server.url());
  const error = await rejection(response.text());
  assert.equal(error["phase"], "body");
  await until(() => transport.connections()[0]?.closed?.reason === "limit-exceeded", "the close");
  assert.ok(sent < 100_000);
});
