import { expectsBody, type RequestFraming } from "./request-framing.js";

/** What {@link encodeRequestHead} needs to know beside the header list; all of it has been validated. */
export interface RequestHead {
  readonly method: string;
  /** Origin form, absolute form (through a proxy), authority form (CONNECT) or `*`: it is sent as it is. */
  readonly target: string;
  /** The Host field's value, unless the header list has its own. */
  readonly host: string;
  /** Name, value, name, value, …: sent in this order and case. */
  readonly headers: readonly string[];
  readonly framing: RequestFraming;
  /** Whether to ask the server to close the connection after the response. */
  readonly close?: boolean;
  /** Names announced in the Trailer field; only with chunked framing, and unless the list has that field. */
  readonly trailerNames?: readonly string[] | undefined;
}

/**
 * The request head as a latin1 string, its empty line included. Host goes first unless the list has one, as servers
 * route by it; what the list already says (Host, Content-Length, Connection, Trailer) is not said twice.
 *
 * The list must have passed `validateRequestHeaders`: nothing is checked here.
 */
export function encodeRequestHead(head: RequestHead): string {
  const { headers, framing } = head;
  const close = head.close === true;
  let fields = "";
  let hasHost = false;
  let hasLength = false;
  let hasConnection = false;
  let hasTrailer = false;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    let value = headers[i + 1] as string;
    if (isNamed(name, "host")) hasHost = true;
    else if (isNamed(name, "trailer")) hasTrailer = true;
    else if (isNamed(name, "connection")) {
      if (close) value = closing(value);
      hasConnection = true;
    } else if (isNamed(name, "content-length")) {
      // Its place is the caller's, its value the framing's; beside chunks it would be a second framing.
      if (hasLength || framing.kind === "chunked") continue;
      value = framing.kind === "length" ? `${framing.length}` : "0";
      hasLength = true;
    }
    fields += `${name}: ${value}\r\n`;
  }
  if (framing.kind === "length") {
    if (!hasLength) fields += `Content-Length: ${framing.length}\r\n`;
  } else if (framing.kind === "chunked") {
    fields += "Transfer-Encoding: chunked\r\n";
    const names = head.trailerNames;
    if (names !== undefined && names.length > 0 && !hasTrailer) fields += `Trailer: ${names.join(", ")}\r\n`;
  } else if (!hasLength && expectsBody(head.method)) {
    fields += "Content-Length: 0\r\n";
  }
  if (close && !hasConnection) fields += "Connection: close\r\n";
  return hasHost
    ? `${head.method} ${head.target} HTTP/1.1\r\n${fields}\r\n`
    : `${head.method} ${head.target} HTTP/1.1\r\nHost: ${head.host}\r\n${fields}\r\n`;
}

/** A Connection value of the caller's, made to ask for the close that was decided elsewhere. */
function closing(value: string): string {
  const tokens = value
    .split(",")
    .map((token) => token.trim())
    .filter((token) => token !== "" && !/^(close|keep-alive)$/i.test(token));
  return [...tokens, "close"].join(", ");
}

function isNamed(name: string, lower: string): boolean {
  return name.length === lower.length && name.toLowerCase() === lower;
}
