import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import { createConnection } from "node:net";
import { describe, test } from "node:test";
import { selfSigned } from "./certificates.js";
import { answerEachStream, type Http2Script, http2Script } from "./http2-script.js";
import type { Http2WireConnection, Http2WireOptions } from "./http2-wire.js";
import { WireServer } from "./wire-server.js";

// The client here is Node's own (nghttp2), so that both halves of what is read and written are another's.

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly trailers: IncomingHttpHeaders;
}

async function ask(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  body?: string | Buffer,
): Promise<Answer> {
  const stream = session.request(headers);
  stream.end(body);
  let trailers: IncomingHttpHeaders = {};
  stream.on("trailers", (fields: IncomingHttpHeaders) => {
    trailers = fields;
  });
  const [response] = (await once(stream, "response")) as [IncomingHttpHeaders];
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return { headers: response, body: Buffer.concat(chunks).toString(), trailers };
}

async function serve(
  script: Http2Script,
  use: (session: ClientHttp2Session, server: WireServer) => Promise<void>,
  options: Http2WireOptions = {},
): Promise<void> {
  await using server = await WireServer.start({ script: http2Script(script, options) });
  const session = connect(server.origin);
  session.on("error", () => {});
  try {
    await use(session, server);
  } finally {
    session.destroy();
  }
}

describe("http2Script", () => {
  test("answerEachStream: answers many requests at once on one connection", async () => {
    await serve(answerEachStream, async (session, server) => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => ask(session, { ":path": `/${i}` })),
      );
      assert.deepEqual(
        answers.map(({ body }) => body),
        Array.from({ length: 20 }, () => "ok"),
      );
      assert.deepEqual([server.connections, server.requests], [1, 20]);
    });
  });

  test("readRequest: has the fields, the body and the trailers, however large", async () => {
    const body = Buffer.alloc(200_000, "x");
    const script: Http2Script = async (connection) => {
      const request = await connection.readRequest();
      const { method, path, scheme } = request;
      await connection.reply(request, {
        status: 201,
        headers: [
          "x-seen",
          `${method} ${path} ${scheme} ${request.header("x-a")} ${request.body.length}`,
          "x-b",
          "1",
          "x-b",
          "2",
        ],
        body: "y".repeat(40_000),
        trailers: { "x-sum": "7" },
      });
      await connection.stall();
    };
    await serve(script, async (session) => {
      const answer = await ask(
        session,
        { ":path": "/p", ":method": "POST", "x-a": "é".slice(0, 0) || "b" },
        body,
      );
      assert.equal(answer.headers[":status"], 201);
      assert.equal(answer.headers["x-seen"], "POST /p http b 200000");
      assert.equal(answer.headers["x-b"], "1, 2");
      assert.equal(answer.body.length, 40_000);
      assert.equal(answer.trailers["x-sum"], "7");
    });
  });

  test("steps: frames as data, a head split, padding, 1xx, a gate", async () => {
    await using server = await WireServer.start();
    const gate = server.gate();
    server.script(
      http2Script([
        "readHead",
        { sendFor: ({ stream }) => [{ type: "HEADERS", stream, status: 103, headers: { link: "<a>" } }] },
        {
          sendFor: ({ stream }) => [
            { type: "HEADERS", stream, status: 200, headers: { "x-long": "v".repeat(99) }, split: 40 },
          ],
        },
        { wait: gate },
        { sendFor: ({ stream }) => [{ type: "DATA", stream, data: "padded", padding: 9, endStream: true }] },
        "stall",
      ]),
    );
    const session = connect(server.origin);
    const answer = ask(session, { ":path": "/" });
    await server.waitForRequests(1);
    gate.open();
    const { headers, body } = await answer;
    assert.deepEqual([headers["x-long"]?.length, body], [99, "padded"]);
    session.destroy();
  });

  test("frame, until: wait for what the client sends; send: any frame, right or wrong", async () => {
    let seen: Http2WireConnection | undefined;
    const script: Http2Script = async (connection) => {
      seen = connection;
      await connection.frame(({ type, ack }) => type === "SETTINGS" && ack === true, "the acknowledgement");
      await connection.send({ type: "PING", data: "abcdefgh" });
      const pong = await connection.frame(({ type, ack }) => type === "PING" && ack === true);
      assert.equal(pong.data?.toString(), "abcdefgh");
      await connection.send(
        { type: 0x42, flags: 0xff, payload: "anything" },
        { type: "RST_STREAM", stream: 0 },
      );
      const end = await connection.frame(({ type }) => type === "GOAWAY");
      assert.equal(end.code, 1);
    };
    await serve(
      script,
      async (session) => {
        await new Promise((resolve) => session.once("close", resolve));
        assert.deepEqual(seen?.frames[0]?.type, "SETTINGS");
      },
      { settings: { maxConcurrentStreams: 7 } },
    );
  });

  test("settings: are what the client gets; PING and SETTINGS are answered", async () => {
    await serve(
      answerEachStream,
      async (session) => {
        const [settings] = (await once(session, "remoteSettings")) as [
          { maxConcurrentStreams: number; maxFrameSize: number },
        ];
        assert.deepEqual([settings.maxConcurrentStreams, settings.maxFrameSize], [7, 20_000]);
        await new Promise<void>((resolve, reject) =>
          session.ping((error) => (error ? reject(error) : resolve())),
        );
      },
      { settings: { maxConcurrentStreams: 7, maxFrameSize: 20_000 } },
    );
  });

  test("over TLS the server needs ALPN alone", async () => {
    const { key, cert } = selfSigned({ names: ["127.0.0.1"] });
    await using server = await WireServer.start({
      script: http2Script(answerEachStream),
      tls: { key, cert, ALPNProtocols: ["h2"] },
    });
    const session = connect(server.origin, { rejectUnauthorized: false });
    assert.equal((await ask(session, { ":path": "/" })).body, "ok");
    session.destroy();
  });

  test("a client that speaks no HTTP/2 is a failure of the script", async () => {
    const server = await WireServer.start({ script: http2Script(answerEachStream) });
    const socket = createConnection(server.port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(socket.resume(), "close");
    await assert.rejects(server.close(), /began with "GET \/ HTTP\/1\.1.* instead of HTTP\/2's preface/s);
  });
});
