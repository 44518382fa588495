import { Body, type Request, Response, requestTarget, settleResponse } from "../../message/index.js";
import { parseDataURL } from "./data-url.js";
import { networkError } from "./fetch-errors.js";

/**
 * The answer to a request for a URL that needs no connection (Fetch §4.3 "scheme fetch"): `data:` and `blob:`. Every
 * other scheme but http and https is a network error. `undefined` for http and https.
 */
export function fetchLocal(request: Request): Promise<Response> | undefined {
  const { protocol } = schemeOf(request);
  if (protocol === "http:" || protocol === "https:") return undefined;
  return answered(request, protocol);
}

function schemeOf({ url }: Request): { protocol: string } {
  return { protocol: url.slice(0, url.indexOf(":") + 1) };
}

async function answered(request: Request, protocol: string): Promise<Response> {
  request.signal.throwIfAborted();
  const [url = ""] = request.url.split("#", 1);
  const response =
    protocol === "data:" ? fromData(request, url) : protocol === "blob:" ? fromBlob(request, url) : undefined;
  if (response === undefined) {
    throw networkError(requestTarget(request).unsupported ?? "Cannot fetch this URL");
  }
  return response;
}

function fromData(request: Request, url: string): Response {
  const data = parseDataURL(url);
  if (data === undefined) throw networkError("Cannot fetch a data: URL that is not valid");
  return answer(request, url, 200, "OK", [["Content-Type", data.type]], data.bytes);
}

function fromBlob(request: Request, url: string): Response {
  if (request.method !== "GET")
    throw networkError(`Cannot fetch a blob: URL with ${request.method}: only GET is allowed`);
  const { blob } = requestTarget(request);
  if (blob === undefined)
    throw networkError("Cannot fetch this blob: URL: there is no blob of that name, or it was revoked");
  const range = request.headers.get("range");
  if (range === null) {
    const fields: [string, string][] = [
      ["Content-Length", `${blob.size}`],
      ["Content-Type", blob.type],
    ];
    return answer(request, url, 200, "OK", fields, blob);
  }
  const part = parseRange(range, blob.size);
  if (part === undefined)
    throw networkError(`Cannot fetch the range ${JSON.stringify(range)} of a blob of ${blob.size} bytes`);
  const { from, to } = part;
  const fields: [string, string][] = [
    ["Content-Length", `${to - from + 1}`],
    ["Content-Type", blob.type],
    ["Content-Range", `bytes ${from}-${to}/${blob.size}`],
  ];
  return answer(request, url, 206, "Partial Content", fields, blob.slice(from, to + 1, blob.type));
}

function answer(
  request: Request,
  url: string,
  status: number,
  statusText: string,
  headers: [string, string][],
  content: unknown,
): Response {
  const response = new Response(null, { status, statusText, headers });
  const body = request.method === "HEAD" ? undefined : Body.extract(content);
  return settleResponse(response, body, { url, type: "basic", immutable: true });
}

/** A single range (Fetch §2.2.2 "parse a single range header value"), within `size` bytes. */
function parseRange(value: string, size: number): { from: number; to: number } | undefined {
  const match = /^bytes[\t ]*=[\t ]*(\d*)[\t ]*-[\t ]*(\d*)$/i.exec(value);
  if (match === null) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  if (first === "") return { from: Math.max(0, size - Number(last)), to: size - 1 };
  const from = Number(first);
  const to = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (from >= size || (last !== "" && from > Number(last))) return undefined;
  return { from, to };
}
