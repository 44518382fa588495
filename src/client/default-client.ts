import { type Call, Client } from "./client.js";
import type { Init } from "./options.js";

/** The client behind the functions below: no base URL, no time limit, `defaultTransport`. */
export const defaultClient: Client = new Client();

/** `defaultClient.get`: GET. */
export function get(url: string | URL, init?: Init): Call {
  return defaultClient.get(url, init);
}

/** `defaultClient.head`: HEAD. */
export function head(url: string | URL, init?: Init): Call {
  return defaultClient.head(url, init);
}

/** `defaultClient.post`: POST. */
export function post(url: string | URL, init?: Init): Call {
  return defaultClient.post(url, init);
}

/** `defaultClient.put`: PUT. */
export function put(url: string | URL, init?: Init): Call {
  return defaultClient.put(url, init);
}

/** `defaultClient.patch`: PATCH. */
export function patch(url: string | URL, init?: Init): Call {
  return defaultClient.patch(url, init);
}

/** DELETE; `delete` is a word of the language. */
export function del(url: string | URL, init?: Init): Call {
  return defaultClient.delete(url, init);
}
