import {
  BodyReader,
  pulledBody,
  type Request,
  type Response,
  replaceResponseBody,
  responseBody,
  responseHeader,
} from "../../message/index.js";
import { ownMembers } from "../../runtime/index.js";
import { callError } from "../call-error.js";
import { checkMembers } from "../known-members.js";
import { type Coding, codingsOf } from "./codings.js";
import { ERR_DECODE } from "./decode-error.js";
import type { DecodeLimits } from "./decode-limits.js";
import { DecodedChunks } from "./decoded-chunks.js";

/** Limits on decoded bodies. Exceeding one is a `NetworkError` with code `ERR_TRUNKLINE_DECODED_SIZE`. */
export interface DecompressOptions {
  /** The most bytes after decoding; default 128 MiB. */
  maxBytes?: number;
  /** The most decoded bytes for each received one, past 1 MiB; default 1,100, which gzip cannot exceed; past 32 MiB 500. */
  maxRatio?: number;
}

const DEFAULT_MAX_BYTES = 128 * 1024 * 1024;
/** What gzip cannot exceed: 1,032 bytes out of one, and its head. */
const DEFAULT_MAX_RATIO = 1_100;
/** What large bodies of rows that repeat do not reach, and one byte over and over does in any coding. */
const DEFAULT_MAX_LARGE_RATIO = 500;

/** The option `decompress`, read; undefined for `false`. @throws TypeError, RangeError for what makes no sense. */
export function decodeLimits(
  given: boolean | DecompressOptions | undefined,
  most: (name: string, value: number, kind: string) => number,
): DecodeLimits | undefined {
  if (given === false) return undefined;
  const members = given === undefined || given === true ? {} : given;
  if (typeof members !== "object" || members === null) {
    throw new TypeError(
      `Cannot use ${String(given)} for decompress: it must be true, false or { maxBytes, maxRatio }`,
    );
  }
  const options = ownMembers(members);
  checkMembers("decompress", options, ["maxBytes", "maxRatio"]);
  const maxRatio =
    options.maxRatio === undefined ? undefined : most("decompress.maxRatio", options.maxRatio, "a number");
  return {
    maxBytes: most("decompress.maxBytes", options.maxBytes ?? DEFAULT_MAX_BYTES, "a number of bytes"),
    maxRatio: maxRatio ?? DEFAULT_MAX_RATIO,
    maxLargeRatio: maxRatio ?? DEFAULT_MAX_LARGE_RATIO,
    passUnknown: false,
  };
}

/** More codings than anybody means well with. */
const MAX_CODINGS = 5;

/**
 * Puts a decoding body in the place of a coded one. The headers stay as they came (WHATWG Fetch). A response without
 * `Content-Encoding`, or with a part of a body (206), stays as it is.
 */
export function decodeResponse(response: Response, request: Request, limits: DecodeLimits): void {
  const field = responseHeader(response, "content-encoding");
  if (field === null || response.status === 206) return;
  const codings = codingsOf(field);
  if (typeof codings === "string" ? limits.passUnknown : codings.length === 0) return;
  const raw = responseBody(response);
  if (raw === null) return;
  // Servers announce a coding for an empty body too; there is nothing to undo.
  if (raw.complete && raw.received === 0) return;
  replaceResponseBody(response, decoded(raw, codings, request, limits));
}

function decoded(
  raw: BodyReader,
  codings: Coding[] | string,
  request: Request,
  limits: DecodeLimits,
): BodyReader {
  if (typeof codings === "string") {
    return refused(
      raw,
      request,
      `the body has the coding ${JSON.stringify(codings.slice(0, 40))}, which is not supported`,
    );
  }
  if (codings.length > MAX_CODINGS) {
    return refused(
      raw,
      request,
      `the body has ${codings.length} nested codings; the maximum is ${MAX_CODINGS}`,
    );
  }
  return pulledBody(new DecodedChunks(raw, codings, limits, request));
}

function refused(raw: BodyReader, request: Request, what: string): BodyReader {
  const reader = new BodyReader(undefined, -1);
  reader.fail(callError(request, ERR_DECODE, `${what}; set decompress: false to get it undecoded`, "body"));
  void raw.cancel(undefined);
  return reader;
}
