import {
  createHeaders,
  derivedRequest,
  type Headers,
  type Request,
  requestParts,
} from "../../message/index.js";
import { originField } from "../fetch-origin.js";
import { refererOf } from "../referrer.js";

const CONDITIONS = ["if-modified-since", "if-none-match", "if-unmodified-since", "if-match", "if-range"];

/**
 * The request as fetch sends it: with the fields that its cache mode, its referrer and its origin ask for (Fetch §4.6
 * "HTTP-network-or-cache fetch"). It belongs to this call; the program's own stays as it is.
 */
export function withStandardFields(request: Request): Request {
  const { target, headers } = requestParts(request);
  const fields = cacheFields(request.cache, headers);
  const referer = refererOf(request, target);
  const { method, mode, referrerPolicy } = request;
  const origin = originField({ method, mode, referrerPolicy, hops: [target] });
  if (fields === undefined && referer === undefined && origin === undefined)
    return derivedRequest(request, {});
  const all = createHeaders(headers);
  if (referer !== undefined && !all.has("referer")) all.append("Referer", referer);
  if (origin !== undefined && !all.has("origin")) all.append("Origin", origin);
  for (const [name, value] of fields ?? []) if (!all.has(name)) all.append(name, value);
  return derivedRequest(request, { headers: all });
}

function cacheFields(cache: string, headers: Headers | undefined): [string, string][] | undefined {
  if (cache === "no-cache") return [["Cache-Control", "max-age=0"]];
  const bypasses =
    cache === "no-store" ||
    cache === "reload" ||
    (cache === "default" && headers !== undefined && CONDITIONS.some((name) => headers.has(name)));
  return bypasses
    ? [
        ["Pragma", "no-cache"],
        ["Cache-Control", "no-cache"],
      ]
    : undefined;
}
