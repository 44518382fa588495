/** A member of undici's objects by the description of its symbol: the same from version 5 to 8. */
export function inside(object: unknown, description: string): unknown {
  if (typeof object !== "object" || object === null) return undefined;
  for (
    let holder: object | null = object;
    holder !== null;
    holder = Object.getPrototypeOf(holder) as object | null
  ) {
    for (const symbol of Object.getOwnPropertySymbols(holder)) {
      if (symbol.description === description) return (object as Record<symbol, unknown>)[symbol];
    }
    if (holder !== object) break;
  }
  return undefined;
}

/** A request of undici as its channels give it. */
export interface UndiciRequest {
  readonly origin?: unknown;
  readonly method?: string;
  readonly reset?: boolean | null;
  readonly upgrade?: unknown;
  readonly constructor: object;
}

/** A field of a response head in the forms that undici has: pairs of buffers in a row, or an object. */
export function field(headers: unknown, name: string): string | undefined {
  if (Array.isArray(headers)) {
    for (let index = 0; index + 1 < headers.length; index += 2) {
      if (text(headers[index]).toLowerCase() === name) return text(headers[index + 1]);
    }
    return undefined;
  }
  if (typeof headers !== "object" || headers === null) return undefined;
  const value = (headers as Record<string, unknown>)[name];
  return value === undefined ? undefined : String(value);
}

function text(part: unknown): string {
  return Buffer.isBuffer(part) ? part.toString("latin1") : String(part);
}
