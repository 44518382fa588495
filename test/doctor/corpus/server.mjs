// Servers and helpers of the corpus: small, on loopback, gone when the program ends.
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** What the servers counted themselves, printed at the end: what is reported must agree with it. */
const counted = { requests: 0, connections: 0 };
process.on("exit", () => {
  if (counted.requests > 0)
    console.log(`served ${counted.requests} requests on ${counted.connections} connections`);
});

/** Whether the program is to run with its fault mended, as the remedy says. */
export const mended = process.argv.includes("mended");

/** A certificate for a name, of the package's own making; programs run from another folder, too. */
export async function certified(name) {
  const { selfSigned } = await import(pathToFileURL(resolve("dist/testing.js")).href);
  return selfSigned({ names: [name] });
}

const sizes = { "/large": 300_000, "/small": 2 };

/** Answers `/large` with 300 kB, everything else with two bytes; keeps idle connections for half a minute. */
export async function serve({ handler = answer, tls, host = "127.0.0.1", ...options } = {}) {
  const all = { keepAliveTimeout: 30_000, ...options };
  const server = tls ? https.createServer({ ...all, ...tls }, handler) : http.createServer(all, handler);
  server.on("connection", () => counted.connections++);
  server.on("request", () => counted.requests++);
  server.listen(0, host);
  await once(server, "listening");
  const { port } = server.address();
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    port,
    /** Ends the connections that are idle. */
    endIdle: () => server.closeIdleConnections(),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A server in a process of its own, so that it goes on while the program stands still; `idle` as of serveIdle. */
export async function serveApart({ idle }) {
  const { spawn } = await import("node:child_process");
  const code = `import(${JSON.stringify(import.meta.url)})
    .then(({ serveIdle }) => serveIdle(${idle}))
    .then(({ port }) => console.log(port));`;
  const child = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(child.stdout, "data");
  return { url: `http://127.0.0.1:${Number(port)}`, close: () => child.kill() };
}

/** A proxy that tunnels with CONNECT. */
export async function serveTunnels() {
  const server = http.createServer();
  const sockets = new Set();
  server.on("connect", ({ url }, socket) => {
    const [host, port] = url.split(":");
    const target = net.connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 Connected\r\n\r\n");
      socket.pipe(target).pipe(socket);
    });
    for (const one of [socket, target]) sockets.add(one.on("error", () => {}));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Answers over HTTP/2 without TLS. */
export async function serveHttp2() {
  const server = http2.createServer((_request, response) => response.end("ok"));
  server.on("session", () => counted.connections++);
  server.on("request", () => counted.requests++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** Sends a request on a session of node:http2 and reads the answer. */
export function requestOn(session) {
  return new Promise((resolve, reject) => {
    session.request({ ":path": "/" }).on("error", reject).on("end", resolve).resume();
  });
}

export function answer(request, response) {
  response.end("x".repeat(sizes[request.url] ?? 2));
}

/** A server that says nothing of how long it keeps idle connections, and keeps them for so many milliseconds. */
export function serveIdle(milliseconds) {
  const timers = new WeakMap();
  return serve({
    keepAliveTimeout: 0,
    handler({ socket }, response) {
      clearTimeout(timers.get(socket));
      response.on("finish", () =>
        timers.set(
          socket,
          setTimeout(() => socket.destroySoon(), milliseconds),
        ),
      );
      response.setHeader("connection", "keep-alive");
      response.end("ok");
    },
  });
}

/** Answers each request with these bytes, and ends the connection where asked to. */
export async function serveBytes(bytes, { end = false } = {}) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", () => (end ? socket.end(bytes) : socket.write(bytes)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Sends a request with node:http and reads the answer; resolves once its connection is free again. */
export function get(url, { limit, ...options } = {}) {
  const library = url.startsWith("https:") ? https : http;
  return new Promise((resolve, reject) => {
    const request = library.request(url, options, (response) => {
      response.resume();
      response.on("end", () => setImmediate(() => setImmediate(resolve)));
    });
    request.on("error", reject);
    if (limit !== undefined) request.setTimeout(limit, () => request.destroy(new Error("time is up")));
    request.end();
  });
}

export async function times(count, act) {
  for (let index = 0; index < count; index++) await act(index);
}

export function together(count, act) {
  return Promise.all(Array.from({ length: count }, (_, index) => act(index)));
}

/** A turn of the event loop, in which clients put connections back. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

/**
 * A little time for what happens on its own, an idle timeout for instance; and some turns, so that all of it is heard
 * of that has happened until then, also where the machine is busy.
 */
export async function pause(milliseconds) {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  await times(3, turn);
}
