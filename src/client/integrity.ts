import {
  BodyReader,
  type Request,
  type Response,
  replaceResponseBody,
  responseBody,
} from "../message/index.js";
import { callError } from "./call-error.js";

/** From the weakest to the strongest: of several, only those of the strongest kind count. */
const KINDS = ["sha256", "sha384", "sha512"];

interface Digest {
  readonly kind: string;
  readonly value: string;
}

/**
 * The response, once its whole body has one of the digests that the request's `integrity` names (Subresource Integrity
 * §3.3). If it names no digest of a known kind, it sets no condition.
 *
 * @throws NetworkError `ERR_TRUNKLINE_INTEGRITY` when the body is another.
 */
export async function verified(request: Request, response: Response): Promise<Response> {
  const wanted = digestsOf(request.integrity);
  const [first] = wanted;
  if (first === undefined) return response;
  const body = responseBody(response);
  if (body === null) throw mismatch(request, "there is no body");
  const bytes = await body.collect();
  const { createHash } = process.getBuiltinModule("node:crypto");
  const actual = createHash(first.kind).update(bytes).digest("base64");
  if (!wanted.some(({ value }) => same(value, actual)))
    throw mismatch(request, `its hash is ${first.kind}-${actual}`);
  const whole = BodyReader.whole(bytes, 0, bytes.length);
  whole.signal = body.signal;
  replaceResponseBody(response, whole);
  return response;
}

function digestsOf(integrity: string): Digest[] {
  const all: Digest[] = [];
  for (const item of integrity.split(/[\t\n\f\r ]+/)) {
    const match = /^(sha256|sha384|sha512)-([A-Za-z0-9+/_-]+={0,2})(?:\?.*)?$/i.exec(item);
    if (match !== null) all.push({ kind: (match[1] as string).toLowerCase(), value: match[2] as string });
  }
  const strongest = Math.max(...all.map(({ kind }) => KINDS.indexOf(kind)));
  return all.filter(({ kind }) => KINDS.indexOf(kind) === strongest);
}

/** Base64 and its spelling for URLs are one value. */
function same(given: string, actual: string): boolean {
  const plain = (text: string): string => text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  return plain(given) === plain(actual);
}

function mismatch(request: Request, what: string): Error {
  return callError(
    request,
    "ERR_TRUNKLINE_INTEGRITY",
    `the response body does not match integrity: ${what}`,
    "body",
  );
}
