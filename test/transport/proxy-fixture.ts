import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, request, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";

export interface TestProxy extends AsyncDisposable {
  readonly port: number;
  readonly log: { connections: number; seen: string[]; headers: IncomingMessage["headers"][] };
}

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Decides what becomes of a request: undefined lets it through. */
type Verdict = (request: IncomingMessage) => Refusal | undefined;

/** A proxy of the common kind: forwards what comes in absolute form, tunnels what asks for CONNECT. */
export async function httpProxy(
  options: { tls?: { key: string; cert: string }; verdict?: Verdict; names?: Record<string, string> } = {},
): Promise<TestProxy> {
  const { tls, verdict = () => undefined, names = {} } = options;
  const server: Server = tls === undefined ? createHttpServer() : createHttpsServer(tls);
  const log: TestProxy["log"] = { connections: 0, seen: [], headers: [] };
  server.on(tls === undefined ? "connection" : "secureConnection", () => {
    log.connections += 1;
  });
  const note = (incoming: IncomingMessage): void => {
    log.seen.push(`${incoming.method} ${incoming.url}`);
    log.headers.push(incoming.headers);
  };
  server.on("connect", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    note(incoming);
    socket.on("error", () => {});
    const refusal = verdict(incoming);
    if (refusal !== undefined) {
      const { status, headers, body } = refusal;
      const fields = Object.entries({ ...headers, connection: "close", "content-length": body.length });
      socket.end(
        `HTTP/1.1 ${status} No\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`,
      );
      return;
    }
    const { hostname, port } = new URL(`http://${incoming.url}`);
    const target = connect(Number(port), names[hostname] ?? hostname.replace(/[[\]]/g, ""), () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      target.write(head);
      target.pipe(socket).pipe(target);
    });
    target.on("error", () => socket.destroy());
    socket.on("close", () => target.destroy());
  });
  server.on("request", (incoming: IncomingMessage, response) => {
    note(incoming);
    const refusal = verdict(incoming);
    if (refusal !== undefined) {
      incoming.resume();
      response.writeHead(refusal.status, refusal.headers).end(refusal.body);
      return;
    }
    const { "proxy-authorization": _, ...headers } = incoming.headers;
    const url = new URL(incoming.url ?? "");
    const forward = request(
      {
        host: names[url.hostname] ?? url.hostname,
        port: url.port,
        path: url.pathname,
        method: incoming.method,
        headers,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    forward.on("error", () => response.writeHead(502).end("cannot reach it"));
    incoming.pipe(forward);
  });
  server.on("tlsClientError", () => {});
  return opened(server, log);
}

/** A SOCKS5 proxy (RFC 1928, RFC 1929). `reply`: the code it answers with in place of connecting. */
export async function socksProxy(
  options: { auth?: string; reply?: (host: string) => number; names?: Record<string, string> } = {},
): Promise<TestProxy> {
  const { auth, reply = () => 0, names = {} } = options;
  const log: TestProxy["log"] = { connections: 0, seen: [], headers: [] };
  const server = createServer((socket) => {
    log.connections += 1;
    socket.on("error", () => {});
    void serveSocks(socket, auth, (host, port) => {
      log.seen.push(`${host}:${port}`);
      const code = reply(host);
      if (code !== 0) return code;
      return connect(port, names[host] ?? host);
    });
  });
  return opened(server, log);
}

async function serveSocks(
  socket: Socket,
  auth: string | undefined,
  open: (host: string, port: number) => Socket | number,
): Promise<void> {
  const bytes = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let buffer = Buffer.alloc(0);
  const take = async (count: number): Promise<Buffer> => {
    while (buffer.length < count) {
      const next = await bytes.next();
      if (next.done === true) throw new Error("closed");
      buffer = Buffer.concat([buffer, next.value]);
    }
    const taken = buffer.subarray(0, count);
    buffer = buffer.subarray(count);
    return taken;
  };
  try {
    const methods = await take((await take(2))[1] as number);
    const method = auth === undefined ? 0 : 2;
    if (!methods.includes(method)) {
      socket.end(Buffer.from([5, 0xff]));
      return;
    }
    socket.write(Buffer.from([5, method]));
    if (auth !== undefined) {
      const user = await take((await take(2))[1] as number);
      const password = await take((await take(1))[0] as number);
      const good = `${user}:${password}` === auth;
      socket.write(Buffer.from([1, good ? 0 : 1]));
      if (!good) return void socket.end();
    }
    const type = (await take(4))[3];
    const host =
      type === 1
        ? [...(await take(4))].join(".")
        : type === 4
          ? ((await take(16)).toString("hex").match(/.{4}/g) ?? []).join(":")
          : String(await take((await take(1))[0] as number));
    const port = (await take(2)).readUInt16BE();
    const target = open(host, port);
    const answer = (code: number): Buffer => Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
    if (typeof target === "number") return void socket.end(answer(target));
    target.on("error", () => socket.destroy());
    await once(target, "connect");
    socket.write(answer(0));
    target.pipe(socket);
    socket.on("close", () => target.destroy());
    target.write(buffer);
    for (let next = await bytes.next(); next.done !== true; next = await bytes.next())
      target.write(next.value);
    target.end();
  } catch {
    socket.destroy();
  }
}

async function opened(server: Server | NetServer, log: TestProxy["log"]): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    log,
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
