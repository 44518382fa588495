/** A small deterministic generator, so that a failure can be had again from its seed. */
export type Random = (below: number) => number;

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Valid responses to start from when there are no corpora. */
const SEEDS: readonly Buffer[] = [
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: now\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\nContent-Length: 5\r\n\r\nhello",
  "HTTP/1.0 200\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 404 Not Found\r\nConnection: close\r\nX-A:\r\n\r\nuntil the end",
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b;c="d"\r\n world\r\n0\r\nDigest: x\r\n\r\n',
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok",
  'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 9\r\n\r\n',
  "HTTP/1.1 204 No Content\r\nKeep-Alive: timeout=5, max=100\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n\0\x01\x02",
].map((text) => Buffer.from(text, "latin1"));

/** What tends to matter to a parser: line ends, separators, framing words, numbers at their limits. */
const FRAGMENTS: readonly Buffer[] = [
  "\r",
  "\n",
  "\r\n",
  "\r\n\r\n",
  " ",
  "\t",
  "\0",
  "\x7f",
  "\xff",
  ":",
  ",",
  ";",
  "=",
  '"',
  "\\",
  "0",
  "1",
  "-",
  "+",
  "Content-Length: 5\r\n",
  "Content-Length: 05\r\n",
  "Content-Length:\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: gzip, chunked\r\n",
  "Connection: close\r\n",
  "Connection: upgrade\r\n",
  "\r\n folded",
  "HTTP/1.1 ",
  "HTTP/1.0 ",
  "HTTP/2.0 ",
  "ICE/1.1 ",
  "RTSP/1.1 ",
  "100",
  "101",
  "204",
  "304",
  "999",
  "9007199254740992",
  "ffffffffffffffff",
  "0\r\n\r\n",
  "5\r\nhello\r\n",
  ";x",
  ';x="y"',
  "5 ",
  "Set-Cookie: a=b\r\n",
].map((text) => Buffer.from(text, "latin1"));

/** One mutated response: a seed, perhaps crossed with another, with one to four small damages. */
export function makeCase(random: Random, more: readonly Buffer[]): Buffer {
  const pool = [...SEEDS, ...more];
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  let bytes = pick(pool);
  if (random(4) === 0) {
    const other = pick(pool);
    bytes = Buffer.concat([
      bytes.subarray(0, random(bytes.length + 1)),
      other.subarray(random(other.length + 1)),
    ]);
  }
  for (let damage = random(4); damage >= 0; damage--) bytes = damaged(bytes, random, pick);
  return bytes;
}

function damaged(bytes: Buffer, random: Random, pick: <T>(list: readonly T[]) => T): Buffer {
  const at = random(bytes.length + 1);
  const before = bytes.subarray(0, at);
  switch (random(5)) {
    case 0: {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] = random(256);
      return copy;
    }
    case 1:
      return Buffer.concat([before, pick(FRAGMENTS), bytes.subarray(at)]);
    case 2:
      return Buffer.concat([before, bytes.subarray(Math.min(bytes.length, at + 1 + random(4)))]);
    case 3: {
      const from = random(bytes.length + 1);
      return Buffer.concat([before, bytes.subarray(from, from + random(40)), bytes.subarray(at)]);
    }
    default:
      return Buffer.concat([
        before,
        pick(FRAGMENTS),
        bytes.subarray(Math.min(bytes.length, at + 1 + random(3))),
      ]);
  }
}

/** Cuts the bytes into one to five pieces. */
export function cut(bytes: Buffer, random: Random): Buffer[] {
  const stops = Array.from({ length: random(5) }, () => random(bytes.length + 1)).sort((a, b) => a - b);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const to of [...stops, bytes.length]) {
    if (to > from) pieces.push(bytes.subarray(from, to));
    from = to;
  }
  return pieces;
}
