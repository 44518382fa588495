/** The code an error bears, of Node, OpenSSL or a client library; "" where it has none. */
export function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

/** The code of an error, else its name; `undefined` for what has neither. */
export function codeOrName(error: unknown): string | undefined {
  const code = codeOf(error);
  if (code !== "") return code;
  if (typeof error !== "object" || error === null || !("name" in error)) return undefined;
  return typeof error.name === "string" ? error.name : undefined;
}
