import type { Transform, TransformOptions } from "node:stream";
import type * as Zlib from "node:zlib";
import { ownMembers } from "../../runtime/index.js";
import { ZstdFrames } from "./zstd-frames.js";

/** A stream of node:zlib; `bytesWritten` is what it has taken in. */
type Decoder = Transform & { readonly bytesWritten: number };

/** A content coding this client can undo. */
export interface Coding {
  readonly name: string;
  stream(first: Uint8Array): Decoder;
  /** Knows whether the coded bytes end where they may, where the decoder does not. */
  frames?(): { push(chunk: Uint8Array): void; readonly complete: boolean };
  /** All at once; throws `ERR_BUFFER_TOO_LARGE` when more than `most` bytes come out. */
  sync(bytes: Uint8Array, most: number): Buffer;
}

/** What Node has since 22.15, and the types of Node 20 have not. */
interface ZstdZlib {
  createZstdDecompress?: (options?: TransformOptions & { chunkSize?: number }) => Decoder;
  zstdDecompressSync?: (bytes: Uint8Array, options?: { maxOutputLength?: number }) => Buffer;
}

// Loaded when there is something to decode: a program that is sent nothing coded need not pay for it.
const zlib = (): typeof Zlib & ZstdZlib => process.getBuiltinModule("node:zlib");
const hasZstd = process.versions["zstd"] !== undefined;

/** Chunks of this size are handed on uncopied when they are full. */
const CHUNK = ownMembers({ chunkSize: 64 * 1024 });

const atMost = (maxOutputLength: number): { maxOutputLength: number } => ownMembers({ maxOutputLength });

const gzip: Coding = {
  name: "gzip",
  stream: () => zlib().createGunzip(CHUNK),
  sync: (bytes, most) => zlib().gunzipSync(bytes, atMost(most)),
};

/** "deflate" means the zlib format (RFC 9110 §8.4.1.2), and some servers send the bare one. */
const deflate: Coding = {
  name: "deflate",
  stream: (first) => (hasZlibHeader(first) ? zlib().createInflate(CHUNK) : zlib().createInflateRaw(CHUNK)),
  sync: (bytes, most) =>
    hasZlibHeader(bytes)
      ? zlib().inflateSync(bytes, atMost(most))
      : zlib().inflateRawSync(bytes, atMost(most)),
};

const br: Coding = {
  name: "br",
  stream: () => zlib().createBrotliDecompress(CHUNK),
  sync: (bytes, most) => zlib().brotliDecompressSync(bytes, atMost(most)),
};

const zstd: Coding = {
  name: "zstd",
  frames: () => new ZstdFrames(),
  stream: () => (zlib().createZstdDecompress as NonNullable<ZstdZlib["createZstdDecompress"]>)(CHUNK),
  sync: (bytes, most) =>
    (zlib().zstdDecompressSync as NonNullable<ZstdZlib["zstdDecompressSync"]>)(bytes, atMost(most)),
};

const CODINGS: ReadonlyMap<string, Coding> = new Map([
  ["gzip", gzip],
  ["x-gzip", gzip],
  ["deflate", deflate],
  ["br", br],
  ...(hasZstd ? [["zstd", zstd] as const] : []),
]);

/** What is asked for: every coding this Node can undo. */
export const ACCEPT_ENCODING: string = hasZstd ? "gzip, deflate, br, zstd" : "gzip, deflate, br";

/** The codings of a `Content-Encoding` field, the one to undo first first; a string names one that is unknown. */
export function codingsOf(field: string): Coding[] | string {
  const codings: Coding[] = [];
  for (const part of field.split(",")) {
    const name = part.trim().toLowerCase();
    if (name === "" || name === "identity") continue;
    const coding = CODINGS.get(name);
    if (coding === undefined) return name;
    codings.unshift(coding);
  }
  return codings;
}

function hasZlibHeader(bytes: Uint8Array): boolean {
  const [cmf = 0, flags] = bytes;
  if ((cmf & 0x0f) !== 8) return false;
  return flags === undefined || ((cmf << 8) | flags) % 31 === 0;
}
