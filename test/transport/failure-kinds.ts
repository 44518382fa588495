import { createServer, type Server } from "node:net";
import type { TransportOptions } from "../../src/index.js";
import { createAuthority, type WireServer } from "../../src/testing/index.js";
import type { World } from "./support.js";

const authority = createAuthority();
const other = createAuthority();
const tlsOf = (names: string[], by = authority): { key: string; cert: string } => {
  const { key, cert } = by.issue({ names });
  return { key, cert };
};

/** A way for a request to fail, with what must be told of it. */
export interface FailureKind {
  readonly name: string;
  readonly phase: string;
  readonly code: RegExp;
  readonly message: RegExp;
  /** The reason of the close; undefined where no connection came to be. */
  readonly reason?: string;
  readonly options?: TransportOptions;
  /** Prepares the server and gives the URL to fail on. */
  url(world: World): Promise<string>;
}

const scripted =
  (script: Parameters<WireServer["script"]>[0]) =>
  async (world: World): Promise<string> => {
    world.server.script(script);
    return world.server.url();
  };

async function tlsServer(world: World, tls: { key: string; cert: string }): Promise<string> {
  return (await world.another({ tls })).url();
}

const refusedServer = async (): Promise<string> => {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/`;
};

const reply = (text: string): FailureKind["url"] => scripted(["readRequest", { reply: text }, "end"]);

export const FAILURE_KINDS: readonly FailureKind[] = [
  {
    name: "refused",
    phase: "connect",
    code: /REFUSED/,
    message: /refused/i,
    reason: "dial-failed",
    url: refusedServer,
  },
  {
    name: "unresolvable",
    phase: "dns",
    code: /DNS/,
    message: /nowhere\.test/,
    reason: "dial-failed",
    options: {
      lookup: (_host, _options, callback) =>
        callback(Object.assign(new Error("getaddrinfo ENOTFOUND nowhere.test"), { code: "ENOTFOUND" }), []),
    },
    url: async () => "http://nowhere.test/",
  },
  {
    name: "black-holed",
    phase: "connect",
    code: /TIMEOUT/,
    message: /connectTimeout of 30 ms|30 ms/,
    reason: "dial-failed",
    options: { connectTimeout: 30, dial: () => new Promise(() => undefined) },
    url: async () => "http://silent.test/",
  },
  {
    name: "an address that is not allowed",
    phase: "connect",
    code: /NOT_ALLOWED/,
    message: /127\.0\.0\.1/,
    reason: "dial-failed",
    options: { allowAddress: "public" },
    url: async (world) => world.server.url(),
  },
  {
    name: "TLS: a certificate for another name",
    phase: "tls",
    code: /TLS/,
    message: /elsewhere\.test/,
    reason: "dial-failed",
    options: { tls: { ca: authority.cert } },
    url: (world) => tlsServer(world, tlsOf(["elsewhere.test"])),
  },
  {
    name: "TLS: an authority that is not trusted",
    phase: "tls",
    code: /TLS/,
    message: /trust|issuer|authority|self-signed|ca/i,
    reason: "dial-failed",
    options: { tls: { ca: authority.cert } },
    url: (world) => tlsServer(world, tlsOf(["127.0.0.1"], other)),
  },
  {
    name: "https to an HTTP port",
    phase: "tls",
    code: /TLS/,
    message: /http:/,
    reason: "dial-failed",
    url: async (world) => {
      world.server.script([{ reply: "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" }, "end"]);
      return world.server.url().replace("http:", "https:");
    },
  },
  {
    name: "http to an HTTPS port",
    phase: "headers",
    code: /ERR_TRUNKLINE/,
    message: /https|TLS|without answering|ended the connection/i,
    url: async (world) => (await tlsServer(world, tlsOf(["127.0.0.1"]))).replace("https:", "http:"),
  },
  {
    name: "reset before the answer",
    phase: "headers",
    code: /RESET/,
    message: /ECONNRESET/,
    reason: "reset",
    url: scripted(["readRequest", "reset"]),
  },
  {
    name: "closed unanswered",
    phase: "headers",
    code: /SERVER_CLOSED/,
    message: /without answering/,
    reason: "server-closed-unanswered",
    url: scripted(["readRequest", "end"]),
  },
  {
    name: "garbage",
    phase: "headers",
    code: /STATUS_LINE/,
    message: /failed: the response was refused: the response "SSH.*[^.]$/,
    reason: "protocol-error",
    url: reply("SSH-2.0-x\r\n\r\n"),
  },
  {
    name: "HTTP/0.9",
    phase: "headers",
    code: /ERR_TRUNKLINE/,
    message: /html/,
    reason: "protocol-error",
    url: reply("<html>hello</html>"),
  },
  {
    name: "two lengths",
    phase: "headers",
    code: /ERR_TRUNKLINE/,
    message: /Content-Length/i,
    reason: "protocol-error",
    url: reply("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
  },
  {
    name: "length and coding",
    phase: "headers",
    code: /ERR_TRUNKLINE/,
    message: /Transfer-Encoding/i,
    reason: "protocol-error",
    url: reply("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
  },
  {
    name: "a head that is too large",
    phase: "headers",
    code: /ERR_TRUNKLINE/,
    message: /maxHeaderBytes|bytes/,
    reason: "limit-exceeded",
    options: { maxHeaderBytes: 200 },
    url: reply(`HTTP/1.1 200 OK\r\nX: ${"a".repeat(300)}\r\n\r\n`),
  },
  {
    name: "a head that is cut",
    phase: "headers",
    code: /CUT/,
    message: /head/,
    reason: "server-closed-mid-response",
    url: reply("HTTP/1.1 200 OK\r\nContent-Le"),
  },
  {
    name: "a body that is cut",
    phase: "body",
    code: /CUT/,
    message: /7 bytes of the body/,
    reason: "server-closed-mid-response",
    url: reply("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
  },
  {
    name: "chunks that are cut",
    phase: "body",
    code: /CUT/,
    message: /last chunk/,
    reason: "server-closed-mid-response",
    url: reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
  },
  {
    name: "a bad chunk",
    phase: "body",
    code: /ERR_TRUNKLINE/,
    message: /chunk/i,
    reason: "protocol-error",
    url: reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n"),
  },
  {
    name: "a body until close that is reset",
    phase: "body",
    code: /RESET/,
    message: /ECONNRESET/,
    reason: "reset",
    url: scripted(async (connection) => {
      await connection.readRequest();
      await connection.reply("HTTP/1.1 200 OK\r\n\r\nsome of it");
      await new Promise((resolve) => setTimeout(resolve, 5)); // let it be read: a reset may discard what was not
      connection.reset();
    }),
  },
  {
    name: "no answer in time",
    phase: "headers",
    code: /TIMEOUT/,
    message: /headersTimeout of 30 ms/,
    reason: "timeout",
    options: { headersTimeout: 30 },
    url: scripted(["readRequest", "stall"]),
  },
  {
    name: "no body in time",
    phase: "body",
    code: /TIMEOUT/,
    message: /bodyTimeout of 30 ms/,
    reason: "timeout",
    options: { bodyTimeout: 30 },
    url: scripted(["readRequest", { reply: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc" }, "stall"]),
  },
];
