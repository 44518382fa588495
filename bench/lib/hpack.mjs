// HPACK for the raw HTTP/2 client: requests without a table, and as much of a decoder as the names of a response need.
const staticNames =
  ":authority :method :method :path :path :scheme :scheme :status :status :status :status :status :status :status " +
  "accept-charset accept-encoding accept-language accept-ranges accept access-control-allow-origin age allow " +
  "authorization cache-control content-disposition content-encoding content-language content-length " +
  "content-location content-range content-type cookie date etag expect expires from host if-match " +
  "if-modified-since if-none-match if-range if-unmodified-since last-modified link location max-forwards " +
  "proxy-authenticate proxy-authorization range referer refresh retry-after server set-cookie " +
  "strict-transport-security transfer-encoding user-agent vary via www-authenticate";
const fixed = staticNames.split(" ").map((name) => ({ name, size: 0 }));
const tableBytes = 4096;

/** `:status: 200` as a server that knows the static table says it. */
export const status200 = 0x88;
export const methodGet = "\x82";
export const methodPost = "\x83";
export const schemes = { "http:": "\x86", "https:": "\x87" };
const string = (text) => String.fromCharCode(text.length) + text;
/** A field whose name has an index below 15: 1 for `:authority`, 4 for `:path`. The value has less than 127 octets. */
export const literal = (index, value) => String.fromCharCode(index) + string(value);
export const namedLiteral = (name, value) => `\x00${string(name)}${string(value)}`;

/** The names of a response's fields. Values are not decoded: they stay in the octets, as nobody reads them. */
export class NameDecoder {
  #table = [];
  #size = 0;
  #limit = tableBytes;
  #at = 0;

  /** Calls `found` with the name of each field of the block. */
  decode(buffer, start, end, found) {
    this.#at = start;
    while (this.#at < end) {
      const first = buffer[this.#at];
      if (first >= 0x80) {
        found(this.#entry(this.#integer(buffer, 0x7f)).name);
      } else if (first >= 0x40 || first < 0x20) {
        const index = this.#integer(buffer, first >= 0x40 ? 0x3f : 0x0f);
        const name = index === 0 ? this.#name(buffer) : this.#entry(index).name;
        const length = this.#skipValue(buffer);
        if (first >= 0x40) this.#insert({ name, size: name.length + length + 32 });
        found(name);
      } else {
        this.#limit = this.#integer(buffer, 0x1f);
        this.#evict(this.#limit);
      }
    }
  }

  #entry(index) {
    const entry = index <= fixed.length ? fixed[index - 1] : this.#table[index - fixed.length - 1];
    if (entry === undefined) throw new Error(`the index ${index} is beyond the table`);
    return entry;
  }

  #insert(entry) {
    this.#evict(this.#limit - entry.size);
    this.#table.unshift(entry);
    this.#size += entry.size;
  }

  #evict(room) {
    while (this.#size > room && this.#table.length > 0) this.#size -= this.#table.pop().size;
  }

  #integer(buffer, mask) {
    let value = buffer[this.#at++] & mask;
    if (value < mask) return value;
    for (let factor = 1; ; factor *= 128) {
      const octet = buffer[this.#at++];
      value += (octet & 0x7f) * factor;
      if (octet < 0x80) return value;
    }
  }

  #name(buffer) {
    const coded = buffer[this.#at] >= 0x80;
    const length = this.#integer(buffer, 0x7f);
    const start = this.#at;
    this.#at += length;
    return coded ? huffman(buffer, start, this.#at) : buffer.latin1Slice(start, this.#at);
  }

  #skipValue(buffer) {
    const coded = buffer[this.#at] >= 0x80;
    const length = this.#integer(buffer, 0x7f);
    const start = this.#at;
    this.#at += length;
    return coded ? huffman(buffer, start, this.#at).length : length;
  }
}

/** The lengths of the codes in bits, of each octet and of the end, in base 36; the code is canonical (RFC 7541 B). */
const lengths = Array.from(
  "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad67777777777777777777777878djde6f565" +
    "65666577666567655677777fbedskmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmnqqkjmnmp" +
    "qqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu",
  (digit) => Number.parseInt(digit, 36),
);
let symbols;

/** By the code behind a 1 bit, so that codes of different lengths are different numbers. */
function symbolsByCode() {
  const order = [...lengths.keys()].sort((a, b) => lengths[a] - lengths[b] || a - b);
  const made = new Map();
  let code = 0;
  let bits = lengths[order[0]];
  for (const symbol of order) {
    code *= 2 ** (lengths[symbol] - bits);
    bits = lengths[symbol];
    made.set(2 ** bits + code, symbol);
    code += 1;
  }
  return made;
}

/** Bit by bit: strings are seldom, since what repeats is in the table. */
function huffman(buffer, start, end) {
  symbols ??= symbolsByCode();
  let text = "";
  let code = 1;
  for (let at = start; at < end; at += 1) {
    for (let bit = 7; bit >= 0; bit -= 1) {
      code = code * 2 + ((buffer[at] >> bit) & 1);
      const symbol = symbols.get(code);
      if (symbol === undefined) continue;
      text += String.fromCharCode(symbol);
      code = 1;
    }
  }
  return text;
}
