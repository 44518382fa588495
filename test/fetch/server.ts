import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before } from "node:test";
import { gzipSync } from "node:zlib";

/** What a request was, as far as both clients must send the same. */
async function echo(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  const { headers } = request;
  const shown = [
    "content-type",
    "content-length",
    "transfer-encoding",
    "referer",
    "origin",
    "cache-control",
    "pragma",
  ];
  return JSON.stringify({
    method: request.method,
    url: request.url,
    body,
    headers: Object.fromEntries(
      Object.entries(headers).filter(([name]) => shown.includes(name) || name.startsWith("x-")),
    ),
  });
}

type Answer = (request: IncomingMessage, response: ServerResponse, rest: URL) => unknown;

const ROUTES: Readonly<Record<string, Answer>> = {
  echo: async (request, response) => {
    const text = await echo(request);
    response.setHeader("content-type", "application/json").end(request.method === "HEAD" ? undefined : text);
  },
  status: (_, response, url) => response.writeHead(Number(url.searchParams.get("code")), "Said so").end(),
  redirect: (request, response, url) => {
    request.resume();
    const headers: Record<string, string> = { location: url.searchParams.get("to") ?? "/echo" };
    const policy = url.searchParams.get("policy");
    if (policy !== null) headers["referrer-policy"] = policy;
    response.writeHead(Number(url.searchParams.get("code") ?? 302), headers).end("moved");
  },
  loop: (_, response) => response.writeHead(302, { location: "/loop" }).end(),
  headers: (_, response) =>
    response
      .writeHead(200, [
        ...["Set-Cookie", "a=1", "X-Two", "1", "set-cookie", "b=2", "x-two", "2", "X-Latin", "\xe4"],
      ])
      .end("h"),
  coded: (_, response, url) => {
    const coding = url.searchParams.get("coding") ?? "";
    response.writeHead(200, { "content-encoding": coding });
    response.end(coding.includes("gzip") ? gzipSync("decoded") : "as it is");
  },
  hang: () => undefined,
  /** The head and a part of the body, then nothing. */
  drip: (_, response) => {
    response.writeHead(200, { "content-length": 1000 });
    response.write("part");
  },
  /** A part of the body, then the end of the connection. */
  cut: (_, response) => {
    response.writeHead(200, { "content-length": 1000 });
    response.write("part", () => response.destroy());
  },
  large: (_, response) => response.end(Buffer.alloc(300_000, "a")),
};

/** A server on this machine, for the tests of one file; `url` is known once they run. */
export function testServer(): (path: string) => string {
  const server = createServer((request, response) => {
    response.setHeader("connection", "keep-alive");
    const url = new URL(request.url ?? "/", "http://localhost");
    const route = ROUTES[url.pathname.slice(1)];
    if (route === undefined) response.writeHead(404).end();
    else void route(request, response, url);
  });
  before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (path) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
}
