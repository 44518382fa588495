// The floor: what the sockets themselves cost. One shared read buffer, one write a request, no promise, and of the
// response only what nobody can do without: the status, where the head ends, the body.
import { closeSync, openSync, writeSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { deferred } from "../lib/deferred.mjs";
import { largeBytes, largeChunk, pageFields, postDocument, savedFile } from "../lib/documents.mjs";

const shared = Buffer.allocUnsafeSlow(64 * 1024);

function open(origin, onRead, buffer = shared) {
  const { protocol, hostname, port } = new URL(origin);
  const connect = protocol === "https:" ? connectTls : connectTcp;
  const callback = (length, buffer) => onRead(length, buffer, socket);
  const socket = connect({
    host: hostname,
    port: Number(port),
    noDelay: true,
    onread: { buffer, callback },
  });
  socket.on("error", (error) => {
    throw error;
  });
  return new Promise((resolve) => {
    socket.once(protocol === "https:" ? "secureConnect" : "connect", () => resolve(socket));
  });
}

const bodyStart = (buffer) => {
  if (buffer[9] !== 50) throw new Error(`the status was ${buffer.latin1Slice(9, 12)}`);
  return buffer.indexOf("\r\n\r\n") + 4;
};
const text = (length, buffer) => buffer.latin1Slice(bodyStart(buffer), length);
const json = (length, buffer) => JSON.parse(text(length, buffer));

function page(length, buffer) {
  const start = bodyStart(buffer);
  const head = buffer.latin1Slice(0, start).toLowerCase();
  for (const field of pageFields) {
    const at = head.indexOf(`\r\n${field}: `);
    if (head.slice(at, head.indexOf("\r\n", at + 2)) === "") throw new Error(`${field} is missing`);
  }
  return JSON.parse(buffer.utf8Slice(start, length));
}

export async function create({ origin }) {
  const { host } = new URL(origin);
  const get = (path) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const post = () => {
    const body = JSON.stringify(postDocument);
    return `POST /post HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  };
  const fixed = (request) => () => request;
  const operations = {
    text: { request: fixed(get("/hello")), read: text },
    json: { request: fixed(get("/hello")), read: json },
    post: { request: post, read: text },
    page: { request: fixed(get("/page")), read: page },
  };

  /** Callback-driven, since a promise for each request would be no floor. */
  async function loop(name, concurrency, meter) {
    const { request, read } = operations[name];
    const ended = [];
    for (let index = 0; index < concurrency; index += 1) {
      const end = deferred();
      ended.push(end.promise);
      let begun = 0;
      const socket = await open(origin, (length, buffer, self) => {
        if (meter.end(begun, read(length, buffer))) {
          begun = meter.begin();
          self.write(request(), "latin1");
        } else {
          self.destroy();
          end.resolve();
        }
        return true;
      });
      begun = meter.begin();
      socket.write(request(), "latin1");
    }
    await Promise.all(ended);
  }

  async function stream() {
    const end = deferred();
    let left = -1;
    const socket = await open(origin, (length, buffer) => {
      left = left < 0 ? largeBytes + bodyStart(buffer) - length : left - length;
      if (left === 0) end.resolve();
      return true;
    });
    socket.write(get("/download"), "latin1");
    await end.promise;
    socket.destroy();
    return largeBytes;
  }

  /** The same buffer for every read, written to a file as it is. */
  async function save() {
    const file = openSync(savedFile, "w");
    const end = deferred();
    let left = -1;
    const socket = await open(origin, (length, buffer) => {
      const start = left < 0 ? bodyStart(buffer) : 0;
      writeSync(file, buffer, start, length - start);
      left = (left < 0 ? largeBytes : left) - (length - start);
      if (left === 0) end.resolve();
      return true;
    });
    socket.write(get("/download"), "latin1");
    await end.promise;
    socket.destroy();
    closeSync(file);
    return largeBytes;
  }

  /** Read to its place in one buffer of the known length, behind the head. */
  async function bytes() {
    const end = deferred();
    const room = 4 * shared.length;
    const result = Buffer.allocUnsafeSlow(largeBytes + shared.length);
    let [filled, whole] = [0, -1];
    const socket = await open(
      origin,
      (length) => {
        if (whole < 0) whole = largeBytes + bodyStart(result);
        filled += length;
        if (filled === whole) end.resolve(result.subarray(whole - largeBytes, whole));
        return true;
      },
      () => result.subarray(filled, filled + room),
    );
    socket.write(get("/download"), "latin1");
    const body = await end.promise;
    socket.destroy();
    return body.length;
  }

  /** One buffer again and again, as the socket takes it. */
  async function upload() {
    const end = deferred();
    const chunk = Buffer.alloc(largeChunk, "a");
    const socket = await open(origin, (length, buffer) => {
      end.resolve(text(length, buffer));
      return true;
    });
    socket.write(`POST /upload HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${largeBytes}\r\n\r\n`, "latin1");
    let left = largeBytes;
    const pump = () => {
      while (left > 0) {
        left -= largeChunk;
        if (!socket.write(chunk) && left > 0) return socket.once("drain", pump);
      }
    };
    pump();
    const answer = await end.promise;
    socket.destroy();
    return answer;
  }

  async function hold(count) {
    const end = deferred();
    let answered = 0;
    const onRead = (length, buffer) => {
      if (text(length, buffer) !== "") answered += 1;
      if (answered === count) end.resolve();
      return true;
    };
    const sockets = [];
    while (sockets.length < count) sockets.push(await open(origin, onRead));
    for (const socket of sockets) socket.write(get("/wait"), "latin1");
    await end.promise;
    return sockets;
  }

  return { loop, stream, byob: stream, save, bytes, upload, hold };
}
