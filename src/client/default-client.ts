import { type Call, Client } from "./client.js";
import type { Init } from "./options.js";

/** The client behind `get`, `post` and the other functions: all defaults, on `defaultTransport`. */
export const defaultClient: Client = new Client();

/** Sends a GET request: `defaultClient.get`. */
export function get(url: string | URL, init?: Init): Call {
  return defaultClient.get(url, init);
}

/** Sends a HEAD request: `defaultClient.head`. */
export function head(url: string | URL, init?: Init): Call {
  return defaultClient.head(url, init);
}

/** Sends a POST request: `defaultClient.post`. */
export function post(url: string | URL, init?: Init): Call {
  return defaultClient.post(url, init);
}

/** Sends a PUT request: `defaultClient.put`. */
export function put(url: string | URL, init?: Init): Call {
  return defaultClient.put(url, init);
}

/** Sends a PATCH request: `defaultClient.patch`. */
export function patch(url: string | URL, init?: Init): Call {
  return defaultClient.patch(url, init);
}

/** Sends a DELETE request: `defaultClient.delete`, under another name because `delete` is a keyword. */
export function del(url: string | URL, init?: Init): Call {
  return defaultClient.delete(url, init);
}
