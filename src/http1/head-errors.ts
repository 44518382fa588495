import { ProtocolError } from "../errors/index.js";
import { COLON, CR, describeByte, excerpt, HTAB, LF, SP } from "./bytes.js";
import { MAX_HEADER_COUNT, MAX_INFORMATIONAL } from "./limits.js";

/*
 * The slow half of the head parser: it is entered once something is known to be wrong, and says what. A value is
 * never quoted, since it may be a cookie; names, the status line and the framing fields are.
 */

/** Shown of a status line; the excerpt cuts it further. */
const STATUS_LINE_SHOWN = 60;

/** What is wrong with the bytes at `base` that should have been `HTTP/1.x NNN`; `at` is the first bad one. */
export function badStatusLine(buffer: Buffer, base: number, at: number, end: number): ProtocolError {
  const first = buffer[base];
  // A TLS alert or handshake record: type, then the major version, which is 3 in every TLS there is.
  if ((first === 0x15 || first === 0x16) && at === base && base + 1 < end && buffer[base + 1] === 0x03) {
    return new ProtocolError(
      "ERR_TRUNKLINE_TLS_ON_PLAIN",
      "The server answered plain HTTP with a TLS record: it speaks TLS on this port, use https:// instead of http://",
    );
  }
  const seen = excerpt(buffer, base, Math.min(end, base + STATUS_LINE_SHOWN));
  const where = at - base;
  const problem =
    where < 5
      ? "does not start with HTTP/1.1 or HTTP/1.0"
      : where < 8
        ? "has a version that is not HTTP/1.1 or HTTP/1.0"
        : where < 12
          ? "has no three-digit status between 100 and 999 after its version"
          : "has no space or line end after its status";
  return new ProtocolError(
    "ERR_TRUNKLINE_BAD_STATUS_LINE",
    `The response ${seen} ${problem} (byte ${where}); is this an HTTP/1 server?`,
  );
}

/** Stands for the offset of a line's colon while the line is still in its name. */
export const NO_COLON = -1;

/** A byte that no status line, field name or field value may hold. */
export function badByte(
  buffer: Buffer,
  base: number,
  line: number,
  colon: number,
  at: number,
): ProtocolError {
  const where = at - base;
  const byte = buffer[at] as number;
  if (line === base) {
    return new ProtocolError(
      "ERR_TRUNKLINE_BAD_STATUS_LINE",
      `The response's status line ${excerpt(buffer, base, at)} ${stray(byte)} at byte ${where}`,
    );
  }
  return new ProtocolError("ERR_TRUNKLINE_BAD_HEADER", describe(buffer, line, colon, at, where));
}

function describe(buffer: Buffer, line: number, colon: number, at: number, where: number): string {
  const byte = buffer[at] as number;
  if (colon !== NO_COLON)
    return `The value of the response header ${excerpt(buffer, line, colon)} ${stray(byte)} at byte ${where}`;
  const name = excerpt(buffer, line, at);
  if (at > line && (byte === SP || byte === HTAB)) {
    return `The response header ${name} has whitespace between its name and the colon, at byte ${where}`;
  }
  if (at > line && (byte === CR || byte === LF)) {
    return `The response header line ${name} has no colon before its end at byte ${where}`;
  }
  if (at === line && (byte === SP || byte === HTAB)) {
    return `A response header line at byte ${where} starts with whitespace: folded headers are obsolete and not accepted`;
  }
  if (at === line && byte === LF)
    return `The response's headers end with a bare LF at byte ${where}; CRLF is required`;
  if (byte === COLON) return `A response header line at byte ${where} has no name before its colon`;
  return at === line
    ? `A response header name starts with ${describeByte(byte)} at byte ${where}, which is not allowed in a name`
    : `The response header name ${name} is followed by ${describeByte(byte)} at byte ${where}, which is not allowed in a name`;
}

/** `at` is the byte that should have been the LF after a CR. */
export function missingLineFeed(
  buffer: Buffer,
  base: number,
  line: number,
  colon: number,
  at: number,
): ProtocolError {
  const where = at - base;
  if (line === base) {
    return new ProtocolError(
      "ERR_TRUNKLINE_BAD_STATUS_LINE",
      `The response's status line ${excerpt(buffer, base, at)} has a CR without LF at byte ${where - 1}`,
    );
  }
  const place =
    colon === NO_COLON
      ? "The response's head"
      : `The value of the response header ${excerpt(buffer, line, colon)}`;
  return new ProtocolError("ERR_TRUNKLINE_BAD_HEADER", `${place} has a CR without LF at byte ${where - 1}`);
}

function stray(byte: number): string {
  if (byte === LF) return "ends in a bare LF instead of CRLF";
  return `contains the control byte ${describeByte(byte)}`;
}

export function headTooLarge(limit: number): ProtocolError {
  return new ProtocolError(
    "ERR_TRUNKLINE_HEADERS_TOO_LARGE",
    `The response's headers exceed ${limit} bytes; raise maxHeaderBytes if you trust this server`,
    true,
  );
}

export function tooManyHeaders(): ProtocolError {
  return new ProtocolError(
    "ERR_TRUNKLINE_TOO_MANY_HEADERS",
    `The response has more than ${MAX_HEADER_COUNT} header fields`,
    true,
  );
}

export function tooManyInformational(): ProtocolError {
  return new ProtocolError(
    "ERR_TRUNKLINE_TOO_MANY_INFORMATIONAL",
    `The server sent more than ${MAX_INFORMATIONAL} informational (1xx) responses and no final one`,
    true,
  );
}

export function lengthAndCoding(contentLength: number): ProtocolError {
  return new ProtocolError(
    "ERR_TRUNKLINE_TRANSFER_ENCODING",
    `The response has both Transfer-Encoding: chunked and Content-Length: ${contentLength}, which allows response smuggling`,
  );
}

export function codingInOldVersion(): ProtocolError {
  return new ProtocolError(
    "ERR_TRUNKLINE_TRANSFER_ENCODING",
    "The response has Transfer-Encoding: chunked in HTTP/1.0, which has no transfer codings",
  );
}
