import type { Incoming } from "./incoming.js";
import { showBytes } from "./show-bytes.js";
import { WireFailure } from "./wire-errors.js";

/** A request's head as it was received. */
export interface WireHead {
  /** The method of the request line. */
  readonly method: string;
  /** The target of the request line. */
  readonly target: string;
  /** The version of the request line: `HTTP/1.1`. */
  readonly version: string;
  /** The headers in the order, number and case of the wire: name, value, name, value, … */
  readonly headers: readonly string[];
  /** Every byte, the empty line included. */
  readonly raw: Buffer;
  /** The values of a header, in any case, joined with ", "; `undefined` when it was not sent. */
  header(name: string): string | undefined;
}

/** A whole request as it was received. */
export interface WireRequest extends WireHead {
  /** The body, without chunked framing. */
  readonly body: Buffer;
  /** The trailer fields: name, value, name, value, … */
  readonly trailers: readonly string[];
}

const parseFields = (lines: readonly string[]): string[] => {
  const fields: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon <= 0)
      throw new WireFailure(`the peer sent a header line without a name: ${JSON.stringify(line)}`);
    fields.push(line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, ""));
  }
  return fields;
};

const findHeader = (fields: readonly string[], name: string): string | undefined => {
  const values: string[] = [];
  for (let index = 0; index < fields.length; index += 2) {
    if (fields[index]?.toLowerCase() === name.toLowerCase()) values.push(fields[index + 1] as string);
  }
  return values.length > 0 ? values.join(", ") : undefined;
};

const parseHead = (raw: Buffer): WireHead => {
  const [requestLine = "", ...lines] = raw.toString("latin1", 0, raw.length - 4).split("\r\n");
  const match = /^([^ ]+) ([^ ]+) (HTTP\/\d\.\d)$/.exec(requestLine);
  if (match === null) throw new WireFailure(`the peer sent no HTTP/1 request line: ${showBytes(raw)}`);
  const [, method = "", target = "", version = ""] = match;
  const headers = parseFields(lines);
  return { method, target, version, headers, raw, header: (name) => findHeader(headers, name) };
};

/** Waits until `measure` finds how many bytes to consume; -1 means that more is needed. */
const takeWhen = async (
  incoming: Incoming,
  what: string,
  measure: (bytes: Buffer) => number,
): Promise<Buffer> => {
  for (;;) {
    const length = measure(incoming.peek());
    if (length >= 0) return incoming.take(length);
    if (incoming.over !== undefined) {
      throw new WireFailure(
        `${incoming.over.message} in the middle of ${what}: ${showBytes(incoming.peek())} had come`,
      );
    }
    await incoming.changed();
  }
};

const takeExactly = async (incoming: Incoming, count: number, what: string): Promise<Buffer> => {
  // Not through `takeWhen`: joining the chunks at each arrival would make a large body quadratic.
  while (incoming.length < count) {
    if (incoming.over !== undefined) {
      throw new WireFailure(`${incoming.over.message} after ${incoming.length} of ${count} bytes of ${what}`);
    }
    await incoming.changed();
  }
  return incoming.take(count);
};

const takeLine = async (incoming: Incoming, what: string): Promise<Buffer> =>
  takeWhen(incoming, what, (bytes) => {
    const end = bytes.indexOf("\r\n");
    return end < 0 ? -1 : end + 2;
  });

/** Reads one head. Ends with the connection's own end when that comes before its first byte. */
export const readHead = async (incoming: Incoming): Promise<WireHead> => {
  while (incoming.length === 0) {
    if (incoming.over !== undefined) throw incoming.over;
    await incoming.changed();
  }
  const raw = await takeWhen(incoming, "a request head", (bytes) => {
    const end = bytes.indexOf("\r\n\r\n");
    return end < 0 ? -1 : end + 4;
  });
  return parseHead(raw);
};

/** A request's body as it was received. */
export interface WireBody {
  /** The body, without chunked framing. */
  readonly body: Buffer;
  /** The trailer fields: name, value, name, value, … */
  readonly trailers: readonly string[];
  /** Every byte, framing included. */
  readonly raw: Buffer;
}

const readChunked = async (incoming: Incoming): Promise<WireBody> => {
  const raw: Buffer[] = [];
  const body: Buffer[] = [];
  for (;;) {
    const line = await takeLine(incoming, "a chunk size");
    raw.push(line);
    const digits = /^([0-9a-fA-F]+)(?:[ \t]*;.*)?\r\n$/.exec(line.toString("latin1"))?.[1];
    if (digits === undefined) throw new WireFailure(`the peer sent a bad chunk size: ${showBytes(line)}`);
    const size = Number.parseInt(digits, 16);
    if (size === 0) break;
    const chunk = await takeExactly(incoming, size + 2, "a chunk");
    if (chunk.toString("latin1", size) !== "\r\n") {
      throw new WireFailure(
        `the peer's chunk of ${size} bytes does not end with CR LF: ${showBytes(chunk, size - 1)}`,
      );
    }
    raw.push(chunk);
    body.push(chunk.subarray(0, size));
  }
  const trailerLines: string[] = [];
  for (;;) {
    const line = await takeLine(incoming, "a trailer section");
    raw.push(line);
    if (line.length === 2) break;
    trailerLines.push(line.toString("latin1", 0, line.length - 2));
  }
  return { body: Buffer.concat(body), trailers: parseFields(trailerLines), raw: Buffer.concat(raw) };
};

/** Reads the content that follows a head: by `Transfer-Encoding: chunked`, else by `Content-Length`, else none. */
export const readBody = async (incoming: Incoming, head: WireHead): Promise<WireBody> => {
  const coding = head.header("transfer-encoding");
  const length = head.header("content-length");
  if (coding !== undefined) {
    if (length !== undefined) {
      throw new WireFailure(
        `the peer sent both Transfer-Encoding and Content-Length: ${showBytes(head.raw, 0, 400)}`,
      );
    }
    if (coding.toLowerCase() !== "chunked")
      throw new WireFailure(`the peer sent Transfer-Encoding: ${coding}`);
    return readChunked(incoming);
  }
  if (length === undefined) return { body: Buffer.alloc(0), trailers: [], raw: Buffer.alloc(0) };
  if (!/^\d+$/.test(length))
    throw new WireFailure(`the peer sent a bad Content-Length: ${JSON.stringify(length)}`);
  const body = await takeExactly(incoming, Number(length), "a request body");
  return { body, trailers: [], raw: body };
};
