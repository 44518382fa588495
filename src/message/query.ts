/** Parameters to add to a URL: an array repeats its name, `undefined` and `null` add nothing, a `Date` is in ISO form. */
export type QueryInit = Readonly<Record<string, unknown>> | URLSearchParams;

/**
 * The URL with `query` added after the parameters it has, which stay as they are written; the fragment stays last.
 * Names and values are encoded as in a form (a space is "+"), like Go's `url.Values`. A `URL` is not changed: a
 * new one is returned.
 *
 * @throws TypeError for a value that has no obvious text: an object, a function, a symbol, an invalid date.
 */
export function appendQuery(url: URL, query: QueryInit): URL;
export function appendQuery(url: string, query: QueryInit): string;
export function appendQuery(url: URL | string, query: QueryInit): URL | string {
  const added = encodeQuery(query);
  if (typeof url !== "string") {
    const result = new URL(url);
    if (added !== "") result.search = joined(result.search, added);
    return result;
  }
  if (added === "") return url;
  const hash = url.indexOf("#");
  const end = hash === -1 ? url.length : hash;
  const mark = url.indexOf("?");
  const start = mark === -1 || mark > end ? end : mark;
  return url.slice(0, start) + joined(url.slice(start, end), added) + url.slice(end);
}

/** `search` is "", or begins with "?". */
function joined(search: string, added: string): string {
  if (search === "" || search === "?") return `?${added}`;
  return search.endsWith("&") ? search + added : `${search}&${added}`;
}

function encodeQuery(query: QueryInit): string {
  if (query instanceof URLSearchParams) return query.toString();
  if (typeof query !== "object" || query === null || Array.isArray(query)) {
    throw new TypeError("The query option must be an object or URLSearchParams");
  }
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
      if (item !== undefined && item !== null) parameters.append(name, parameterText(name, item));
    }
  }
  return parameters.toString();
}

function parameterText(name: string, value: unknown): string {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    case "object":
      if (value instanceof Date) return dateText(name, value);
      // Objects that are text (URL, String) have a toString of their own.
      if (value !== null && !Array.isArray(value)) {
        const ownText: unknown = (value as { readonly toString?: unknown }).toString;
        if (typeof ownText === "function" && ownText !== Object.prototype.toString) return String(value);
      }
      break;
    default:
      break;
  }
  const type = Array.isArray(value) ? "nested array" : typeof value;
  throw new TypeError(
    `The query parameter "${name}" is ${/^[aou]/.test(type) ? "an" : "a"} ${type}, which cannot be written as text: use a string, number, boolean, Date or an array of them`,
  );
}

function dateText(name: string, date: Date): string {
  if (Number.isNaN(date.getTime())) throw new TypeError(`The query parameter "${name}" is an invalid Date`);
  return date.toISOString();
}
