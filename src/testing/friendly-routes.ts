import type { IncomingMessage, ServerResponse } from "node:http";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";

/** Answers one request. `argument` is the part of the path after the route's name; `query` is the URL's query. */
export type Route = (
  request: IncomingMessage,
  response: ServerResponse,
  argument: string,
  query: URLSearchParams,
) => void | Promise<void>;

/** The body of `/json`. */
export const FRIENDLY_JSON = '{"message":"hello","from":"a friendly server"}';

const MAX_BYTES = 1 << 30;
const BLOCK = Buffer.alloc(65_536, "0123456789abcdef");

const sendText = (response: ServerResponse, status: number, text: string, type = "text/plain"): void => {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(text);
};

const sendJson = (response: ServerResponse, value: unknown, status = 200): void =>
  sendText(response, status, JSON.stringify(value), "application/json");

/** A whole number from the path, or `undefined` after the request was answered with 400. */
const numberOf = (
  response: ServerResponse,
  argument: string,
  fallback: number,
  limit: number,
): number | undefined => {
  const number = argument === "" ? fallback : Number(argument);
  if (Number.isInteger(number) && number >= 0 && number <= limit) return number;
  sendText(response, 400, `expected a whole number up to ${limit} in the path, got "${argument}"\n`);
  return undefined;
};

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** Writes `left` bytes, no faster than the peer takes them. */
const sendBytes = (response: ServerResponse, left: number): void => {
  let remaining = left;
  const pump = (): void => {
    while (remaining > 0) {
      const block = remaining < BLOCK.length ? BLOCK.subarray(0, remaining) : BLOCK;
      remaining -= block.length;
      if (!response.write(block)) {
        response.once("drain", pump);
        return;
      }
    }
    response.end();
  };
  pump();
};

/** Calls back after a time, unless the response is closed before. */
const later = (response: ServerResponse, milliseconds: number, callback: () => void): void => {
  const timer = setTimeout(() => {
    response.off("close", stop);
    callback();
  }, milliseconds);
  const stop = (): void => clearTimeout(timer);
  response.once("close", stop);
};

const compressors: Readonly<Record<string, (text: string) => Buffer>> = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
};

/** The routes by the first segment of the path. */
export const routes: Readonly<Record<string, Route>> = {
  "": (_request, response) => {
    const names = Object.keys(routes).map((name) => `/${name}`);
    sendText(response, 200, `${names.join("\n")}\n`);
  },
  json: (_request, response) => sendText(response, 200, FRIENDLY_JSON, "application/json"),
  async echo(request, response) {
    const body = await bodyOf(request);
    sendJson(response, {
      method: request.method,
      target: request.url,
      headers: request.rawHeaders,
      body: body.toString("utf8"),
      bytes: body.length,
    });
  },
  bytes(_request, response, argument) {
    const length = numberOf(response, argument, 1024, MAX_BYTES);
    if (length === undefined) return;
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": length });
    sendBytes(response, length);
  },
  chunked(_request, response, argument) {
    const length = numberOf(response, argument, 1024, MAX_BYTES);
    if (length === undefined) return;
    response.writeHead(200, { "content-type": "application/octet-stream" });
    // Or `end` with nothing written would send a Content-Length.
    response.flushHeaders();
    sendBytes(response, length);
  },
  delay(_request, response, argument) {
    const milliseconds = numberOf(response, argument, 100, 600_000);
    if (milliseconds !== undefined) later(response, milliseconds, () => sendText(response, 200, "late\n"));
  },
  drip(_request, response, argument, query) {
    const count = numberOf(response, argument, 10, 1_000_000);
    const pause = numberOf(response, query.get("ms") ?? "", 1, 600_000);
    if (count === undefined || pause === undefined) return;
    response.writeHead(200, { "content-type": "text/plain", "content-length": count });
    const next = (sent: number): void => {
      if (sent === count) {
        response.end();
        return;
      }
      response.write("*");
      later(response, pause, () => next(sent + 1));
    };
    next(0);
  },
  status(_request, response, argument) {
    const status = numberOf(response, argument, 200, 599);
    if (status === undefined) return;
    if (status < 200) sendText(response, 400, "expected a final status, 200 to 599, in the path\n");
    else if (status === 204 || status === 304) response.writeHead(status).end();
    else sendText(response, status, `${status}\n`);
  },
  close(_request, response) {
    response.setHeader("connection", "close");
    sendText(response, 200, "closing\n");
  },
  redirect(_request, response, argument, query) {
    const left = numberOf(response, argument, 1, 1000);
    const status = numberOf(response, query.get("status") ?? "", 302, 399);
    if (left === undefined || status === undefined) return;
    const search = query.size > 0 ? `?${query}` : "";
    const location = left > 1 ? `/redirect/${left - 1}${search}` : (query.get("to") ?? "/json");
    response.setHeader("location", location);
    sendText(response, status, `to ${location}\n`);
  },
  headers(_request, response, argument) {
    const count = numberOf(response, argument, 20, 1000);
    if (count === undefined) return;
    for (let index = 1; index <= count; index += 1) response.setHeader(`X-Header-${index}`, `value ${index}`);
    sendText(response, 200, `${count} extra headers\n`);
  },
  encoded(_request, response, argument) {
    const compress = compressors[argument];
    if (compress === undefined) {
      sendText(response, 400, `expected gzip, deflate or br in the path, got "${argument}"\n`);
      return;
    }
    const body = compress(FRIENDLY_JSON);
    response.writeHead(200, {
      "content-type": "application/json",
      "content-encoding": argument,
      "content-length": body.length,
    });
    response.end(body);
  },
  trailers(_request, response) {
    response.writeHead(200, { "content-type": "text/plain", trailer: "x-checksum" });
    response.write("body\n");
    response.addTrailers({ "x-checksum": "5" });
    response.end();
  },
  hints(_request, response) {
    response.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
    sendText(response, 200, "after a 103\n");
  },
};
