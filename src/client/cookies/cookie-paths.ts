/**
 * Paths of cookies. A server may write the path of its cookie as the URL has it, or decoded; both are the same path, so
 * a cookie's path is compared as a URL would have it, with the URL's as it is and without its needless encodings. That
 * "%6F" in the cookie's own path stays is what the http-state cases want, and browsers do.
 */

/** What a URL's path holds only as a percent-encoding. */
const ENCODED_IN_URLS = /[^\x21\x24-\x3b\x3d\x40-\x5f\x61-\x7a\x7c\x7e]/gu;

/** The path as a URL has it. */
export function canonicalPath(path: string): string {
  return path.replace(ENCODED_IN_URLS, encoded);
}

function encoded(char: string): string {
  const code = char.codePointAt(0) as number;
  // Fields are bytes, read as latin1; what lies beyond comes from a program.
  const bytes = Buffer.from(char, code <= 0xff ? "latin1" : "utf8");
  let out = "";
  for (const byte of bytes) out += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  return out;
}

const UNRESERVED = /^[A-Za-z0-9\-._~]$/;

/** The path of a URL without the encodings that it need not have. "%2F" is not a slash. */
export function plainPath(pathname: string): string {
  if (!pathname.includes("%")) return pathname;
  return pathname.replace(/%[0-9a-fA-F]{2}/g, (encoding) => {
    const char = String.fromCharCode(Number.parseInt(encoding.slice(1), 16));
    return UNRESERVED.test(char) ? char : encoding;
  });
}

/** The path of a cookie that names none (RFC 6265 §5.1.4). */
export function defaultPath(pathname: string): string {
  const slash = pathname.lastIndexOf("/");
  return slash <= 0 ? "/" : pathname.slice(0, slash);
}

/** Whether a cookie with the path `own`, as {@link canonicalPath} has it, goes with a request for `path`. */
export function coversPath(own: string, path: string): boolean {
  if (!path.startsWith(own)) return false;
  return path.length === own.length || own.endsWith("/") || path[own.length] === "/";
}
