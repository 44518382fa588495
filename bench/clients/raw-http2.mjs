// The floor of HTTP/2: what the sockets, TLS and the server's habits cost. One connection, one shared read buffer, one
// write a turn, no promise and no object a request; of a response only its status, the names of its fields where the
// workload asks for them, and its body.
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { deferred } from "../lib/deferred.mjs";
import { largeBytes, largeChunk, pageFields, postDocument } from "../lib/documents.mjs";
import {
  literal,
  methodGet,
  methodPost,
  NameDecoder,
  namedLiteral,
  schemes,
  status200,
} from "../lib/hpack.mjs";

const [DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE] = [0, 1, 3, 4, 6, 7, 8];
const [END_STREAM, ACK, END_HEADERS] = [1, 1, 4];
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const [streamWindow, connectionWindow] = [16 * 1024 * 1024, 64 * 1024 * 1024];
const firstWindow = 65_535;
const [firstFrame, places] = [16_384, 2048];

const uint32 = (value) =>
  String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
const header = (length, type, flags, id) =>
  String.fromCharCode(length >>> 16, (length >>> 8) & 255, length & 255, type, flags) + uint32(id);
const setting = (id, value) => `\x00${String.fromCharCode(id)}${uint32(value)}`;
const windowUpdate = (id, octets) => header(4, WINDOW_UPDATE, 0, id) + uint32(octets);
const uint32At = (buffer, at) =>
  ((buffer[at] << 24) | (buffer[at + 1] << 16) | (buffer[at + 2] << 8) | buffer[at + 3]) >>> 0;

const shared = Buffer.allocUnsafeSlow(64 * 1024);

/** One connection. `visitor` takes `names(id, name)`, `data(id, buffer, start, end)`, `end(id)` and `credit()`. */
class RawConnection {
  #socket;
  #visitor;
  #out = "";
  #scheduled = false;
  #decoder = new NameDecoder();
  #received = 0;
  /** The beginning of a frame, and what the connection is in the middle of: DATA of a stream. */
  #rest;
  #dataLeft = 0;
  #dataId = 0;
  #dataEnds = false;
  #nextId = 1;
  /** What the server allows; of streams that is followed for the upload alone, which is one. */
  window = firstWindow;
  uploadWindow = firstWindow;
  maxFrame = firstFrame;
  several = false;

  async open(origin, visitor) {
    this.#visitor = visitor;
    const { protocol, hostname, port } = new URL(origin);
    const secure = protocol === "https:";
    const buffer = shared;
    const onread = { buffer, callback: (length) => this.#read(buffer, 0, length) };
    const where = { host: hostname, port: Number(port), noDelay: true, onread };
    const socket = secure ? connectTls({ ...where, ALPNProtocols: ["h2"] }) : connectTcp(where);
    this.#socket = socket;
    socket.on("error", (error) => {
      throw error;
    });
    const opened = deferred();
    socket.once(secure ? "secureConnect" : "connect", opened.resolve);
    await opened.promise;
    const settings = setting(2, 0) + setting(4, streamWindow);
    this.send(preface + header(settings.length, SETTINGS, 0, 0) + settings);
    this.send(windowUpdate(0, connectionWindow - firstWindow));
  }

  /** Leaves at the end of the turn: of the event loop's where several streams may have something to say in it. */
  send(text) {
    this.#out += text;
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (this.several) setImmediate(this.#flush);
    else process.nextTick(this.#flush);
  }

  #flush = () => {
    this.#scheduled = false;
    const text = this.#out;
    this.#out = "";
    this.#socket.write(text, "latin1");
  };

  /** Opens a stream with this head; returns its id. */
  request(block, body) {
    const id = this.#nextId;
    this.#nextId += 2;
    const flags = END_HEADERS | (body === undefined ? END_STREAM : 0);
    let frames = header(block.length, HEADERS, flags, id) + block;
    if (body !== undefined && body !== "") frames += header(body.length, DATA, END_STREAM, id) + body;
    this.send(frames);
    return id;
  }

  /** Writes a piece of an upload, uncopied. Returns whether the socket takes more at once. */
  piece(id, bytes, ends) {
    this.window -= bytes.length;
    this.uploadWindow -= bytes.length;
    this.#socket.cork();
    this.#socket.write(header(bytes.length, DATA, ends ? END_STREAM : 0, id), "latin1");
    const more = this.#socket.write(bytes);
    this.#socket.uncork();
    return more;
  }

  drained(callback) {
    this.#socket.once("drain", callback);
  }

  close() {
    this.#socket.destroy();
  }

  #read(given, from, to) {
    let [buffer, at, end] = [given, from, to];
    if (this.#rest !== undefined) {
      buffer = Buffer.concat([this.#rest, given.subarray(from, to)]);
      this.#rest = undefined;
      [at, end] = [0, buffer.length];
    }
    while (at < end) {
      if (this.#dataLeft > 0) {
        at = this.#data(buffer, at, end);
        continue;
      }
      const type = buffer[at + 3];
      const length = (buffer[at] << 16) | (buffer[at + 1] << 8) | buffer[at + 2];
      if (end - at < 9 || (type !== DATA && end - at < 9 + length)) {
        this.#rest = Buffer.from(buffer.subarray(at, end));
        break;
      }
      const id = uint32At(buffer, at + 5);
      at += 9;
      if (type === DATA) this.#beginData(id, length, (buffer[at - 5] & END_STREAM) !== 0);
      else {
        this.#frame(type, buffer[at - 5], id, buffer, at, at + length);
        at += length;
      }
    }
    return true;
  }

  #beginData(id, length, ends) {
    this.#received += length;
    if (this.#received * 2 >= connectionWindow) {
      this.send(windowUpdate(0, this.#received));
      this.#received = 0;
    }
    this.#dataId = id;
    this.#dataLeft = length;
    this.#dataEnds = ends;
    if (length === 0 && ends) this.#visitor.end(id);
  }

  #data(buffer, at, end) {
    const stop = Math.min(end, at + this.#dataLeft);
    this.#dataLeft -= stop - at;
    this.#visitor.data(this.#dataId, buffer, at, stop);
    if (this.#dataLeft === 0 && this.#dataEnds) this.#visitor.end(this.#dataId);
    return stop;
  }

  #frame(type, flags, id, buffer, start, end) {
    if (type === HEADERS) {
      // Neither of the servers pads, sends priorities or splits a block.
      if (buffer[start] !== status200 || (flags & END_HEADERS) === 0)
        throw new Error("the status was not 200");
      this.#decoder.decode(buffer, start, end, this.#visitor.name);
      if ((flags & END_STREAM) !== 0) this.#visitor.end(id);
    } else if (type === SETTINGS) {
      if ((flags & ACK) === 0) this.#settings(buffer, start, end);
    } else if (type === PING) {
      if ((flags & ACK) === 0) this.send(header(8, PING, ACK, 0) + buffer.latin1Slice(start, end));
    } else if (type === WINDOW_UPDATE) {
      if (id === 0) this.window += uint32At(buffer, start);
      else this.uploadWindow += uint32At(buffer, start);
      this.#visitor.credit();
    } else if (type === GOAWAY || type === RST_STREAM) {
      throw new Error(`the server ended it, with the code ${uint32At(buffer, end - 4)}`);
    }
  }

  #settings(buffer, start, end) {
    for (let at = start; at < end; at += 6) {
      if (buffer[at + 1] === 4) this.uploadWindow = uint32At(buffer, at + 2);
      if (buffer[at + 1] === 5) this.maxFrame = uint32At(buffer, at + 2);
    }
    this.send(header(0, SETTINGS, ACK, 0));
    this.#visitor.credit();
  }
}

const nothing = () => {};

export async function create({ origin }) {
  const { protocol, host } = new URL(origin);
  const head = (method, path) => method + schemes[protocol] + literal(1, host) + literal(4, path);
  const [get, post] = [(path) => head(methodGet, path), (path) => head(methodPost, path)];
  const postHead = post("/post") + namedLiteral("content-type", "application/json");
  const length = (body) => namedLiteral("content-length", String(body.length));
  const operations = {
    text: { block: get("/hello"), read: (text) => text },
    json: { block: get("/hello"), read: JSON.parse },
    page: { block: get("/page"), read: JSON.parse, fields: pageFields.length },
    post: { block: postHead, read: (text) => text, body: () => JSON.stringify(postDocument) },
  };

  /** Callback-driven, since a promise for each request would be no floor. */
  async function loop(operation, concurrency, meter) {
    const { block, read, body, fields } = operations[operation];
    const connection = new RawConnection();
    const ended = deferred();
    // By stream: what has come of its body, and when it began. A place is used again after 2,048 others.
    const bodies = new Array(places).fill("");
    const begun = new Array(places).fill(0);
    let [open, found] = [0, 0];
    const start = () => {
      const began = meter.begin();
      const document = body?.();
      const id = connection.request(document === undefined ? block : block + length(document), document);
      begun[(id >>> 1) % places] = began;
      open += 1;
    };
    await connection.open(origin, {
      name(name) {
        if (fields !== undefined && pageFields.includes(name)) found += 1;
      },
      data(id, buffer, from, to) {
        const place = (id >>> 1) % places;
        // What comes is ASCII.
        const piece = buffer.latin1Slice(from, to);
        bodies[place] = bodies[place] === "" ? piece : bodies[place] + piece;
      },
      end(id) {
        const place = (id >>> 1) % places;
        const text = bodies[place];
        bodies[place] = "";
        open -= 1;
        if (meter.end(begun[place], read(text))) start();
        else if (open === 0) ended.resolve();
      },
      credit: nothing,
    });
    connection.several = concurrency > 1;
    for (let index = 0; index < concurrency; index += 1) start();
    await ended.promise;
    if (fields !== undefined && found % fields !== 0) throw new Error("a field is missing");
    connection.close();
  }

  async function stream() {
    const connection = new RawConnection();
    const end = deferred();
    let [received, owed] = [0, 0];
    await connection.open(origin, {
      name: nothing,
      data(id, _buffer, from, to) {
        received += to - from;
        owed += to - from;
        if (owed * 2 < streamWindow) return;
        connection.send(windowUpdate(id, owed));
        owed = 0;
      },
      end: end.resolve,
      credit: nothing,
    });
    connection.request(get("/download"));
    await end.promise;
    connection.close();
    return received;
  }

  /** One buffer again and again, cut into frames; as much as the windows and the socket take. */
  async function upload() {
    const connection = new RawConnection();
    const end = deferred();
    const chunk = Buffer.alloc(largeChunk, "a");
    let [sent, id, answer, blocked] = [0, 0, "", false];
    const pump = () => {
      while (!blocked && sent < largeBytes) {
        const room = Math.min(connection.window, connection.uploadWindow, connection.maxFrame);
        if (room <= 0) return;
        const at = sent % largeChunk;
        const bytes = chunk.subarray(at, Math.min(at + room, largeChunk));
        sent += bytes.length;
        blocked = !connection.piece(id, bytes, sent === largeBytes);
        if (blocked) {
          connection.drained(() => {
            blocked = false;
            pump();
          });
        }
      }
    };
    await connection.open(origin, {
      name: nothing,
      data: (_id, buffer, from, to) => {
        answer += buffer.latin1Slice(from, to);
      },
      end: end.resolve,
      credit() {
        if (id > 0) return pump();
        // The server's SETTINGS are here. The head is written first.
        id = connection.request(post("/upload"), "");
        process.nextTick(pump);
      },
    });
    await end.promise;
    connection.close();
    return answer;
  }

  return { loop, stream, upload };
}
