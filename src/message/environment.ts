/** Under this name Node's fetch keeps the URL that a program gave itself (undici's `setGlobalOrigin`). */
const GLOBAL_ORIGIN: unique symbol = Symbol.for("undici.globalOrigin.1");

/**
 * The URL that the program says it runs at, as a page has one: the base of relative URLs, what `"about:client"` refers
 * to, and the `Origin` of its requests (HTML "environment settings object"). `undefined` on nearly every server.
 */
export function environmentURL(): URL | undefined {
  const url: unknown = (globalThis as { readonly [GLOBAL_ORIGIN]?: unknown })[GLOBAL_ORIGIN];
  return url instanceof URL ? url : undefined;
}
