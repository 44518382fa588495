import { NetworkError } from "./network-error.js";

/** Errors that show their caller already: one that several calls end with keeps the first one's frames. */
const shown = new WeakSet<object>();

/**
 * What a promise is resolved with to reject it, in place of calling its `reject`: `resolve(rejection(error))`. A network
 * error is made in a callback of a socket or a timer, where nothing of the caller is on the stack; this takes the stack
 * again where V8 can follow the promises to whoever awaits them. Only a failure costs that.
 */
export function rejection(error: unknown): Promise<never> {
  const fresh = error instanceof NetworkError && !shown.has(error);
  const rejected = fresh ? withCallerFrames(error) : Promise.reject(error);
  // A promise that is settled already takes no notice of it, and then nobody is to be told of it as unhandled. Not
  // sooner, as V8 follows a promise that has one reaction alone.
  if (fresh) void turns(8).then(() => rejected.catch(ignore));
  else rejected.catch(ignore);
  return rejected;
}

async function withCallerFrames(error: NetworkError): Promise<never> {
  shown.add(error);
  // The promise that is resolved with this one hangs itself on it a turn of the microtask queue from now, and only then
  // does the chain lead to the caller.
  await turns(1);
  Error.captureStackTrace(error, withCallerFrames);
  throw error;
}

/** Turns of the microtask queue. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await null;
}

function ignore(): void {}
