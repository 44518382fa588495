import { parseMimeType, serializeMimeType } from "../../message/index.js";

/** What a data: URL holds (Fetch §6 "data: URL processor"). */
interface DataURL {
  readonly type: string;
  readonly bytes: Uint8Array;
}

const DEFAULT_TYPE = "text/plain;charset=US-ASCII";

/** The type and the bytes of a data: URL without its fragment; `undefined` when it is not a valid one. */
export function parseDataURL(url: string): DataURL | undefined {
  const comma = url.indexOf(",");
  if (comma === -1) return undefined;
  let type = url.slice("data:".length, comma).replace(/^[\t\n\f\r ]+|(?<![\t\n\f\r ])[\t\n\f\r ]+$/g, "");
  let bytes: Uint8Array | undefined = percentDecoded(url.slice(comma + 1));
  const coded = /; *base64$/i.exec(type);
  if (coded !== null) {
    bytes = forgivingBase64(Buffer.from(bytes).toString("latin1"));
    if (bytes === undefined) return undefined;
    type = type.slice(0, coded.index);
  }
  const parsed = parseMimeType(type.startsWith(";") ? `text/plain${type}` : type);
  return { type: parsed === undefined ? DEFAULT_TYPE : serializeMimeType(parsed), bytes };
}

function percentDecoded(text: string): Uint8Array {
  const input = Buffer.from(text, "utf8");
  const output = Buffer.allocUnsafeSlow(input.length);
  let length = 0;
  for (let at = 0; at < input.length; at++) {
    const byte = input[at] as number;
    const value = byte === 0x25 ? Number.parseInt(hexPair(input, at + 1), 16) : Number.NaN;
    if (Number.isNaN(value)) {
      output[length++] = byte;
    } else {
      output[length++] = value;
      at += 2;
    }
  }
  return output.subarray(0, length);
}

function hexPair(input: Buffer, at: number): string {
  const pair = input.toString("latin1", at, at + 2);
  return /^[0-9a-f]{2}$/i.test(pair) ? pair : "";
}

/** Forgiving-base64 decode (Infra §7): white space is dropped, padding may be left out, nothing else is forgiven. */
function forgivingBase64(text: string): Uint8Array | undefined {
  let data = text.replace(/[\t\n\f\r ]+/g, "");
  if (data.length % 4 === 0) data = data.replace(/={1,2}$/, "");
  if (data.length % 4 === 1 || !/^[A-Za-z0-9+/]*$/.test(data)) return undefined;
  return Buffer.from(data, "base64");
}
