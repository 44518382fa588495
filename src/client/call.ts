import type { Response } from "../message/index.js";

/**
 * What a verb method returns: a promise of the response that also has the response's body methods, so that one
 * `await` is enough: `await client.get(url).json()`.
 */
export class Call extends Promise<Response> {
  /** The body as text. */
  text(): Promise<string> {
    return this.then((response) => response.text());
  }

  /** The body parsed as JSON. */
  json<T = unknown>(): Promise<T> {
    return this.then((response) => response.json<T>());
  }

  /** The body's bytes. */
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.then((response) => response.bytes());
  }

  /** The body's bytes in a buffer of their own. */
  arrayBuffer(): Promise<ArrayBuffer> {
    return this.then((response) => response.arrayBuffer());
  }

  /** The body with its media type. */
  blob(): Promise<Blob> {
    return this.then((response) => response.blob());
  }

  /** The body parsed as a form. */
  formData(): Promise<FormData> {
    return this.then((response) => response.formData());
  }
}

// `await` takes a promise as it is only when its `constructor` is `Promise`; for any other it makes a second one
// and waits three more turns of the microtask queue. What `then` returns is a plain promise too.
Object.defineProperty(Call.prototype, "constructor", { value: Promise, configurable: true, writable: true });
