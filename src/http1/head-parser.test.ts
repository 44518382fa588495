import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ProtocolError } from "../errors/index.js";
import { BODY_CHUNKED, BODY_LENGTH, BODY_NONE, BODY_UNTIL_CLOSE, type BodyKind } from "./body-decoder.js";
import { ResponseHeadParser } from "./head-parser.js";
import { DEFAULT_MAX_HEAD_BYTES, MAX_HEADER_COUNT, MAX_INFORMATIONAL } from "./limits.js";

function parse(
  raw: string,
  method = "GET",
  parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES),
): ResponseHeadParser {
  const bytes = Buffer.from(raw, "latin1");
  parser.begin(method);
  assert.equal(
    parser.parse(bytes, 0, bytes.length),
    bytes.length,
    "the head should end where the input does",
  );
  return parser;
}

function rejection(raw: string, method = "GET", max = DEFAULT_MAX_HEAD_BYTES): ProtocolError {
  const bytes = Buffer.from(raw, "latin1");
  const parser = new ResponseHeadParser(max);
  parser.begin(method);
  try {
    let at = 0;
    while (at >= 0 && at < bytes.length) at = parser.parse(bytes, at, bytes.length);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: `accepted: ${JSON.stringify(raw.slice(0, 100))}` });
}

const OK = "HTTP/1.1 200 OK\r\n";

describe("ResponseHeadParser: what it reads", () => {
  test("parse: keeps the head as one latin1 block with the offset of its first field", () => {
    const parser = parse(`${OK}A: b\r\nX-Name: \xe9\r\n\r\n`);
    assert.equal(parser.block, `${OK}A: b\r\nX-Name: \xe9\r\n`);
    assert.equal(parser.block.slice(parser.headersStart), "A: b\r\nX-Name: \xe9\r\n");
    assert.equal(parser.headBytes, parser.block.length + 2);
  });

  const statusLines: [line: string, status: number, minor: 0 | 1, text: string][] = [
    ["HTTP/1.1 200 OK", 200, 1, "OK"],
    ["HTTP/1.0 404 Not Found", 404, 0, "Not Found"],
    ["HTTP/1.1 200 ", 200, 1, ""],
    ["HTTP/1.1 200", 200, 1, ""],
    ["HTTP/1.1 200  two  spaces ", 200, 1, " two  spaces "],
    ["HTTP/1.1 599 \xdcnicode\t!", 599, 1, "\xdcnicode\t!"],
    ["HTTP/1.1 999 Request denied", 999, 1, "Request denied"],
  ];
  for (const [line, status, minor, text] of statusLines) {
    test(`parse: accepts the status line ${JSON.stringify(line)}`, () => {
      const parser = parse(`${line}\r\n\r\n`);
      assert.deepEqual([parser.status, parser.minorVersion, parser.statusText], [status, minor, text]);
      assert.equal(parser.headersStart, parser.block.length);
    });
  }

  test("parse: accepts an empty value and every token byte in a name", () => {
    const parser = parse(`${OK}!#$%&'*+-.^_\`|~09azAZ:\r\nB:\t x \t\r\n\r\n`);
    assert.equal(parser.block.slice(parser.headersStart).split("\r\n").length - 1, 2);
  });

  test("parse: forgets the last response's fields when the next one lacks them", () => {
    const parser = parse(
      `${OK}Content-Length: 5\r\nConnection: close, upgrade\r\nKeep-Alive: timeout=3, max=9\r\n\r\n`,
    );
    parse(`${OK}\r\n`, "GET", parser);
    assert.deepEqual(
      [parser.contentLength, parser.saidClose, parser.keepAlive, parser.keepAliveTimeout],
      [-1, false, true, -1],
    );
    assert.equal(parser.keepAliveMax, -1);
    assert.equal(parser.bodyKind, BODY_UNTIL_CLOSE);
    parse(`${OK}Transfer-Encoding: chunked\r\n\r\n`, "GET", parser);
    parse(`${OK}\r\n`, "GET", parser);
    assert.equal(parser.bodyKind, BODY_UNTIL_CLOSE);
  });

  test("parse: leaves the bytes after the head to the caller", () => {
    const bytes = Buffer.from(`??${OK}Content-Length: 3\r\n\r\nabc`, "latin1");
    const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
    parser.begin("GET");
    assert.equal(parser.parse(bytes, 2, bytes.length), bytes.length - 3);
  });

  test("parse: a part of the final head behind an informational one in one read is taken from the right bytes", () => {
    const early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    const final = `${OK}Content-Length: 5\r\n\r\n`;
    for (let part = 1; part < final.length; part += 1) {
      const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
      parser.begin("GET");
      const first = Buffer.from(early + final.slice(0, part), "latin1");
      assert.equal(parser.parse(first, 0, first.length), early.length);
      assert.equal(parser.parse(first, early.length, first.length), -1, `${part} bytes`);
      const rest = Buffer.from(`${final.slice(part)}hello`, "latin1");
      assert.equal(parser.parse(rest, 0, rest.length), rest.length - 5);
      assert.deepEqual([parser.status, parser.contentLength], [200, 5], `${part} bytes`);
    }
  });

  test("parse: a part of a status line behind an informational head that cannot become one is refused at once", () => {
    const early = "HTTP/1.1 103 Early Hints\r\n\r\n";
    for (const part of ["X", "HTTX", "HTTP/1.1 2x", "HTTP/1.1 0"]) {
      const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
      parser.begin("GET");
      const bytes = Buffer.from(early + part, "latin1");
      const after = parser.parse(bytes, 0, bytes.length);
      assert.throws(() => parser.parse(bytes, after, bytes.length), ProtocolError, part);
    }
  });

  test("parse: goes on with the final head after an informational one in the same buffer", () => {
    const bytes = Buffer.from(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}Content-Length: 0\r\n\r\n`);
    const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
    parser.begin("GET");
    const first = parser.parse(bytes, 0, bytes.length);
    assert.deepEqual([parser.status, parser.informational, parser.bodyKind], [103, true, BODY_NONE]);
    assert.equal(parser.parse(bytes, first, bytes.length), bytes.length);
    assert.deepEqual([parser.status, parser.informational, parser.bodyKind], [200, false, BODY_LENGTH]);
  });

  test("begin: drops what was left of a response that never completed", () => {
    const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
    parser.begin("GET");
    const half = Buffer.from("HTTP/1.1 500 Inter");
    assert.equal(parser.parse(half, 0, half.length), -1);
    parse(`${OK}\r\n`, "GET", parser);
    assert.equal(parser.status, 200);
  });
});

describe("ResponseHeadParser: where the body ends", () => {
  const cases: [what: string, method: string, raw: string, kind: BodyKind, length: number][] = [
    ["a Content-Length", "GET", `${OK}Content-Length: 42\r\n\r\n`, BODY_LENGTH, 42],
    ["a Content-Length of 0", "GET", `${OK}content-LENGTH:0\r\n\r\n`, BODY_LENGTH, 0],
    [
      "the largest Content-Length",
      "GET",
      `${OK}Content-Length: 9007199254740991\r\n\r\n`,
      BODY_LENGTH,
      2 ** 53 - 1,
    ],
    ["leading zeros", "GET", `${OK}Content-Length: 030\r\n\r\n`, BODY_LENGTH, 30],
    ["a list of equal lengths", "GET", `${OK}Content-Length: 42, 42\r\n\r\n`, BODY_LENGTH, 42],
    [
      "equal lengths in two fields",
      "GET",
      `${OK}Content-Length: 42\r\nContent-Length: \t42 \r\n\r\n`,
      BODY_LENGTH,
      42,
    ],
    ["chunked", "GET", `${OK}Transfer-Encoding: chunked\r\n\r\n`, BODY_CHUNKED, -1],
    [
      "chunked in odd case and blanks",
      "GET",
      `${OK}TRANSFER-encoding:\t CHUNKED \t\r\n\r\n`,
      BODY_CHUNKED,
      -1,
    ],
    ["neither", "GET", `${OK}\r\n`, BODY_UNTIL_CLOSE, -1],
    ["HEAD with a length", "HEAD", `${OK}Content-Length: 42\r\n\r\n`, BODY_NONE, 42],
    ["HEAD with chunked", "HEAD", `${OK}Transfer-Encoding: chunked\r\n\r\n`, BODY_NONE, -1],
    ["HEAD with neither", "HEAD", `${OK}\r\n`, BODY_NONE, -1],
    ["204 with a length", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", BODY_NONE, 3],
    [
      "304 with chunked",
      "GET",
      "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
      BODY_NONE,
      -1,
    ],
    ["205, which may have a body", "GET", "HTTP/1.1 205 Reset\r\nContent-Length: 3\r\n\r\n", BODY_LENGTH, 3],
    ["1xx with chunked", "GET", "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n", BODY_NONE, -1],
    ["101 with a length", "GET", "HTTP/1.1 101 Go\r\nContent-Length: 4\r\nUpgrade: x\r\n\r\n", BODY_NONE, 4],
    [
      "CONNECT 200 with both",
      "CONNECT",
      `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      BODY_NONE,
      1,
    ],
    [
      "CONNECT 299 with both",
      "CONNECT",
      "HTTP/1.1 299 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      BODY_NONE,
      1,
    ],
    ["CONNECT 300 with a length", "CONNECT", "HTTP/1.1 300 No\r\nContent-Length: 9\r\n\r\n", BODY_LENGTH, 9],
    ["CONNECT 407 with a length", "CONNECT", "HTTP/1.1 407 No\r\nContent-Length: 9\r\n\r\n", BODY_LENGTH, 9],
    [
      "names one letter off",
      "GET",
      `${OK}Content-Lengtj: 1\r\nTransfer-Encodinh: x\r\n\r\n`,
      BODY_UNTIL_CLOSE,
      -1,
    ],
  ];
  for (const [what, method, raw, kind, length] of cases) {
    test(`bodyKind: is right for ${what}`, () => {
      const parser = parse(raw, method);
      assert.deepEqual([parser.bodyKind, parser.contentLength], [kind, length]);
    });
  }
});

describe("ResponseHeadParser: whether the connection lives on", () => {
  const cases: [head: string, keepAlive: boolean, saidClose: boolean][] = [
    [`${OK}\r\n`, true, false],
    ["HTTP/1.0 200 OK\r\n\r\n", false, false],
    ["HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n", true, false],
    ["HTTP/1.0 200 OK\r\nConnection: foo, keep-alive\r\n\r\n", true, false],
    [`${OK}Connection: close\r\n\r\n`, false, true],
    [`${OK}Connection:\tkeep-alive , CLOSE,\r\n\r\n`, false, true],
    [`${OK}Connection: keep-alive\r\nConnection: close\r\n\r\n`, false, true],
    [`${OK}Connection: closed\r\n\r\n`, true, false],
    [`${OK}Connection: \r\n\r\n`, true, false],
    [`${OK}Proxy-Connection: close\r\n\r\n`, true, false],
    ["HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\n\r\n", false, true],
  ];
  for (const [head, keepAlive, saidClose] of cases) {
    test(`keepAlive: is ${keepAlive} after ${JSON.stringify(head)}`, () => {
      const parser = parse(head);
      assert.deepEqual([parser.keepAlive, parser.saidClose], [keepAlive, saidClose]);
    });
  }

  test("informational: 101 is not, since no other head follows it", () => {
    assert.equal(parse("HTTP/1.1 101 Switching\r\nConnection: upgrade\r\n\r\n").informational, false);
  });

  const hints: [value: string, timeout: number, max: number][] = [
    ["timeout=5", 5, -1],
    ["timeout=5, max=100", 5, 100],
    ["max=100,TIMEOUT = 15", 15, 100],
    ["max=3", -1, 3],
    ["timeout=0", 0, -1],
    ["timeout", -1, -1],
    ["timeout=, max=", -1, -1],
    ["timeout=abc, max=7", -1, 7],
    ["timeout=-5", -1, -1],
    ["timeout=1.5", 1.5, -1],
    ["timeout=1;max=5", 1, 5],
    ["timeout=5s", 5, -1],
    ["timeout=5 sec, max=5", 5, 5],
    ["timeout=5000ms", 5, -1],
    ['timeout="5", max="100"', 5, 100],
    ['timeout="", max="', -1, -1],
    ["timeout=5m", -1, -1],
    ["timeout=5 6", -1, -1],
    ["timeout=+5", -1, -1],
    [`timeout=${" ".repeat(50)}5s`, 5, -1],
    [`timeout=5${" ".repeat(50)}s`, -1, -1],
    ["xtimeout=5", -1, -1],
    ["", -1, -1],
    [",,=,", -1, -1],
    ["timeout=99999999999999999999", 2_147_483_647, -1],
  ];
  for (const [value, timeout, max] of hints) {
    test(`keepAliveTimeout: understands ${JSON.stringify(value)}`, () => {
      const parser = parse(`${OK}Keep-Alive: ${value}\r\n\r\n`);
      assert.deepEqual([parser.keepAliveTimeout, parser.keepAliveMax], [timeout, max]);
    });
  }
});

describe("ResponseHeadParser: what it refuses", () => {
  const BAD_LINE = "ERR_TRUNKLINE_BAD_STATUS_LINE";
  const BAD_HEADER = "ERR_TRUNKLINE_BAD_HEADER";
  const LENGTH = "ERR_TRUNKLINE_CONTENT_LENGTH";
  const CODING = "ERR_TRUNKLINE_TRANSFER_ENCODING";
  const cases: [what: string, raw: string, code: string, message: RegExp][] = [
    ["HTTP/0.9", "<html>hello</html>", BAD_LINE, /"<html>hello<\/html>" does not start with HTTP/],
    ["a leading CRLF", `\r\n${OK}\r\n`, BAD_LINE, /"\\r\\nHTTP\/1\.1 200 OK/],
    ["HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", BAD_LINE, /version/],
    ["HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n", BAD_LINE, /version.*byte 7/],
    ["HTTP/1.10", "HTTP/1.10 200 OK\r\n\r\n", BAD_LINE, /byte 8/],
    ["lower-case http", "http/1.1 200 OK\r\n\r\n", BAD_LINE, /byte 0/],
    ["ICY", "ICY 200 OK\r\n\r\n", BAD_LINE, /"ICY 200 OK/],
    ["two spaces before the status", "HTTP/1.1  200 OK\r\n\r\n", BAD_LINE, /status/],
    ["a tab before the status", "HTTP/1.1\t200 OK\r\n\r\n", BAD_LINE, /byte 8/],
    ["two digits", "HTTP/1.1 20 OK\r\n\r\n", BAD_LINE, /three-digit status/],
    ["four digits", "HTTP/1.1 2000 OK\r\n\r\n", BAD_LINE, /byte 12/],
    ["a status below 100", "HTTP/1.1 099 OK\r\n\r\n", BAD_LINE, /byte 9/],
    ["a bare LF after the status", "HTTP/1.1 200\n\n", BAD_LINE, /byte 12/],
    ["a bare LF after the reason", "HTTP/1.1 200 OK\n\n", BAD_LINE, /bare LF/],
    ["a NUL in the reason", "HTTP/1.1 200 O\0K\r\n\r\n", BAD_LINE, /0x00/],
    ["a CR in the reason", "HTTP/1.1 200 O\rK\r\n\r\n", BAD_LINE, /CR without LF/],
    ["a bare LF after a value", `${OK}A: b\nC: d\r\n\r\n`, BAD_HEADER, /"A" ends in a bare LF/],
    ["a bare CR in a value", `${OK}A: b\rc\r\n\r\n`, BAD_HEADER, /"A" has a CR without LF at byte 21/],
    ["a bare LF as the empty line", `${OK}A: b\r\n\n`, BAD_HEADER, /bare LF/],
    [
      "a CR alone as the empty line",
      `${OK}A: b\r\n\rX`,
      BAD_HEADER,
      /The response's head has a CR without LF at byte 23/,
    ],
    ["a NUL in a value", `${OK}A: b\0c\r\n\r\n`, BAD_HEADER, /"A" contains the control byte 0x00 at byte 21/],
    ["a DEL in a value", `${OK}A: b\x7fc\r\n\r\n`, BAD_HEADER, /0x7f/],
    ["an escape in a value", `${OK}A: \x1b[0m\r\n\r\n`, BAD_HEADER, /0x1b/],
    ["obs-fold", `${OK}A: b\r\n c\r\n\r\n`, BAD_HEADER, /folded/],
    ["a blank before the first field", `${OK} A: b\r\n\r\n`, BAD_HEADER, /starts with whitespace/],
    [
      "a space before the colon",
      `${OK}Content-Length : 5\r\n\r\n`,
      BAD_HEADER,
      /"Content-Length" has whitespace/,
    ],
    ["a tab before the colon", `${OK}A\t: 5\r\n\r\n`, BAD_HEADER, /"A" has whitespace/],
    ["an empty name", `${OK}: b\r\n\r\n`, BAD_HEADER, /has no name/],
    ["no colon", `${OK}Abc\r\n\r\n`, BAD_HEADER, /"Abc" has no colon/],
    ["a name that is not a token", `${OK}A(b): c\r\n\r\n`, BAD_HEADER, /"A" is followed by "\("/],
    ["a non-ASCII name", `${OK}\xe9: c\r\n\r\n`, BAD_HEADER, /0xe9/],
    ["a NUL in a name", `${OK}A\0: c\r\n\r\n`, BAD_HEADER, /0x00/],
    ["differently spelled lengths", `${OK}Content-Length: 042, 42\r\n\r\n`, LENGTH, /"042, 42" at byte 33/],
    ["two lengths", `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, LENGTH, /seen before, 1/],
    [
      "two spellings in two fields",
      `${OK}Content-Length: 1\r\nContent-Length: 01\r\n\r\n`,
      LENGTH,
      /seen before/,
    ],
    ["a trailing comma", `${OK}Content-Length: 42,\r\n\r\n`, LENGTH, /empty list element/],
    ["a leading comma", `${OK}Content-Length: ,42\r\n\r\n`, LENGTH, /empty list element/],
    ["an empty length", `${OK}Content-Length: \r\n\r\n`, LENGTH, /is empty/],
    [
      "an empty length after a good one",
      `${OK}Content-Length: 1\r\nContent-Length:\r\n\r\n`,
      LENGTH,
      /is empty/,
    ],
    ["a plus sign", `${OK}Content-Length: +42\r\n\r\n`, LENGTH, /not a decimal number/],
    ["a minus sign", `${OK}Content-Length: -42\r\n\r\n`, LENGTH, /not a decimal number/],
    ["hexadecimal", `${OK}Content-Length: 0x20\r\n\r\n`, LENGTH, /not a decimal number/],
    ["a split number", `${OK}Content-Length: 4 2\r\n\r\n`, LENGTH, /not a decimal number/],
    ["2^53", `${OK}Content-Length: 9007199254740992\r\n\r\n`, LENGTH, /2\^53-1/],
    ["40 digits", `${OK}Content-Length: ${"9".repeat(40)}\r\n\r\n`, LENGTH, /2\^53-1/],
    ["a bad length in a 304", "HTTP/1.1 304 X\r\nContent-Length: x\r\n\r\n", LENGTH, /"x"/],
    ["gzip, chunked", `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`, CODING, /"gzip, chunked"/],
    ["chunked, gzip", `${OK}Transfer-Encoding: chunked, gzip\r\n\r\n`, CODING, /"chunked, gzip"/],
    ["identity", `${OK}Transfer-Encoding: identity\r\n\r\n`, CODING, /"identity"/],
    [
      "chunked twice",
      `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
      CODING,
      /another/,
    ],
    [
      "identity after chunked",
      `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n`,
      CODING,
      /another/,
    ],
    ["an empty coding", `${OK}Transfer-Encoding: \r\n\r\n`, CODING, /""/],
    ["a parameter", `${OK}Transfer-Encoding: chunked;q=1\r\n\r\n`, CODING, /chunked;q=1/],
    [
      "both framings, of no bytes",
      `${OK}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n`,
      CODING,
      /both/,
    ],
    ["both framings", `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`, CODING, /both/],
    [
      "both framings the other way",
      `${OK}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n`,
      CODING,
      /both/,
    ],
    ["a coding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", CODING, /1\.0/],
    ["a TLS alert", "\x15\x03\x01\x00\x02\x02\x46", "ERR_TRUNKLINE_TLS_ON_PLAIN", /https:\/\//],
    ["a TLS handshake", "\x16\x03\x03\x00\x7a\x02", "ERR_TRUNKLINE_TLS_ON_PLAIN", /speaks TLS on this port/],
    ["what only looks like TLS", "\x15\x04\x01", BAD_LINE, /"\\x15\\x04\\x01"/],
  ];
  for (const [what, raw, code, message] of cases) {
    test(`parse: refuses ${what}`, () => {
      const error = rejection(raw);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.equal(error.limit, false);
    });

    test(`parse: refuses ${what} the same way byte by byte`, () => {
      const whole = rejection(raw);
      const bytes = Buffer.from(raw, "latin1");
      const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
      parser.begin("GET");
      assert.throws(
        () => {
          for (let i = 0; i < bytes.length; i++) parser.parse(bytes, i, i + 1);
        },
        { code: whole.code },
      );
    });
  }

  test("parse: never shows a value in a message, as it may be a cookie", () => {
    const error = rejection(`${OK}Set-Cookie: session=SECRET\0SECRET\r\n\r\n`);
    assert.match(error.message, /Set-Cookie/);
    assert.doesNotMatch(error.message, /SECRET/);
  });

  test("parse: shows at most 40 characters of what it did not understand", () => {
    const error = rejection("x".repeat(500));
    assert.match(error.message, /"x{40}…"/);
  });
});

describe("ResponseHeadParser: limits", () => {
  const filler = (size: number) => `${OK}A: ${"b".repeat(size - OK.length - 7)}\r\n\r\n`;

  test("parse: takes a head of exactly maxHeadBytes and refuses one more", () => {
    const parser = new ResponseHeadParser(200);
    assert.equal(parse(filler(200), "GET", parser).headBytes, 200);
    const error = rejection(filler(201), "GET", 200);
    assert.deepEqual([error.code, error.limit], ["ERR_TRUNKLINE_HEADERS_TOO_LARGE", true]);
    assert.match(error.message, /200 bytes.*maxHeaderBytes/);
  });

  test("parse: refuses as many bytes as there may be where they are not the whole head", () => {
    const bytes = Buffer.from(filler(201));
    const parser = new ResponseHeadParser(200);
    assert.equal(parser.parse(bytes, 0, 199), -1);
    assert.throws(() => parser.parse(bytes, 199, 200), { code: "ERR_TRUNKLINE_HEADERS_TOO_LARGE" });
    parser.begin("GET");
    assert.throws(() => parser.parse(bytes, 0, 200), { code: "ERR_TRUNKLINE_HEADERS_TOO_LARGE" });
  });

  test("parse: holds a dripped head to the same limit", () => {
    for (const [size, fits] of [
      [200, true],
      [201, false],
    ] as const) {
      const bytes = Buffer.from(filler(size));
      const parser = new ResponseHeadParser(200);
      parser.begin("GET");
      const drip = () => {
        let after = -1;
        for (let i = 0; i < bytes.length; i++) after = parser.parse(bytes, i, i + 1);
        return after;
      };
      if (fits) assert.equal(drip(), size);
      else assert.throws(drip, { code: "ERR_TRUNKLINE_HEADERS_TOO_LARGE" });
    }
  });

  test("parse: counts all heads of one response together", () => {
    const early = "HTTP/1.1 103 Early Hints\r\n\r\n";
    const bytes = Buffer.from(`${early}${filler(200 - early.length)}`);
    const parser = new ResponseHeadParser(200);
    parser.begin("GET");
    const first = parser.parse(bytes, 0, bytes.length);
    assert.equal(parser.parse(bytes, first, bytes.length), 200);
    assert.equal(
      rejection(`${early}${filler(201 - early.length)}`, "GET", 200).code,
      "ERR_TRUNKLINE_HEADERS_TOO_LARGE",
    );
    parser.begin("GET");
    assert.equal(parse(filler(200), "GET", parser).headBytes, 200, "begin starts a new allowance");
  });

  test("MAX_HEADER_COUNT: that many fields are taken, one more is refused", () => {
    assert.equal(parse(`${OK}${"a:\r\n".repeat(MAX_HEADER_COUNT)}\r\n`).status, 200);
    const error = rejection(`${OK}${"a:\r\n".repeat(MAX_HEADER_COUNT + 1)}\r\n`);
    assert.deepEqual([error.code, error.limit], ["ERR_TRUNKLINE_TOO_MANY_HEADERS", true]);
  });

  test("MAX_INFORMATIONAL: that many 1xx are taken, one more is refused", () => {
    const informational = "HTTP/1.1 102 Processing\r\n\r\n";
    const bytes = Buffer.from(`${informational.repeat(MAX_INFORMATIONAL)}${OK}\r\n`);
    const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
    let at = 0;
    while (at < bytes.length) at = parser.parse(bytes, at, bytes.length);
    assert.equal(parser.status, 200);
    assert.equal(MAX_INFORMATIONAL, 100);
    parser.begin("GET");
    for (at = 0; at < bytes.length; ) at = parser.parse(bytes, at, bytes.length);
    assert.equal(parser.status, 200, "begin starts to count anew");
    const error = rejection(`${informational.repeat(MAX_INFORMATIONAL + 1)}${OK}\r\n`);
    assert.deepEqual([error.code, error.limit], ["ERR_TRUNKLINE_TOO_MANY_INFORMATIONAL", true]);
  });
});
