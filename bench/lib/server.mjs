// The server of every measurement, in a process of its own: it must never be what is measured, so it does as little
// as HTTP allows. It knows four requests by their first bytes and answers each with bytes made in advance.
// Commands and counts go over the IPC channel: see `handleCommand`.
import { readFileSync } from "node:fs";
import { createServer as createTcpServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { largeBytes, largeChunk, pageHead, pageJson, smallJson } from "./documents.mjs";

const small = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${smallJson.length}\r\n\r\n${smallJson}`;
const page = `${pageHead}\r\n\r\n${pageJson}`;
const largeHead = `HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ${largeBytes}\r\n\r\n`;
const chunk = Buffer.alloc(largeChunk, "a");

const counts = { connections: 0, requests: 0 };
const held = [];
let holding = 0;

/** Answers a request whose head begins with these bytes and whose body has been read. */
function answer(socket, method, path) {
  counts.requests += 1;
  if (method === "P") return socket.write(small, "latin1");
  if (path === "p") return socket.write(page, "latin1");
  if (path === "d") return download(socket);
  if (path === "w" && holding > 0) return hold(socket);
  return socket.write(small, "latin1");
}

function download(socket) {
  socket.write(largeHead, "latin1");
  let left = largeBytes / largeChunk;
  const pump = () => {
    while (left > 0) {
      left -= 1;
      if (!socket.write(chunk) && left > 0) return socket.once("drain", pump);
    }
  };
  pump();
}

/** Keeps the answer back until `holding` requests wait, so that as many connections are open at the same time. */
function hold(socket) {
  held.push(socket);
  if (held.length < holding) return;
  holding = 0;
  for (const waiting of held.splice(0)) waiting.write(small, "latin1");
}

function serve(socket) {
  counts.connections += 1;
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  let head = "";
  let body;
  socket.on("data", (bytes) => {
    if (body === undefined && head === "" && isWholeGet(bytes)) {
      return answer(socket, "G", String.fromCharCode(bytes[5]));
    }
    let rest = bytes;
    if (body === undefined) {
      head += bytes.latin1Slice();
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      rest = bytes.subarray(bytes.length - (head.length - end - 4));
      body = bodyOf(head.slice(0, end));
    }
    if (!body.take(rest)) return;
    const [method, path] = [head[0], head[head.indexOf(" ") + 2]];
    head = "";
    body = undefined;
    answer(socket, method, path);
  });
}

const G = 71;
const [CR, LF] = [13, 10];

function isWholeGet(bytes) {
  const length = bytes.length;
  return bytes[0] === G && bytes[length - 1] === LF && bytes[length - 2] === CR && bytes[length - 3] === LF;
}

/** Reads a request body to its end without looking at it; `take` is true when the end is there. */
function bodyOf(head) {
  const fields = head.toLowerCase();
  if (fields.includes("transfer-encoding: chunked")) return chunkedBody();
  let left = Number(/\r\ncontent-length: *(\d+)/.exec(fields)?.[1] ?? 0);
  return {
    take(bytes) {
      left -= bytes.length;
      return left <= 0;
    },
  };
}

// The clients send the letter "a" only, so the last five bytes tell the end, and no chunk needs to be parsed.
function chunkedBody() {
  let tail = "";
  return {
    take(bytes) {
      tail = (tail + bytes.latin1Slice(Math.max(0, bytes.length - 5))).slice(-5);
      return tail === "0\r\n\r\n";
    },
  };
}

function handleCommand(command) {
  if (command.reset) Object.assign(counts, { connections: 0, requests: 0 });
  holding = command.hold ?? 0;
  process.send({ ...counts });
}

const [certificate, key] = process.argv.slice(2).map((file) => readFileSync(file));
const plain = createTcpServer({ noDelay: true }, serve);
const secure = createTlsServer({ cert: certificate, key, ALPNProtocols: ["http/1.1"] }, serve);
secure.on("tlsClientError", () => {});
const options = { host: "127.0.0.1", port: 0, backlog: 8192 };
plain.listen(options, () => {
  secure.listen(options, () => process.send({ http: plain.address().port, https: secure.address().port }));
});
process.on("message", handleCommand);
process.on("disconnect", () => process.exit());
