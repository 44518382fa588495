import { BodyDecoder, DEFAULT_MAX_HEAD_BYTES, ResponseHeadParser } from "../../src/http1/index.js";
import { type Message, readWithNode } from "./node-parser.js";

/** A difference from llhttp that is meant: what is reported, and what must then be true of the bytes. */
interface Meant {
  error: string;
  because: string;
  holds: RegExp;
}

/** What Trunkline refuses and llhttp (of some supported Node) does not, by Trunkline's code. */
const STRICTER: readonly Meant[] = [
  {
    error: "ERR_TRUNKLINE_TRANSFER_ENCODING",
    because: "a coding that is not one final chunked, or stands beside a length, or in HTTP/1.0",
    holds: /transfer-encoding/i,
  },
  {
    error: "ERR_TRUNKLINE_CONTENT_LENGTH",
    because: "a length above 2^53-1, or one in a message whose length llhttp does not look at",
    holds: /content-length/i,
  },
  {
    error: "ERR_TRUNKLINE_BAD_STATUS_LINE",
    because: "an empty line, or a part of one, before the status line",
    holds: /(^|\r\n\r\n)[\r\n]/,
  },
  {
    error: "ERR_TRUNKLINE_BAD_STATUS_LINE",
    because: "another protocol or version",
    holds: /^[IR]|\n[IR]|RTSP|ICE|HTTP\/(?!1\.[01] )/,
  },
  { error: "ERR_TRUNKLINE_BAD_STATUS_LINE", because: "a status below 100", holds: /HTTP\/1\.[01] 0/ },
  {
    error: "ERR_TRUNKLINE_BAD_STATUS_LINE",
    because: "a control byte or a lone CR in the line",
    holds: /HTTP\/1\.[01] \d{3}[^\n]*([\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n))/,
  },
  { error: "ERR_TRUNKLINE_BAD_HEADER", because: "a folded line or an empty name", holds: /\n[ \t:]/ },
  {
    error: "ERR_TRUNKLINE_BAD_HEADER",
    because: "a control byte in a value",
    holds: /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/,
  },
  { error: "ERR_TRUNKLINE_BAD_CHUNK", because: "a size of more digits or bytes", holds: /[0-9a-f]{14}/i },
  {
    error: "ERR_TRUNKLINE_BAD_CHUNK",
    because: "an extension without name or value, or with a quote in the middle of one",
    holds: /;[=;\r]|;[^\r\n]*=[;\r]|;[^\r\n]*"/,
  },
  {
    error: "ERR_TRUNKLINE_BAD_TRAILER",
    because: "a folded line, an empty name or a control byte",
    holds: /\n[ \t:]|[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/,
  },
];

/** What Trunkline reads and llhttp refuses, by llhttp's reason. */
const LOOSER: readonly Meant[] = [
  {
    error: "Invalid character in Content-Length",
    because:
      "RFC 9110 §8.6 lets a recipient take equal lengths for one, and §5.6.3 lets a tab surround a value",
    holds: /content-length:[^\r\n]*[,\t]/i,
  },
  {
    error: "Duplicate Content-Length",
    because: "the same, in two fields",
    holds: /content-length:[\s\S]*\ncontent-length:/i,
  },
  {
    error: "Data after `Connection: close`",
    because: "a 1xx is not the last response, whatever it says of its connection",
    holds: /HTTP\/1\.[01] 1\d\d[\s\S]*connection:/i,
  },
  {
    error: "Content-Length can't be present with Transfer-Encoding",
    because: "among the trailers it frames nothing and is dropped (RFC 9110 §6.5.1)",
    holds: /\n0+\r\n[\s\S]*content-length:/i,
  },
];

function isMeant(list: readonly Meant[], error: string, raw: string): boolean {
  return list.some((meant) => meant.error === error && meant.holds.test(raw));
}

/** Undefined when both parsers see the same, or Trunkline is stricter on purpose; else what is wrong. */
export function disagreement(pieces: readonly Buffer[], method: "GET" | "HEAD"): string | undefined {
  const raw = Buffer.concat(pieces).toString("latin1");
  const ours = readWithTrunkline(pieces, method);
  const whole = readWithTrunkline([Buffer.from(raw, "latin1")], method);
  if (JSON.stringify(ours) !== JSON.stringify(whole))
    return `depends on the split: ${show(whole)} or ${show(ours)}`;
  // llhttp takes no tab for the blank it is (RFC 9110 §5.6.3) after a coding, and then reads to the connection's end.
  if (/transfer-encoding:[^\r\n]*\t/i.test(raw)) return undefined;
  const theirs = readWithNode(pieces, method);
  if (ours.error !== undefined) {
    if (theirs.error !== undefined) return undefined;
    if (isMeant(STRICTER, ours.error, raw)) return undefined;
    return `refused without a listed reason: ${show(ours)}, llhttp ${show(theirs)}`;
  }
  if (theirs.error !== undefined && isMeant(LOOSER, theirs.error, raw)) return undefined;
  // Framing fields are judged at the end of their line, which llhttp need not wait for.
  if (ours.head === "" && readWithTrunkline([Buffer.from(`${raw}\r\n\r\n`, "latin1")], method).error)
    return undefined;
  if (theirs.error !== undefined)
    return `accepted what llhttp refuses: ${show(ours)}, llhttp ${show(theirs)}`;
  if (JSON.stringify(ours) !== JSON.stringify(theirs))
    return `read differently: ${show(ours)}, llhttp ${show(theirs)}`;
  return undefined;
}

function show(message: Message): string {
  return message.error ?? JSON.stringify(message).slice(0, 300);
}

/** Reads the first response, after any 1xx. */
export function readWithTrunkline(pieces: readonly Buffer[], method: "GET" | "HEAD"): Message {
  const message: Message = { head: "", headers: [], body: "", complete: false, error: undefined };
  const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
  const decoder = new BodyDecoder();
  parser.begin(method);
  const keep = (buffer: Buffer, start: number, end: number): void => {
    message.body += buffer.toString("latin1", start, end);
  };
  try {
    for (const piece of pieces) {
      let at = 0;
      while (message.head === "" && at >= 0 && at < piece.length) {
        at = parser.parse(piece, at, piece.length);
        if (at < 0 || parser.informational) continue;
        takeHead(parser, message);
        decoder.begin(parser.bodyKind, parser.contentLength);
        message.complete = decoder.done;
      }
      if (message.head === "" || message.complete || at >= piece.length) continue;
      decoder.decode(piece, at, piece.length, keep);
      message.complete = decoder.done;
    }
  } catch (error) {
    message.error = (error as { code: string }).code;
  }
  return message;
}

function takeHead(parser: ResponseHeadParser, message: Message): void {
  message.head = `${parser.status} ${parser.minorVersion}`;
  for (const line of parser.block.slice(parser.headersStart).split("\r\n").slice(0, -1)) {
    const colon = line.indexOf(":");
    message.headers.push(line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, ""));
  }
}
