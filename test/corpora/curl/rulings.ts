const URLS = "URLs are WHATWG URLs: a host whose last label is a number must be an IPv4 address";
const CODINGS = "a transfer coding other than a single final chunked is an error that names the coding";
const FRAMING = "how a message is framed follows from its body; such a field cannot be set by hand";
const LINES = "a bare line feed in a chunk line is an error";

/** Cases in which Trunkline is to end otherwise than curl, and the ruling that decides it. */
export const RULED: Readonly<Record<string, string>> = {
  test218: FRAMING,
  test328: "a content coding that is not known is an error that names it, and `none` is no coding",
  test770: "a list of lengths is accepted only when all are spelled the same",
  test1090: LINES,
  test1116: LINES,
  test1122: CODINGS,
  test1124: CODINGS,
  test1142: "URLs are WHATWG URLs: any number of slashes may follow the scheme",
  test1150: URLS,
  test1170: CODINGS,
  test1180: "a field about the connection cannot be set by hand but for `Connection: close`",
  test1214: URLS,
  test1232: URLS,
  test1246: URLS,
  test1482: CODINGS,
  test1546: CODINGS,
};
