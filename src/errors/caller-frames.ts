import { NetworkError } from "./network-error.js";

/** Errors that show their caller already: one that several calls end with keeps the first one's frames. */
const shown = new WeakSet<object>();

/**
 * What a promise is resolved with to reject it, in place of calling its `reject`: `resolve(rejection(error))`. A network
 * error is made in a callback of a socket or a timer, where nothing of the caller is on the stack; this takes the stack
 * again where V8 can follow the promises to whoever awaits them. Only a failure costs that. `isOwn`: whether it was made
 * in such a callback; other errors keep their stack.
 */
export function rejection(error: unknown, isOwn: boolean = isNetworkError(error)): Promise<never> {
  const fresh = isOwn && error instanceof Error && !shown.has(error);
  const rejected = fresh ? withCallerFrames(error) : Promise.reject(error);
  // A settled promise takes no notice of it, and then it must not be reported as unhandled. Not sooner, because V8
  // follows a promise only while it has a single reaction.
  if (fresh) void turns(8).then(() => rejected.catch(ignore));
  else rejected.catch(ignore);
  return rejected;
}

/** The same for what was awaited in functions of our own, which the caller's lines lie behind. */
export function tellCaller<T>(
  running: Promise<T>,
  isOwn: (error: unknown) => boolean = isNetworkError,
): Promise<T> {
  return running.catch((error: unknown) => rejection(error, isOwn(error)));
}

function isNetworkError(error: unknown): boolean {
  return error instanceof NetworkError;
}

async function withCallerFrames(error: Error): Promise<never> {
  shown.add(error);
  // The promise that is resolved with this one hangs itself on it a turn of the microtask queue from now, and only then
  // does the chain lead to the caller.
  await turns(1);
  Error.captureStackTrace(error, withCallerFrames);
  throw error;
}

/**
 * Adds the lines of who called `called` to what it refuses, where the functions in between have used up the ten lines
 * that a stack has.
 */
export function showCaller(error: unknown, called: CallableFunction): void {
  if (!(error instanceof TypeError || error instanceof RangeError)) return;
  const { stack } = error;
  const here: { stack?: unknown } = {};
  Error.captureStackTrace(here, called as (...args: unknown[]) => unknown);
  if (typeof stack !== "string" || typeof here.stack !== "string") return; // a formatter of the program's
  const lines = here.stack.split("\n").slice(1);
  error.stack = [stack, ...lines.filter((line) => !stack.includes(line))].join("\n");
}

/** Turns of the microtask queue. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await null;
}

function ignore(): void {}
