import type { Runtime } from "../runtime/index.js";

/** Waits, and keeps the process alive meanwhile; rejects with the signal's reason when it aborts. */
export function pause(
  runtime: Runtime,
  milliseconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const abort = (): void => {
      timer.clear();
      reject(signal?.reason);
    };
    const timer = runtime.setTimer(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
